public import SeptumIR
public import SeptumTensor

extension Op {
    /// The strings that are no stop words, in capital or small letters on request; one empty string when none is left.
    ///
    /// Letters change one by one, whatever the locale: those without a single counterpart, such as ß, stay.
    ///
    /// - Shape: `(n)` or `(1, n)` -> the same with the number of strings left.
    /// - Element types: string.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#StringNormalizer,
    /// https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/nn/string_normalizer.cc
    public struct StringNormalizer: Operator {
        public static let name = "StringNormalizer"
        public static let inputCount = 1...1

        public enum CaseChange: String, CaseIterable, Sendable {
            case none = "NONE"
            case lower = "LOWER"
            case upper = "UPPER"
        }

        public var change: CaseChange
        /// Whether stop words are told apart by the case of their letters.
        public var isCaseSensitive: Bool
        public var stopWords: [String]
        /// Kept, but not looked at.
        public var locale: String?

        public init(
            _ change: CaseChange = .none, isCaseSensitive: Bool = false, stopWords: [String] = [], locale: String? = nil
        ) {
            self.change = change
            self.isCaseSensitive = isCaseSensitive
            self.stopWords = stopWords
            self.locale = locale
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            change = try attributes.choice("case_change_action") ?? .none
            isCaseSensitive = try attributes.bool("is_case_sensitive") ?? false
            stopWords = try attributes.strings("stopwords") ?? []
            locale = try attributes.string("locale")
        }

        public var attributes: Attributes {
            [
                ("case_change_action", .string(change.rawValue)), ("is_case_sensitive", .int(isCaseSensitive ? 1 : 0)),
                ("stopwords", .strings(stopWords)),
            ] + (locale.map { [("locale", .string($0))] } ?? [])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            guard let shape = try inputs.tensor(0, of: [.string]).shape else { return [Fact(.string, nil)] }
            guard shape.count == 1 || shape.count == 2 && !shape[0].isProvablyDifferent(from: 1) else {
                throw ModelError(.invalidModel, "found strings of shape \(shape), expected (n) or (1, n)")
            }
            return [Fact(.string, shape.count == 1 ? [.unknown] : [1, .unknown])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let stopped = Set(stopWords.map(key))
            var words = x.strings
            if !stopped.isEmpty { words.removeAll { stopped.contains(key($0)) } }
            words = words.isEmpty ? [""] : words.map { $0.changingCase(change) }
            return [.tensor(try Tensor(x.shape.count == 1 ? [words.count] : [1, words.count], strings: words))]
        }

        /// What two words share that are the same for this operator.
        private func key(_ word: String) -> [UInt8] {
            let folded = isCaseSensitive ? word : word.changingCase(change == .upper ? .upper : .lower)
            return Array(folded.utf8)
        }
    }
}

extension String {
    fileprivate func changingCase(_ change: Op.StringNormalizer.CaseChange) -> String {
        var scalars = UnicodeScalarView()
        switch change {
        case .none: return self
        case .lower: scalars.append(contentsOf: unicodeScalars.map(\.lowercased))
        case .upper: scalars.append(contentsOf: unicodeScalars.map(\.uppercased))
        }
        return String(scalars)
    }
}

extension Unicode.Scalar {
    /// The small letter that belongs to this one, when it is a single one.
    var lowercased: Unicode.Scalar { single(properties.lowercaseMapping) }
    /// The capital letter that belongs to this one, when it is a single one.
    var uppercased: Unicode.Scalar { single(properties.uppercaseMapping) }

    private func single(_ mapping: String) -> Unicode.Scalar {
        let scalars = mapping.unicodeScalars
        return scalars.count == 1 ? scalars[scalars.startIndex] : self
    }
}

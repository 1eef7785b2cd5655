public import SeptumIR
public import SeptumTensor

extension Op {
    /// The parts of each string between delimiters, padded with empty strings to the same number, and the number of parts.
    ///
    /// Without a delimiter strings are cut at runs of white space, which is also dropped at both ends.
    ///
    /// - Shape: any -> the same and a last axis of parts; the same.
    /// - Element types: string -> string, int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#StringSplit
    public struct StringSplit: Operator {
        public static let name = "StringSplit"
        public static let inputCount = 1...1
        public static let outputCount = 1...2

        /// Empty for white space.
        public var delimiter: String
        /// The largest number of cuts, the rest stays whole; nil for no limit.
        public var limit: Int?

        public init(delimiter: String = "", limit: Int? = nil) {
            self.delimiter = delimiter
            self.limit = limit
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            delimiter = try attributes.string("delimiter") ?? ""
            limit = try attributes.int("maxsplit")
            guard limit ?? 0 >= 0 else {
                throw ModelError(.invalidModel, "found \(limit ?? 0), expected at least 0", attribute: "maxsplit")
            }
        }

        public var attributes: Attributes {
            [("delimiter", .string(delimiter))] + (limit.map { [("maxsplit", .int($0))] } ?? [])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let shape = try inputs.tensor(0, of: [.string]).shape
            return [Fact(.string, shape.map { $0 + [.unknown] }), Fact(.int64, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let parts = x.strings.map { delimiter.isEmpty ? words($0) : pieces($0) }
            let width = parts.map(\.count).max() ?? 0
            let shape = x.shape + [width]
            guard try Tensor.elementCount(shape) <= 1 << 28 else {
                throw ModelError(.limit, "\(x.count) strings of up to \(width) parts are too many")
            }
            var strings: [String] = []
            for own in parts { strings += own + [String](repeating: "", count: width - own.count) }
            return [
                .tensor(try Tensor(shape, strings: strings)), .tensor(try Tensor(x.shape, parts.map { Int64($0.count) })),
            ]
        }

        private func words(_ text: String) -> [String] {
            var words: [String] = []
            var rest = text.unicodeScalars.drop(while: \.isSpace)
            while !rest.isEmpty {
                guard words.count < limit ?? .max, let end = rest.firstIndex(where: \.isSpace) else {
                    words.append(String(rest))
                    break
                }
                words.append(String(rest[..<end]))
                rest = rest[end...].drop(while: \.isSpace)
            }
            return words
        }

        private func pieces(_ text: String) -> [String] {
            let (bytes, mark) = (Array(text.utf8), Array(delimiter.utf8))
            var pieces: [String] = []
            var (start, position) = (0, 0)
            while pieces.count < limit ?? .max, position + mark.count <= bytes.count {
                guard bytes[position..<position + mark.count].elementsEqual(mark) else { position += 1; continue }
                pieces.append(String(decoding: bytes[start..<position], as: UTF8.self))
                position += mark.count
                start = position
            }
            return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
        }
    }
}

extension Unicode.Scalar {
    /// White space, information separators included, as Python has it.
    fileprivate var isSpace: Bool { properties.isWhitespace || (0x1c...0x1f).contains(value) }
}

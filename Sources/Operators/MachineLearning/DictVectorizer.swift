public import SeptumIR
public import SeptumTensor

extension Op {
    /// The values of a map in the order of a list of keys; zero, or an empty string, where there is none.
    ///
    /// Keys of the map that are not in the list are left out. The row has an axis of its own, as in ONNX Runtime.
    ///
    /// - Shape: a map of n keys -> `(1, keys)`.
    /// - Element types: keys int64 or string; values int64, float32, float64 or string -> the same.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators-ml.md#ai.onnx.ml.DictVectorizer,
    /// https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/dictvectorizer.h
    public struct DictVectorizer: Operator {
        public static let name = "DictVectorizer"
        public static let inputCount = 1...1

        /// One of the lists is empty.
        public var integers: [Int]
        public var strings: [String]

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            integers = try attributes.ints("int64_vocabulary") ?? []
            strings = try attributes.strings("string_vocabulary") ?? []
            guard integers.isEmpty || strings.isEmpty else {
                throw ModelError(.invalidModel, "found both vocabularies", attribute: "string_vocabulary")
            }
        }

        public var attributes: Attributes {
            integers.isEmpty ? [("string_vocabulary", .strings(strings))] : [("int64_vocabulary", .ints(integers))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (key, value) = try inputs.map(0)
            guard key == (integers.isEmpty ? .string : .int64) else {
                throw ModelError(.invalidModel, "the map has keys of type \(key), the vocabulary others")
            }
            guard [.int64, .float32, .float64, .string].contains(value) else {
                throw ModelError(.invalidModel, "the map has values of type \(value)")
            }
            return [Fact(value, [1, .fixed(max(integers.count, strings.count))])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let (keys, values) = try inputs.map(0)
            var result = try Assembly(values.elementType, shape)
            let found =
                integers.isEmpty
                ? places(strings.map { Array($0.utf8) }, keys.strings.map { Array($0.utf8) })
                : places(integers, keys.integers ?? [])
            for (column, place) in found.enumerated() {
                if let place { result.copy(values, from: place, to: column) }
            }
            return [.tensor(try result.finished())]
        }

        /// Where each word is among the keys.
        private func places<Key: Hashable>(_ words: [Key], _ keys: [Key]) -> [Int?] {
            let places = Dictionary(keys.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            return words.map { places[$0] }
        }
    }
}

extension Facts {
    /// The element types of the keys and of the values, single elements, of a map input.
    ///
    /// - Throws: `invalidModel` when the input is another kind of value.
    func map(_ index: Int) throws(ModelError) -> (key: ElementType, value: ElementType) {
        guard case .map(let key, let value)? = self[index]?.type, let element = value.tensor?.elementType else {
            throw ModelError(.invalidModel, "input \(index) must be a map to single elements")
        }
        return (key, element)
    }
}

extension Arguments {
    /// The keys of a map input, and its values as one list.
    ///
    /// - Throws: `invalidInput` when the input is another kind of value.
    func map(_ index: Int) throws(ModelError) -> (keys: Tensor, values: Tensor) {
        guard case .map(let keys, let values, let type)? = self[index], let element = type.tensor?.elementType,
            keys.count == values.count
        else { throw ModelError(.invalidInput, "input \(index) must be a map to single elements") }
        var list = try Assembly(element, [values.count])
        for (place, value) in values.enumerated() {
            guard let tensor = value.tensor, tensor.elementType == element, tensor.count == 1 else {
                throw ModelError(.invalidInput, "a value of the map is \(value.type), expected one \(element)")
            }
            list.copy(tensor, from: 0, to: place)
        }
        return (keys, try list.finished())
    }
}

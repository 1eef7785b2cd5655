public import SeptumIR
public import SeptumTensor

extension Op {
    /// A sequence of tensors of one element type.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SequenceConstruct
    public struct SequenceConstruct: PlainOperator {
        public static let name = "SequenceConstruct"
        public static let inputCount = 1...Int.max

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            var type = ValueType.tensor(try inputs.tensor(0))
            for index in 0..<inputs.count { type = try type.merged(with: .tensor(try inputs.tensor(index))) }
            return [Fact(.sequence(type))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let first = try inputs.tensor(0)
            return [.sequence(try inputs.values(from: 0), of: .tensor(first.elementType, nil))]
        }
    }

    /// A sequence of no tensors.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SequenceEmpty
    public struct SequenceEmpty: Operator {
        public static let name = "SequenceEmpty"
        public static let inputCount = 0...0

        public var elementType: ElementType

        public init(elementType: ElementType = .float32) { self.elementType = elementType }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            elementType = try attributes.elementType("dtype") ?? .float32
        }

        public var attributes: Attributes { [("dtype", .int(Int(elementType.rawValue)))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [Fact(.sequence(.tensor(elementType, nil)))] }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            [.sequence([], of: .tensor(elementType, nil))]
        }
    }

    /// The number of tensors in a sequence.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SequenceLength
    public struct SequenceLength: PlainOperator {
        public static let name = "SequenceLength"
        public static let inputCount = 1...1

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.sequenceElement(0)
            return [Fact(.int64, [])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            [.tensor(try Tensor([], [Int64(try inputs.sequence(0).items.count)]))]
        }
    }

    /// The tensor at a position, which may count from the end.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SequenceAt
    public struct SequenceAt: PlainOperator {
        public static let name = "SequenceAt"
        public static let inputCount = 2...2

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [Fact(try inputs.sequenceElement(0))] }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let items = try inputs.sequence(0).items
            return [items[try inputs.position(1, size: items.count)]]
        }
    }

    /// The sequence with a tensor inserted before a position, or at the end.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SequenceInsert
    public struct SequenceInsert: PlainOperator {
        public static let name = "SequenceInsert"
        public static let inputCount = 2...3

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let element = try inputs.sequenceElement(0)
            return [Fact(.sequence(try element.merged(with: .tensor(try inputs.tensor(1)))))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            var (items, type) = try inputs.sequence(0)
            let tensor = try inputs.tensor(1)
            guard type.tensor?.elementType == tensor.elementType else {
                throw ModelError(.invalidInput, "a tensor of \(tensor.elementType) cannot enter a sequence of \(type)")
            }
            var position = items.count
            if inputs[2] != nil {
                let given = try inputs.integers(2)
                guard given.count == 1, given[0] >= -items.count, given[0] <= items.count else {
                    throw ModelError(.invalidInput, "position \(given) is out of range for a sequence of \(items.count)")
                }
                position = given[0] < 0 ? given[0] + items.count : given[0]
            }
            items.insert(.tensor(tensor), at: position)
            return [.sequence(items, of: .tensor(tensor.elementType, nil))]
        }
    }

    /// The sequence without the tensor at a position, or the last one.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SequenceErase
    public struct SequenceErase: PlainOperator {
        public static let name = "SequenceErase"
        public static let inputCount = 1...2

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            [Fact(.sequence(try inputs.sequenceElement(0)))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            var (items, type) = try inputs.sequence(0)
            let last = try normalizedIndex(-1, size: items.count)
            items.remove(at: inputs[1] == nil ? last : try inputs.position(1, size: items.count))
            return [.sequence(items, of: type)]
        }
    }
}

extension Facts {
    /// The type of the items of a sequence input.
    func sequenceElement(_ index: Int) throws(ModelError) -> ValueType {
        guard case .sequence(let element)? = self[index]?.type else {
            throw ModelError(.invalidModel, "input \(index) must be a sequence")
        }
        return element
    }
}

extension Arguments {
    /// The items of a sequence input.
    func sequence(_ index: Int) throws(ModelError) -> (items: [Value], type: ValueType) {
        guard case .sequence(let items, let type)? = self[index] else {
            throw ModelError(.invalidInput, "input \(index) must be a sequence")
        }
        return (items, type)
    }

    /// A position given as one number, which may count from the end.
    fileprivate func position(_ index: Int, size: Int) throws(ModelError) -> Int {
        let given = try integers(index)
        guard given.count == 1 else { throw ModelError(.invalidInput, "a position must be one number, found \(given)") }
        return try normalizedIndex(given[0], size: size)
    }
}

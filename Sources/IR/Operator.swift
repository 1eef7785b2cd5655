public import SeptumTensor

/// The namespace of operators: `Op.Softmax` is the softmax operator.
public enum Op {}

/// One operation of a graph: typed attributes, a type rule, and an evaluation that defines what it means.
///
/// Attributes and inputs follow the newest ONNX form of the operator of the same name, where there is one.
public protocol Operator: Sendable {
    /// The operator's name, unique in the registry.
    static var name: String { get }
    /// How many inputs a node may list; omitted optional inputs in the middle are nil.
    static var inputCount: ClosedRange<Int> { get }
    /// How many outputs a node may list.
    static var outputCount: ClosedRange<Int> { get }

    /// Reads the attributes.
    ///
    /// - Throws: `ModelError` naming the attribute.
    init(_ attributes: inout AttributeReader) throws(ModelError)

    /// What `init(_:)` reads back to an equal operator.
    var attributes: Attributes { get }

    /// The graphs that the operator runs.
    var subgraphs: [Graph] { get }

    /// Whether equal inputs always give equal outputs.
    var isDeterministic: Bool { get }

    /// How results follow from elements, for those who need not know the operator itself; nil for operators of other forms.
    static var family: OperatorFamily? { get }

    /// The operator as one that may pass its input through; nil when it never does.
    var passThrough: (any PassThroughOperator)? { get }

    /// The type rule: facts about the outputs from facts about the inputs.
    ///
    /// - Throws: `ModelError` when the inputs do not fit the operator.
    func infer(_ inputs: Facts) throws(ModelError) -> [Fact]

    /// The definition: correct for every element type that the type rule admits, not necessarily fast.
    ///
    /// - Throws: `ModelError` when the values do not fit the operator.
    func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value]
}

extension Operator {
    public static var outputCount: ClosedRange<Int> { 1...1 }
    public var attributes: Attributes { [] }
    public var subgraphs: [Graph] { [] }
    public var isDeterministic: Bool { true }
    public static var family: OperatorFamily? { nil }
    public var passThrough: (any PassThroughOperator)? { nil }
    /// The operator's name, from an instance.
    public var name: String { Self.name }
}

/// Kinds of operators. Asking for one is quick; asking whether an operator conforms to a protocol is not, when it is asked first.
public enum OperatorFamily: Sendable {
    /// Each element of one input by itself.
    case unary
    /// Two broadcast operands.
    case binary
    /// Any number of broadcast operands, from left to right.
    case variadic
    /// Two broadcast operands, giving truth values.
    case comparison
    /// One result for each slice of the first input.
    case reduction
}

/// What is known of a value before it is computed.
public struct Fact: Sendable {
    public var type: ValueType
    /// The value itself, when known.
    public var constant: Tensor?
    /// The elements of an integer tensor in row-major order as expressions; how shapes flow through shape arithmetic.
    public var elements: [Dimension]?

    /// Longer integer tensors are not followed symbolically.
    public static let elementLimit = 64

    public init(_ type: ValueType, constant: Tensor? = nil, elements: [Dimension]? = nil) {
        self.type = type
        self.constant = constant
        self.elements = elements
        if let constant, elements == nil, constant.count <= Fact.elementLimit, constant.elementType.isInteger {
            self.elements = constant.integers?.map(Dimension.fixed)
        }
    }

    /// Whether the same is known of another value.
    func isSame(as other: Fact) -> Bool {
        guard type == other.type, elements == other.elements else { return false }
        guard let constant, let same = other.constant else { return constant == nil && other.constant == nil }
        return constant.storage === same.storage && constant.byteOffset == same.byteOffset
    }

    /// A tensor of the given type.
    public init(_ elementType: ElementType, _ shape: [Dimension]?, elements: [Dimension]? = nil) {
        self.init(.tensor(elementType, shape), elements: elements)
    }

    /// A known tensor.
    public init(constant: Tensor) {
        self.init(.tensor(constant.elementType, constant.shape.map(Dimension.fixed)), constant: constant)
    }
}

/// The facts about a node's inputs, and how many outputs the node lists.
public struct Facts: Sendable {
    public let inputs: [Fact?]
    public let outputCount: Int

    public init(_ inputs: [Fact?], outputCount: Int = 1) {
        self.inputs = inputs
        self.outputCount = outputCount
    }

    /// The fact of an input, nil when the input is omitted.
    public subscript(index: Int) -> Fact? { inputs.indices.contains(index) ? inputs[index] : nil }

    public var count: Int { inputs.count }

    /// The type of a tensor input that must be there.
    ///
    /// - Throws: `invalidModel` when it is omitted or no tensor.
    public func tensor(_ index: Int) throws(ModelError) -> TensorType {
        guard let fact = self[index] else { throw ModelError(.invalidModel, "input \(index) is required") }
        guard let type = fact.type.tensor else {
            throw ModelError(.invalidModel, "input \(index) is \(fact.type), expected a tensor")
        }
        return type
    }

    /// The constant integers of an input, nil when omitted or not constant.
    public func integers(_ index: Int) -> [Int]? {
        guard let fact = self[index] else { return nil }
        if let constant = fact.constant { return constant.integers }
        guard let elements = fact.elements else { return nil }
        let numbers = elements.compactMap(\.number)
        return numbers.count == elements.count ? numbers : nil
    }
}

/// The values of a node's inputs, how many outputs it lists, and how to run its subgraphs.
public struct Arguments: Sendable {
    public let inputs: [Value?]
    public let outputCount: Int
    /// Runs a subgraph on its inputs.
    public let run: @Sendable (Graph, [Value]) throws(ModelError) -> [Value]

    public init(
        _ inputs: [Value?], outputCount: Int = 1,
        run: @escaping @Sendable (Graph, [Value]) throws(ModelError) -> [Value] = { graph, inputs throws(ModelError) in
            try Interpreter.run(graph, inputs)
        }
    ) {
        self.inputs = inputs
        self.outputCount = outputCount
        self.run = run
    }

    /// The value of an input, nil when the input is omitted.
    public subscript(index: Int) -> Value? { inputs.indices.contains(index) ? inputs[index] : nil }

    public var count: Int { inputs.count }

    /// A tensor input that must be there.
    ///
    /// - Throws: `invalidInput` when it is omitted or no tensor.
    public func tensor(_ index: Int) throws(ModelError) -> Tensor {
        guard let tensor = self[index]?.tensor else { throw ModelError(.invalidInput, "input \(index) must be a tensor") }
        return tensor
    }

    /// A tensor input that may be omitted.
    public func optionalTensor(_ index: Int) -> Tensor? { self[index]?.tensor }

    /// The elements of an integer input that must be there.
    ///
    /// - Throws: `invalidInput` when it is omitted or not of integers.
    public func integers(_ index: Int) throws(ModelError) -> [Int] {
        guard let values = try tensor(index).integers else {
            throw ModelError(.invalidInput, "input \(index) must hold integers")
        }
        return values
    }
}

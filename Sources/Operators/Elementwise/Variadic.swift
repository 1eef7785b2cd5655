public import SeptumIR
public import SeptumTensor

/// An operator that combines any number of inputs of one type, broadcast to each other, from left to right.
public protocol VariadicOperator: PlainOperator {
    static var elementTypes: ElementTypeSet { get }
    func value(_ a: Double, _ b: Double) -> Double
    func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T
    func value(_ a: Dimension, _ b: Dimension) -> Dimension
    /// The result from what all inputs combine to.
    func finish(_ x: Double, count: Int) -> Double
}

extension VariadicOperator {
    public static var family: OperatorFamily? { .variadic }
    public static var inputCount: ClosedRange<Int> { 1...Int.max }
    public static var elementTypes: ElementTypeSet { .numbers }
    public func value(_ a: Dimension, _ b: Dimension) -> Dimension { .unknown }
    public func finish(_ x: Double, count: Int) -> Double { x }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let type = try inputs.commonElementType(Self.elementTypes)
        var result = Fact(type, try inputs.tensor(0).shape, elements: inputs[0]?.shapeElements?.elements)
        for index in 1..<max(1, inputs.count) {
            let shape = try broadcastShape([result.type.tensor?.shape, try inputs.tensor(index).shape])
            result = Fact(type, shape).following(Fact.combined(result, inputs[index], value))
        }
        return [result]
    }

    /// Half-precision floats are combined in float32.
    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let type = try inputs.facts.commonElementType(Self.elementTypes)
        let wide = type == .float16 || type == .bfloat16 ? ElementType.float32 : type
        var result = try inputs.tensor(0).converted(to: wide)
        for index in 1..<max(1, inputs.count) {
            let next = try inputs.tensor(index).converted(to: wide)
            result = try wide.dispatch(BinaryVisitor(a: result, b: next, real: value, signed: value, unsigned: value))
        }
        let count = inputs.count
        let last = BinaryVisitor(
            a: result, b: result, real: { x, _ in finish(x, count: count) }, signed: { x, _ in x }, unsigned: { x, _ in x })
        return [.tensor(try wide.dispatch(last).converted(to: type))]
    }
}

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    /// The largest of the inputs; NaN if one of them is.
    public struct Max: VariadicOperator {
        public static let name = "Max"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a.isNaN ? a : a > b ? a : b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { max(a, b) }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { .maximum(a, b) }
    }

    /// The smallest of the inputs; NaN if one of them is.
    public struct Min: VariadicOperator {
        public static let name = "Min"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a.isNaN ? a : a < b ? a : b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { min(a, b) }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { .minimum(a, b) }
    }

    /// The sum of the inputs.
    public struct Sum: VariadicOperator {
        public static let name = "Sum"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a + b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { a + b }
    }

    /// The sum of the inputs over their number.
    public struct Mean: VariadicOperator {
        public static let name = "Mean"
        public static let elementTypes: ElementTypeSet = .floats
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a + b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }
        public func finish(_ x: Double, count: Int) -> Double { x / Double(count) }
    }
}

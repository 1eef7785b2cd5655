public import SeptumIR
public import SeptumTensor

/// An operator that combines each element with all before it along an axis: `x, axis -> y`.
public protocol CumulativeOperator: Operator {
    /// Whether an element itself is left out.
    var exclusive: Bool { get }
    /// Whether to start from the end.
    var reverse: Bool { get }
    init(exclusive: Bool, reverse: Bool)
    var start: Int { get }
    func value(_ a: Double, _ b: Double) -> Double
    func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T
}

extension CumulativeOperator {
    public static var inputCount: ClosedRange<Int> { 2...2 }

    public init(_ attributes: inout AttributeReader) throws(ModelError) {
        self.init(exclusive: try attributes.bool("exclusive") ?? false, reverse: try attributes.bool("reverse") ?? false)
    }

    public var attributes: Attributes { [("exclusive", .int(exclusive ? 1 : 0)), ("reverse", .int(reverse ? 1 : 0))] }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let input = try inputs.tensor(0)
        try ElementTypeSet.numbers.admit(input.elementType, input: 0)
        try ([.int32, .int64] as ElementTypeSet).admit(try inputs.tensor(1).elementType, input: 1)
        return [Fact(input.elementType, input.shape)]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        _ = try infer(inputs.facts)
        let (x, axes) = (try inputs.tensor(0), try inputs.integers(1))
        guard axes.count == 1 else { throw ModelError(.invalidInput, "input 1 holds \(axes.count) axes, expected one") }
        let axis = try normalizedAxis(axes[0], rank: x.shape.count)
        let map = SliceMap(x: x, axes: [axis], real: accumulate, signed: accumulate, unsigned: accumulate)
        return [.tensor(try x.elementType.dispatch(map))]
    }

    package func accumulate(_ slice: UnsafeMutableBufferPointer<Double>) {
        accumulate(slice, Double(start)) { value($0, $1) }
    }

    package func accumulate<T: FixedWidthInteger>(_ slice: UnsafeMutableBufferPointer<T>) {
        accumulate(slice, T(start)) { value($0, $1) }
    }

    private func accumulate<T>(_ slice: UnsafeMutableBufferPointer<T>, _ start: T, _ combine: (T, T) -> T) {
        var sum = start
        for position in slice.indices {
            let index = reverse ? slice.count - 1 - position : position
            let before = sum
            sum = combine(sum, slice[index])
            slice[index] = exclusive ? before : sum
        }
    }
}

// Source of both: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#CumSum

extension Op {
    /// Sums of the elements up to each along an axis.
    public struct CumSum: CumulativeOperator {
        public static let name = "CumSum"
        public var exclusive: Bool
        public var reverse: Bool
        public var start: Int { 0 }

        public init(exclusive: Bool = false, reverse: Bool = false) {
            self.exclusive = exclusive
            self.reverse = reverse
        }

        public func value(_ a: Double, _ b: Double) -> Double { a + b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }
    }

    /// Products of the elements up to each along an axis.
    public struct CumProd: CumulativeOperator {
        public static let name = "CumProd"
        public var exclusive: Bool
        public var reverse: Bool
        public var start: Int { 1 }

        public init(exclusive: Bool = false, reverse: Bool = false) {
            self.exclusive = exclusive
            self.reverse = reverse
        }

        public func value(_ a: Double, _ b: Double) -> Double { a * b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &* b }
    }
}

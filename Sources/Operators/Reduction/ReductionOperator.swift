public import SeptumIR
public import SeptumTensor

/// An operator that reduces the elements along some axes to one: `data, axes -> reduced`.
///
/// Shape: that of the data with the reduced dimensions 1, or without them. No axes means all of them, or with
/// `noopWithEmptyAxes` none, so that each element is reduced by itself.
public protocol ReductionOperator: Operator {
    static var elementTypes: ElementTypeSet { get }
    var keepdims: Bool { get }
    var noopWithEmptyAxes: Bool { get }
    init(keepdims: Bool, noopWithEmptyAxes: Bool)
    func value(_ slice: UnsafeBufferPointer<Double>) -> Double
    func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T
    /// What becomes of the elements of an integer tensor of rank one; unknown where it cannot be followed.
    func value(_ elements: [Dimension]) -> Dimension
}

/// A reduction to the element that is above or below all others.
protocol ExtremeOperator: ReductionOperator {
    var ifEmpty: SliceReduction.Extreme { get }
}

extension ReductionOperator {
    public static var family: OperatorFamily? { .reduction }
    public static var inputCount: ClosedRange<Int> { 1...2 }
    public static var elementTypes: ElementTypeSet { .numbers }
    public func value(_ elements: [Dimension]) -> Dimension { .unknown }

    public init(_ attributes: inout AttributeReader) throws(ModelError) {
        self.init(
            keepdims: try attributes.bool("keepdims") ?? true,
            noopWithEmptyAxes: try attributes.bool("noop_with_empty_axes") ?? false)
    }

    public var attributes: Attributes {
        [("keepdims", .int(keepdims ? 1 : 0)), ("noop_with_empty_axes", .int(noopWithEmptyAxes ? 1 : 0))]
    }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let input = try inputs.tensor(0)
        try Self.elementTypes.admit(input.elementType, input: 0)
        if inputs[1] != nil { try ([.int64] as ElementTypeSet).admit(try inputs.tensor(1).elementType, input: 1) }
        guard let shape = input.shape else { return [Fact(input.elementType, nil)] }
        guard let axes = inputs[1] == nil ? [] : inputs.integers(1) else {
            return [Fact(input.elementType, try shapeForUnknownAxes(rank: shape.count, inputs))]
        }
        let reduced = try reducedAxes(axes, rank: shape.count)
        let fact = Fact(input.elementType, ReductionShape.reduced(shape, reduced, keepdims: keepdims))
        guard shape.count == 1, reduced == [0], let elements = inputs[0]?.shapeElements?.elements else { return [fact] }
        return [fact.following([value(elements)])]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        _ = try infer(inputs.facts)
        let x = try inputs.tensor(0)
        let axes = try reducedAxes(inputs[1] == nil ? [] : try inputs.integers(1), rank: x.shape.count)
        let reduction = SliceReduction(
            x: x, axes: axes, shape: ReductionShape.reduced(x.shape, axes, keepdims: keepdims),
            ifEmpty: (self as? any ExtremeOperator)?.ifEmpty, real: value, signed: value, unsigned: value)
        return [.tensor(try x.elementType.dispatch(reduction))]
    }

    private func reducedAxes(_ axes: [Int], rank: Int) throws(ModelError) -> [Int] {
        if axes.isEmpty { return noopWithEmptyAxes ? [] : Array(0..<rank) }
        return try normalizedAxes(axes, rank: rank)
    }

    /// The rank at least is known when dimensions are kept, or when the number of axes is.
    private func shapeForUnknownAxes(rank: Int, _ inputs: Facts) throws(ModelError) -> [Dimension]? {
        if keepdims { return Array(repeating: .unknown, count: rank) }
        guard let count = try inputs.tensor(1).concreteShape?.first, (1...max(1, rank)).contains(count) else { return nil }
        return Array(repeating: .unknown, count: max(0, rank - count))
    }
}

/// The shape that is left after a reduction.
enum ReductionShape {
    static func reduced<T: ExpressibleByIntegerLiteral>(_ shape: [T], _ axes: [Int], keepdims: Bool) -> [T] {
        shape.indices.compactMap { axes.contains($0) ? (keepdims ? 1 : nil) : shape[$0] }
    }
}

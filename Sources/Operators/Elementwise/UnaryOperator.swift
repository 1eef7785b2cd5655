public import SeptumIR
public import SeptumTensor

/// An operator that maps each element of its one input by itself.
///
/// Floats of every width are mapped as float64 and rounded once; integers as 64-bit ones, keeping the low bits.
public protocol UnaryOperator: Operator {
    /// The element types that the operator takes.
    static var elementTypes: ElementTypeSet { get }
    func value(_ x: Double) -> Double
    func value<T: FixedWidthInteger>(_ x: T) -> T
    /// What becomes of an element of an integer tensor, as an expression; nil where it cannot be followed.
    func value(_ x: Dimension) -> Dimension?
}

extension UnaryOperator {
    public static var family: OperatorFamily? { .unary }
    public static var inputCount: ClosedRange<Int> { 1...1 }
    public static var elementTypes: ElementTypeSet { .floats }
    public func value<T: FixedWidthInteger>(_ x: T) -> T { x }
    public func value(_ x: Dimension) -> Dimension? { nil }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let type = try inputs.commonElementType(Self.elementTypes)
        let fact = Fact(type, try inputs.tensor(0).shape)
        guard let elements = inputs[0]?.elements else { return [fact] }
        let mapped = elements.compactMap { value($0) }
        return [fact.following(mapped.count == elements.count ? mapped : nil)]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let type = try inputs.facts.commonElementType(Self.elementTypes)
        let x = try inputs.tensor(0)
        return [.tensor(try type.dispatch(UnaryVisitor(x: x, real: value, signed: value, unsigned: value)))]
    }
}

private struct UnaryVisitor: ElementVisitor {
    let x: Tensor
    let real: (Double) -> Double
    let signed: (Int64) -> Int64
    let unsigned: (UInt64) -> UInt64

    func real<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Double {
        try mapElements(x) { (x: T) in T(narrowing: real(x.wide)) }
    }

    func signed<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 {
        try mapElements(x) { (x: T) in T(narrowing: signed(x.wide)) }
    }

    func unsigned<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 {
        try mapElements(x) { (x: T) in T(narrowing: unsigned(x.wide)) }
    }
}

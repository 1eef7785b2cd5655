public import SeptumIR
public import SeptumTensor

/// An operator that combines the elements of two inputs of one type, broadcast to each other.
///
/// Floats of every width are combined as float64 and rounded once; integers as 64-bit ones, keeping the low bits.
public protocol BinaryOperator: Operator {
    /// The element types that the operator takes.
    static var elementTypes: ElementTypeSet { get }
    func value(_ a: Double, _ b: Double) -> Double
    func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T
    /// What becomes of two elements of integer tensors, as an expression; unknown where it cannot be followed.
    func value(_ a: Dimension, _ b: Dimension) -> Dimension
    /// Refuses inputs that the operator is not defined for.
    ///
    /// - Throws: `invalidInput`.
    func check(_ a: Tensor, _ b: Tensor) throws(ModelError)
}

extension BinaryOperator {
    public static var family: OperatorFamily? { .binary }
    public static var inputCount: ClosedRange<Int> { 2...2 }
    public static var elementTypes: ElementTypeSet { .numbers }
    public func value(_ a: Double, _ b: Double) -> Double { .nan }
    public func value(_ a: Dimension, _ b: Dimension) -> Dimension { .unknown }
    public func check(_ a: Tensor, _ b: Tensor) {}

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let type = try inputs.commonElementType(Self.elementTypes)
        let shape = try broadcastShape([try inputs.tensor(0).shape, try inputs.tensor(1).shape])
        return [Fact(type, shape).following(Fact.combined(inputs[0], inputs[1], value))]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let type = try inputs.facts.commonElementType(Self.elementTypes)
        let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
        try check(a, b)
        return [.tensor(try type.dispatch(BinaryVisitor(a: a, b: b, real: value, signed: value, unsigned: value)))]
    }
}

/// Combines two tensors of one element type.
package struct BinaryVisitor: ElementVisitor {
    let a: Tensor
    let b: Tensor
    let real: (Double, Double) -> Double
    let signed: (Int64, Int64) -> Int64
    let unsigned: (UInt64, UInt64) -> UInt64

    package func real<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Double {
        try zipElements(a, b) { (a: T, b: T) in T(narrowing: real(a.wide, b.wide)) }
    }

    package func signed<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 {
        try zipElements(a, b) { (a: T, b: T) in T(narrowing: signed(a.wide, b.wide)) }
    }

    package func unsigned<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 {
        try zipElements(a, b) { (a: T, b: T) in T(narrowing: unsigned(a.wide, b.wide)) }
    }
}

extension Tensor {
    /// Refuses a divisor that holds an integer zero.
    ///
    /// - Throws: `invalidInput`.
    package func refuseZeros(dividing dividend: Tensor) throws(ModelError) {
        guard dividend.count > 0, elementType.isInteger else { return }
        let width = elementType.byteWidth
        let hasZero = stride(from: 0, to: byteCount, by: width).contains { at in (at..<at + width).allSatisfy { bytes[$0] == 0 } }
        if hasZero { throw ModelError(.invalidInput, "division of \(elementType) by zero") }
    }
}

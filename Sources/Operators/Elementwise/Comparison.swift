public import SeptumIR
public import SeptumTensor

/// An operator that compares the elements of two inputs of one type, broadcast to each other.
public protocol ComparisonOperator: PlainOperator {
    static var elementTypes: ElementTypeSet { get }
    func holds<T: Comparable>(_ a: T, _ b: T) -> Bool
    /// Whether the comparison holds for all values of the symbols, or for none; nil when that is not known.
    func holds(_ a: Dimension, _ b: Dimension) -> Bool?
}

extension ComparisonOperator {
    public static var family: OperatorFamily? { .comparison }
    public static var inputCount: ClosedRange<Int> { 2...2 }
    public static var elementTypes: ElementTypeSet { .numbers }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        _ = try inputs.commonElementType(Self.elementTypes)
        let shape = try broadcastShape([try inputs.tensor(0).shape, try inputs.tensor(1).shape])
        let fact = Fact(.bool, shape)
        guard let decided = Fact.combined(inputs[0], inputs[1], { (a: Dimension, b: Dimension) -> Bool? in holds(a, b) }),
            let concrete = fact.type.tensor?.concreteShape
        else { return [fact] }
        let known = decided.compactMap { decision in decision.map { Bool8($0) } }
        return [known.count == decided.count ? Fact(constant: try Tensor(concrete, known)) : fact]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let type = try inputs.facts.commonElementType(Self.elementTypes)
        let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
        if type == .string { return [.tensor(try compareStrings(a, b))] }
        return [.tensor(try type.dispatch(ComparisonVisitor(a: a, b: b, real: holds, signed: holds, unsigned: holds)))]
    }

    /// Strings are compared by their places in the sorted list of all of them.
    private func compareStrings(_ a: Tensor, _ b: Tensor) throws(ModelError) -> Tensor {
        let order = Dictionary(
            (a.strings + b.strings).sorted().enumerated().map { ($1, Int64($0)) }, uniquingKeysWith: { first, _ in first })
        let numbers = try Tensor(a.shape, a.strings.map { order[$0] ?? 0 })
        let others = try Tensor(b.shape, b.strings.map { order[$0] ?? 0 })
        return try ElementType.int64.dispatch(
            ComparisonVisitor(a: numbers, b: others, real: holds, signed: holds, unsigned: holds))
    }
}

private struct ComparisonVisitor: ElementVisitor {
    let a: Tensor
    let b: Tensor
    let real: (Double, Double) -> Bool
    let signed: (Int64, Int64) -> Bool
    let unsigned: (UInt64, UInt64) -> Bool

    func real<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Double {
        try zipElements(a, b) { (a: T, b: T) in Bool8(real(a.wide, b.wide)) }
    }

    func signed<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 {
        try zipElements(a, b) { (a: T, b: T) in Bool8(signed(a.wide, b.wide)) }
    }

    func unsigned<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 {
        try zipElements(a, b) { (a: T, b: T) in Bool8(unsigned(a.wide, b.wide)) }
    }
}

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    public struct Equal: ComparisonOperator {
        public static let name = "Equal"
        public static let elementTypes: ElementTypeSet = .numbers.union([.bool, .string])
        public init() {}
        public func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a == b }
        public func holds(_ a: Dimension, _ b: Dimension) -> Bool? { a.provableOrder(to: b).isEqual }
    }

    public struct Less: ComparisonOperator {
        public static let name = "Less"
        public init() {}
        public func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a < b }
        public func holds(_ a: Dimension, _ b: Dimension) -> Bool? { a.provableOrder(to: b).isLess }
    }

    public struct LessOrEqual: ComparisonOperator {
        public static let name = "LessOrEqual"
        public init() {}
        public func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a <= b }
        public func holds(_ a: Dimension, _ b: Dimension) -> Bool? { a.provableOrder(to: b).isGreater.map { !$0 } }
    }

    public struct Greater: ComparisonOperator {
        public static let name = "Greater"
        public init() {}
        public func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a > b }
        public func holds(_ a: Dimension, _ b: Dimension) -> Bool? { a.provableOrder(to: b).isGreater }
    }

    public struct GreaterOrEqual: ComparisonOperator {
        public static let name = "GreaterOrEqual"
        public init() {}
        public func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a >= b }
        public func holds(_ a: Dimension, _ b: Dimension) -> Bool? { a.provableOrder(to: b).isLess.map { !$0 } }
    }

    /// Whether each element is NaN.
    public struct IsNaN: PlainOperator {
        public static let name = "IsNaN"
        public static let inputCount = 1...1
        public init() {}
        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { try inferFloatTest(inputs) }
        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] { try evaluateFloatTest(inputs) { $0.isNaN } }
    }

    /// Whether each element is an infinity of a sign that is looked for.
    public struct IsInf: Operator {
        public static let name = "IsInf"
        public static let inputCount = 1...1

        public var detectNegative: Bool
        public var detectPositive: Bool

        public init(detectNegative: Bool = true, detectPositive: Bool = true) {
            self.detectNegative = detectNegative
            self.detectPositive = detectPositive
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            detectNegative = try attributes.bool("detect_negative") ?? true
            detectPositive = try attributes.bool("detect_positive") ?? true
        }

        public var attributes: Attributes {
            [("detect_negative", .int(detectNegative ? 1 : 0)), ("detect_positive", .int(detectPositive ? 1 : 0))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { try inferFloatTest(inputs) }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            try evaluateFloatTest(inputs) { $0.isInfinite && ($0 < 0 ? detectNegative : detectPositive) }
        }
    }
}

private func inferFloatTest(_ inputs: Facts) throws(ModelError) -> [Fact] {
    let input = try inputs.tensor(0)
    let admitted = ElementTypeSet.floats.union([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz])
    try admitted.admit(input.elementType, input: 0)
    return [Fact(.bool, input.shape)]
}

private func evaluateFloatTest(_ inputs: Arguments, _ test: (Double) -> Bool) throws(ModelError) -> [Value] {
    _ = try inferFloatTest(inputs.facts)
    return [.tensor(try mapElements(try inputs.tensor(0).converted(to: .float64)) { (x: Double) in Bool8(test(x)) })]
}

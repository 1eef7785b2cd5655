public import SeptumIR
public import SeptumTensor

/// An operator that finds where along an axis the extreme element is.
///
/// Element types: numbers -> int64. NaN counts as the extreme one.
public protocol ArgExtremeOperator: Operator {
    var axis: Int { get }
    var keepdims: Bool { get }
    var selectLastIndex: Bool { get }
    init(axis: Int, keepdims: Bool, selectLastIndex: Bool)
    /// Whether `a` is further out than `b`.
    func isBeyond<T: Comparable>(_ a: T, _ b: T) -> Bool
}

extension ArgExtremeOperator {
    public static var inputCount: ClosedRange<Int> { 1...1 }

    public init(_ attributes: inout AttributeReader) throws(ModelError) {
        self.init(
            axis: try attributes.int("axis") ?? 0, keepdims: try attributes.bool("keepdims") ?? true,
            selectLastIndex: try attributes.bool("select_last_index") ?? false)
    }

    public var attributes: Attributes {
        [
            ("axis", .int(axis)), ("keepdims", .int(keepdims ? 1 : 0)),
            ("select_last_index", .int(selectLastIndex ? 1 : 0)),
        ]
    }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let input = try inputs.tensor(0)
        try ElementTypeSet.numbers.admit(input.elementType, input: 0)
        guard let shape = input.shape else { return [Fact(.int64, nil)] }
        let axis = try normalizedAxis(axis, rank: shape.count)
        return [Fact(.int64, ReductionShape.reduced(shape, [axis], keepdims: keepdims))]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        _ = try infer(inputs.facts)
        let x = try inputs.tensor(0)
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        let shape = ReductionShape.reduced(x.shape, [axis], keepdims: keepdims)
        guard x.shape[axis] > 0 || shape.contains(0) else {
            throw ModelError(.invalidInput, "axis \(axis) of shape \(x.shape) is empty, so that it has no extreme element")
        }
        return [.tensor(try x.elementType.dispatch(ArgVisitor(op: self, x: x, axis: axis, shape: shape)))]
    }

    package func index<T: Comparable>(_ slice: UnsafeBufferPointer<T>) -> Int64 {
        var best = 0
        for index in slice.indices.dropFirst() {
            let (candidate, holder) = (slice[index], slice[best])
            let (isNaN, holderIsNaN) = (candidate != candidate, holder != holder)
            let ties = candidate == holder || (isNaN && holderIsNaN)
            if ties ? selectLastIndex : isNaN || (!holderIsNaN && isBeyond(candidate, holder)) { best = index }
        }
        return Int64(best)
    }
}

private struct ArgVisitor<A: ArgExtremeOperator>: ElementVisitor {
    let op: A
    let x: Tensor
    let axis: Int
    let shape: [Int]

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Double { try find(type) }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 { try find(type) }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 { try find(type) }

    private func find<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor {
        let slices = Slices(x.shape, axes: [axis])
        let length = slices.length
        let wide = try slices.gather(x, type)
        return try wide.withElements(of: T.Wide.self) { wide throws(ModelError) in
            try Tensor(shape) { (y: UnsafeMutableBufferPointer<Int64>) in
                for index in y.indices {
                    y[index] = op.index(UnsafeBufferPointer(rebasing: wide[index * length..<(index + 1) * length]))
                }
            }
        }
    }
}

// Source of both: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ArgMax

extension Op {
    /// Where along an axis the largest element is.
    public struct ArgMax: ArgExtremeOperator {
        public static let name = "ArgMax"
        public var axis: Int
        public var keepdims: Bool
        public var selectLastIndex: Bool

        public init(axis: Int = 0, keepdims: Bool = true, selectLastIndex: Bool = false) {
            self.axis = axis
            self.keepdims = keepdims
            self.selectLastIndex = selectLastIndex
        }

        public func isBeyond<T: Comparable>(_ a: T, _ b: T) -> Bool { a > b }
    }

    /// Where along an axis the smallest element is.
    public struct ArgMin: ArgExtremeOperator {
        public static let name = "ArgMin"
        public var axis: Int
        public var keepdims: Bool
        public var selectLastIndex: Bool

        public init(axis: Int = 0, keepdims: Bool = true, selectLastIndex: Bool = false) {
            self.axis = axis
            self.keepdims = keepdims
            self.selectLastIndex = selectLastIndex
        }

        public func isBeyond<T: Comparable>(_ a: T, _ b: T) -> Bool { a < b }
    }
}

public import SeptumIR
public import SeptumTensor

/// Poolings whose window is the whole image.
protocol GlobalPooling: Operator {
    func pooled<T: RealScalar>(_ image: Swift.Slice<UnsafeBufferPointer<T>>) -> T
}

extension GlobalPooling {
    public static var inputCount: ClosedRange<Int> { 1...1 }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
        guard let shape = type.shape else { return [Fact(type.elementType, nil)] }
        guard shape.count >= 2 else {
            throw ModelError(.invalidModel, "input 0 has rank \(shape.count), expected batch and channel dimensions")
        }
        return [Fact(type.elementType, Array(shape.prefix(2)) + [Dimension](repeating: 1, count: shape.count - 2))]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let shape = try outputShapes(inputs)[0]
        if let results = try evaluatedInFloat32(inputs) { return results }
        let x = try inputs.tensor(0)
        return switch x.elementType {
        case .float32: [.tensor(try pool(x, shape, of: Float.self))]
        case .float64: [.tensor(try pool(x, shape, of: Double.self))]
        default: throw unexpected(x.elementType)
        }
    }

    private func pool<T: RealScalar>(_ x: Tensor, _ shape: [Int], of type: T.Type) throws(ModelError) -> Tensor {
        try x.withElements(of: type) { (x) throws(ModelError) in
            try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                let size = target.isEmpty ? 0 : x.count / target.count
                for index in target.indices { target[index] = pooled(x[(index * size)..<((index + 1) * size)]) }
            }
        }
    }
}

extension Op {
    /// The mean of each image: the sum in row-major order, divided by the number of elements.
    ///
    /// - Shape: `(n, c, spatial...) -> (n, c, 1...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GlobalAveragePool
    public struct GlobalAveragePool: GlobalPooling {
        public static let name = "GlobalAveragePool"

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        func pooled<T: RealScalar>(_ image: Swift.Slice<UnsafeBufferPointer<T>>) -> T { image.reduce(0, +) / T(image.count) }
    }

    /// The largest element of each image; NaN counts as largest, an empty image gives minus infinity.
    ///
    /// - Shape: `(n, c, spatial...) -> (n, c, 1...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GlobalMaxPool
    public struct GlobalMaxPool: GlobalPooling {
        public static let name = "GlobalMaxPool"

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        func pooled<T: RealScalar>(_ image: Swift.Slice<UnsafeBufferPointer<T>>) -> T {
            image.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
        }
    }

    /// The `p`-norm of each image.
    ///
    /// - Shape: `(n, c, spatial...) -> (n, c, 1...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GlobalLpPool
    public struct GlobalLpPool: GlobalPooling {
        public static let name = "GlobalLpPool"

        public var p: Int

        public init(p: Int = 2) { self.p = p }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            p = try attributes.int("p") ?? 2
            try checkNorm(p)
        }

        public var attributes: Attributes { [("p", .int(p))] }

        func pooled<T: RealScalar>(_ image: Swift.Slice<UnsafeBufferPointer<T>>) -> T { norm(Array(image), max(1, p)) }
    }
}

public import SeptumIR
public import SeptumTensor

extension Op {
    /// `alpha * A * B + beta * C`, either matrix transposed on request: the dense layer.
    ///
    /// Every element is one chain of fused multiply-adds over ascending k, which starts from `beta * C` (0 without C) when
    /// alpha is 1. Otherwise the chain starts from 0, and the result is one more fused multiply-add, `chain * alpha + beta * C`.
    ///
    /// - Shape: `(m, k), (k, n), C -> (m, n)`; C broadcasts to `(m, n)`.
    /// - Element types: floating point, 32- and 64-bit integers (wrapping; alpha and beta must then be integers).
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Gemm
    public struct Gemm: Operator {
        public static let name = "Gemm"
        public static let inputCount = 2...3

        public var alpha: Float
        public var beta: Float
        public var transposesA: Bool
        public var transposesB: Bool

        public init(alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false) {
            self.alpha = alpha
            self.beta = beta
            self.transposesA = transposesA
            self.transposesB = transposesB
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            alpha = try attributes.float("alpha") ?? 1
            beta = try attributes.float("beta") ?? 1
            // Any value but 0 transposes: files with other values exist.
            transposesA = try attributes.int("transA") ?? 0 != 0
            transposesB = try attributes.int("transB") ?? 0 != 0
        }

        public var attributes: Attributes {
            [
                ("alpha", .float(alpha)), ("beta", .float(beta)), ("transA", .int(transposesA ? 1 : 0)),
                ("transB", .int(transposesB ? 1 : 0)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.matrixElements).elementType
            _ = try inputs.tensor(1, of: [type])
            let bias = try inputs.optionalTensor(2, of: [type])
            let a = try inputs.shape(0, rank: 2)
            let b = try inputs.shape(1, rank: 2)
            if let a, let b {
                _ = try sharedDimension(a[transposesA ? 0 : 1], b[transposesB ? 1 : 0], "the inner dimensions")
            }
            let shape = [a?[transposesA ? 1 : 0] ?? .unknown, b?[transposesB ? 0 : 1] ?? .unknown]
            for (own, dimension) in zip((bias?.shape ?? []).reversed(), shape.reversed()) where own != 1 {
                _ = try sharedDimension(own, dimension, "C")
            }
            guard bias?.shape?.count ?? 0 <= 2 else {
                throw ModelError(.invalidModel, "C has more than two dimensions: \(bias?.description ?? "")")
            }
            return [Fact(type, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let type = try inputs.tensor(0).elementType
            return switch type {
            case .float32: [.tensor(try product(inputs, shape, of: Float.self))]
            case .float64: [.tensor(try product(inputs, shape, of: Double.self))]
            case .int32: [.tensor(try product(inputs, shape, of: Int32.self))]
            case .int64: [.tensor(try product(inputs, shape, of: Int64.self))]
            case .uint32: [.tensor(try product(inputs, shape, of: UInt32.self))]
            case .uint64: [.tensor(try product(inputs, shape, of: UInt64.self))]
            default: throw unexpected(type)
            }
        }

        private func product<T: ChainScalar>(
            _ inputs: Arguments, _ shape: [Int], of type: T.Type
        ) throws(ModelError) -> Tensor {
            let (alpha, beta) = (try factor(alpha, "alpha", type), try factor(beta, "beta", type))
            let (a, b, bias) = (try inputs.tensor(0), try inputs.tensor(1), inputs.optionalTensor(2))
            let (m, k, n) = (shape[0], a.shape[transposesA ? 0 : 1], shape[1])
            let strides = bias.map { broadcastStrides($0.shape, to: shape) } ?? []
            return try withElements([a, b, bias], of: type) { (buffers) throws(ModelError) in
                try Tensor(shape) { (sums: UnsafeMutableBufferPointer<T>) in
                    guard let left = buffers[0]?.baseAddress, let right = buffers[1]?.baseAddress, let start = sums.baseAddress
                    else { return }
                    let rows = Matrix(left, columns: a.shape[1])
                    let columns = Matrix(right, columns: b.shape[1])
                    let multiply = {
                        addProduct(
                            transposesA ? rows.transposed : rows, transposesB ? columns.transposed : columns, to: start,
                            m: m, k: k, n: n)
                    }
                    if alpha == 1 {
                        if let bias = buffers[2] {
                            for (index, offset) in Strided(shape, strides).enumerated() {
                                sums[index] = bias[offset].wrappingMultiplied(by: beta)
                            }
                        }
                        multiply()
                    } else {
                        multiply()
                        var offsets = Strided(shape, strides)
                        for index in sums.indices {
                            let bias = buffers[2].flatMap { bias in offsets.next().map { bias[$0] } } ?? 0
                            sums[index] = bias.wrappingMultiplied(by: beta).adding(sums[index], times: alpha)
                        }
                    }
                }
            }
        }

        private func factor<T: ChainScalar>(_ value: Float, _ name: String, _ type: T.Type) throws(ModelError) -> T {
            guard let factor = T(exactFactor: value) else {
                throw ModelError(.unsupported, "found \(value), expected a value of \(T.elementType)", attribute: name)
            }
            return factor
        }
    }
}

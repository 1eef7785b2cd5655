public import SeptumIR
public import SeptumTensor

extension Op {
    /// The `p`-norm of each window: the `p`-th root of a chain over the `p`-th powers in row-major order.
    ///
    /// - Shape: `(n, c, spatial...) -> (n, c, spatial...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#LpPool
    public struct LpPool: Operator {
        public static let name = "LpPool"
        public static let inputCount = 1...1

        public var window: Window
        public var p: Int

        public init(_ window: Window, p: Int = 2) {
            self.window = window
            self.p = p
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = try Window(&attributes, isPooling: true)
            p = try attributes.int("p") ?? 2
            try checkNorm(p)
        }

        public var attributes: Attributes { window.attributes + [("p", .int(p))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            try checkNorm(p)
            return [Fact(type.elementType, try poolingShape(type.shape, window))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let x = try inputs.tensor(0)
            return switch x.elementType {
            case .float32: [.tensor(try norms(x, shape, of: Float.self))]
            case .float64: [.tensor(try norms(x, shape, of: Double.self))]
            default: throw unexpected(x.elementType)
            }
        }

        private func norms<T: RealScalar>(
            _ x: Tensor, _ shape: [Int], of type: T.Type
        ) throws(ModelError) -> Tensor {
            let sliding = try Sliding(pooling: window, x, shape)
            let (inputCount, outputCount) = (sliding.inputCount, sliding.outputCount)
            return try x.withElements(of: type) { (x) throws(ModelError) in
                try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                    forEachWindow(sliding, shape) { plane, position, taps in
                        target[plane * outputCount + position] = norm(taps.map { x[plane * inputCount + $0.input] }, p)
                    }
                }
            }
        }
    }
}

func checkNorm(_ p: Int) throws(ModelError) {
    guard p >= 1 else { throw ModelError(.invalidModel, "found \(p), expected at least 1", attribute: "p") }
}

/// The `p`-norm: a plain sum for 1, a chain of squares for 2, powers otherwise.
func norm<T: RealScalar>(_ elements: [T], _ p: Int) -> T {
    var sum: T = 0
    for element in elements {
        switch p {
        case 1: sum += element.magnitude
        case 2: sum = sum.adding(element, times: element)
        default: sum += T(Elementary.pow(Double(element.magnitude), Double(p)))
        }
    }
    return p == 1 ? sum : p == 2 ? sum.squareRoot() : T(Elementary.pow(Double(sum), 1 / Double(p)))
}

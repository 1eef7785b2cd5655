public import SeptumIR
public import SeptumTensor

extension Op {
    /// The mean of each window: the sum in row-major order, divided by the number of elements.
    ///
    /// - Shape: `(n, c, spatial...) -> (n, c, spatial...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#AveragePool
    public struct AveragePool: Operator {
        public static let name = "AveragePool"
        public static let inputCount = 1...1

        public var window: Window
        /// Whether the padding counts as elements (of value 0).
        public var countsPadding: Bool

        public init(_ window: Window, countsPadding: Bool = false) {
            self.window = window
            self.countsPadding = countsPadding
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = try Window(&attributes, isPooling: true)
            countsPadding = try attributes.bool("count_include_pad") ?? false
        }

        public var attributes: Attributes { window.attributes + [("count_include_pad", .int(countsPadding ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            return [Fact(type.elementType, try poolingShape(type.shape, window))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let x = try inputs.tensor(0)
            return switch x.elementType {
            case .float32: [.tensor(try means(x, shape, of: Float.self))]
            case .float64: [.tensor(try means(x, shape, of: Double.self))]
            default: throw unexpected(x.elementType)
            }
        }

        private func means<T: RealScalar>(
            _ x: Tensor, _ shape: [Int], of type: T.Type
        ) throws(ModelError) -> Tensor {
            let sliding = try Sliding(pooling: window, x, shape)
            let (inputCount, outputCount) = (sliding.inputCount, sliding.outputCount)
            return try x.withElements(of: type) { (x) throws(ModelError) in
                try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                    forEachWindow(sliding, shape) { plane, position, taps in
                        var sum: T = 0
                        for tap in taps { sum += x[plane * inputCount + tap.input] }
                        let count = countsPadding ? sliding.paddedCount(at: sliding.position(position)) : Double(taps.count)
                        target[plane * outputCount + position] = sum / T(count)
                    }
                }
            }
        }
    }
}

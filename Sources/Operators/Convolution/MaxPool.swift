public import SeptumIR
public import SeptumTensor

extension Op {
    /// The largest element of each window, and on request where it lies; NaN counts as largest, the first one wins.
    ///
    /// Padding is left out. A window that holds padding only gives the lowest value of the type and the index -1.
    ///
    /// - Shape: `(n, c, spatial...) -> (n, c, spatial...)`, twice.
    /// - Element types: floating point, int8, uint8; indices int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#MaxPool
    public struct MaxPool: Operator {
        public static let name = "MaxPool"
        public static let inputCount = 1...1
        public static let outputCount = 1...2

        public var window: Window
        /// Whether indices count the first spatial axis fastest.
        public var indexesColumnMajor: Bool

        public init(_ window: Window, indexesColumnMajor: Bool = false) {
            self.window = window
            self.indexesColumnMajor = indexesColumnMajor
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = try Window(&attributes, isPooling: true)
            indexesColumnMajor = try attributes.bool("storage_order") ?? false
        }

        public var attributes: Attributes { window.attributes + [("storage_order", .int(indexesColumnMajor ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats + [.int8, .uint8])
            let shape = try poolingShape(type.shape, window)
            return [Fact(type.elementType, shape), Fact(.int64, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let x = try inputs.tensor(0)
            return switch x.elementType {
            case .float32: try maxima(x, shape, of: Float.self)
            case .float64: try maxima(x, shape, of: Double.self)
            case .int8: try maxima(x, shape, of: Int8.self)
            case .uint8: try maxima(x, shape, of: UInt8.self)
            default: throw unexpected(x.elementType)
            }
        }

        private func maxima<T: ChainScalar>(_ x: Tensor, _ shape: [Int], of type: T.Type) throws(ModelError) -> [Value] {
            let sliding = try Sliding(pooling: window, x, shape)
            let (inputCount, outputCount) = (sliding.inputCount, sliding.outputCount)
            var indices: [Int64] = []
            let maxima = try x.withElements(of: type) { (x) throws(ModelError) in
                try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                    indices = [Int64](repeating: -1, count: target.count)
                    forEachWindow(sliding, shape) { plane, position, taps in
                        var best: (value: T, input: Int?) = (T.lowest, nil)
                        for tap in taps {
                            let value = x[plane * inputCount + tap.input]
                            // Only NaN differs from itself.
                            if best.input == nil || value > best.value || value != value && best.value == best.value {
                                best = (value, tap.input)
                            }
                        }
                        target[plane * outputCount + position] = best.value
                        guard let input = best.input else { return }
                        let index = indexesColumnMajor ? columnMajor(input, sliding) : input
                        indices[plane * outputCount + position] = Int64(plane * inputCount + index)
                    }
                }
            }
            return [.tensor(maxima), .tensor(try Tensor(shape, indices))]
        }

        private func columnMajor(_ index: Int, _ sliding: Sliding) -> Int {
            var (rest, result) = (index, 0)
            for axis in sliding.axes.reversed() {
                result = result * axis.input + rest % axis.input
                rest /= axis.input
            }
            return result
        }
    }
}

/// The shape of a pooling; nil when the rank is not known.
///
/// - Throws: `invalidModel` when the window does not fit.
func poolingShape(_ shape: [Dimension]?, _ window: Window) throws(ModelError) -> [Dimension]? {
    guard let shape else { return nil }
    guard shape.count == window.kernel.count + 2 else {
        throw ModelError(
            .invalidModel, "input 0 has rank \(shape.count), expected \(window.kernel.count + 2) for a window of \(window.kernel)"
        )
    }
    let spatial = try window.outputShape(Array(shape.dropFirst(2)), kernel: window.kernel.map(Dimension.fixed))
    return [shape[0], shape[1]] + spatial
}

extension Sliding {
    /// - Throws: `invalidModel` when an attribute does not fit the number of spatial axes.
    init(pooling window: Window, _ x: Tensor, _ shape: [Int]) throws(ModelError) {
        try self.init(
            window, input: Array(x.shape.dropFirst(2)), kernel: window.kernel, output: Array(shape.dropFirst(2)))
    }
}

/// Visits the windows of every plane; the taps are relative to the plane.
func forEachWindow(
    _ sliding: Sliding, _ shape: [Int], _ body: (_ plane: Int, _ position: Int, _ taps: [Sliding.Tap]) -> Void
) {
    guard !shape.contains(0) else { return }
    for position in 0..<sliding.outputCount {
        let taps = sliding.taps(at: sliding.position(position))
        for plane in 0..<shape[0] * shape[1] { body(plane, position, taps) }
    }
}

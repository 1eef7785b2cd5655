public import SeptumIR
public import SeptumTensor

extension Op {
    /// Each string of the first input followed by that of the second, broadcast to each other.
    ///
    /// - Shape: by broadcasting.
    /// - Element types: string.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#StringConcat
    public struct StringConcat: PlainOperator {
        public static let name = "StringConcat"
        public static let inputCount = 2...2

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (a, b) = (try inputs.tensor(0, of: [.string]), try inputs.tensor(1, of: [.string]))
            return [Fact(.string, try broadcastShape([a.shape, b.shape]))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            _ = try Tensor(zeros: .string, shape)
            let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
            let places = zip(
                Strided(shape, broadcastStrides(a.shape, to: shape)), Strided(shape, broadcastStrides(b.shape, to: shape)))
            let (left, right) = (a.strings, b.strings)
            return [.tensor(try Tensor(shape, strings: places.map { left[$0] + right[$1] }))]
        }
    }
}

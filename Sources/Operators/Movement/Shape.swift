public import SeptumIR
public import SeptumTensor

extension Op {
    /// The dimensions of a tensor from `start` up to `end`.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Shape
    public struct Shape: Operator {
        public static let name = "Shape"
        public static let inputCount = 1...1

        public var start: Int
        public var end: Int?

        public init(start: Int = 0, end: Int? = nil) {
            self.start = start
            self.end = end
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            start = try attributes.int("start") ?? 0
            end = try attributes.int("end")
        }

        public var attributes: Attributes { [("start", .int(start))] + (end.map { [("end", .int($0))] } ?? []) }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            guard let shape = try inputs.tensor(0).shape else { return [Fact(.int64, [.unknown])] }
            let part = Array(shape[range(rank: shape.count)])
            return [Fact(.int64, [.fixed(part.count)], elements: part)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try inputs.tensor(0).shape
            let part = shape[range(rank: shape.count)].map(Int64.init)
            return [.tensor(try Tensor([part.count], part))]
        }

        /// Bounds beyond the rank are clamped.
        private func range(rank: Int) -> Swift.Range<Int> {
            func clamped(_ bound: Int) -> Int { min(max(bound < 0 ? max(bound, -rank) + rank : bound, 0), rank) }
            let lower = clamped(start)
            return lower..<max(lower, clamped(end ?? rank))
        }
    }
}

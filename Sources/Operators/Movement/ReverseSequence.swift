public import SeptumIR
public import SeptumTensor

extension Op {
    /// Reverses the first `lengths[i]` steps of sequence `i` of a batch.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ReverseSequence
    public struct ReverseSequence: Operator {
        public static let name = "ReverseSequence"
        public static let inputCount = 2...2

        /// 0 or 1, and not the time axis.
        public var batchAxis: Int
        public var timeAxis: Int

        public init(batchAxis: Int = 1, timeAxis: Int = 0) {
            self.batchAxis = batchAxis
            self.timeAxis = timeAxis
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            batchAxis = try attributes.int("batch_axis") ?? 1
            timeAxis = try attributes.int("time_axis") ?? 0
            guard (0...1).contains(batchAxis), (0...1).contains(timeAxis), batchAxis != timeAxis else {
                throw ModelError(
                    .invalidModel, "found axes \(batchAxis) and \(timeAxis), expected 0 and 1 or 1 and 0",
                    attribute: "batch_axis")
            }
        }

        public var attributes: Attributes { [("batch_axis", .int(batchAxis)), ("time_axis", .int(timeAxis))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            guard (type.shape?.count ?? 2) >= 2 else { throw ModelError(.invalidModel, "found \(type), expected rank 2 or more") }
            return [Fact(type.elementType, type.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let lengths = try inputs.integers(1)
            let shape = data.shape
            guard shape.count >= 2, [batchAxis, timeAxis].sorted() == [0, 1] else {
                throw ModelError(.invalidInput, "found shape \(shape), expected rank 2 or more")
            }
            guard lengths.count == shape[batchAxis], lengths.allSatisfy({ $0 >= 0 && $0 <= shape[timeAxis] }) else {
                throw ModelError(
                    .invalidInput,
                    "expected \(shape[batchAxis]) lengths of at most \(shape[timeAxis]), found \(lengths.prefix(8)) of \(lengths.count)"
                )
            }
            var result = try Assembly(copying: data)
            let strides = rowMajorStrides(shape)
            for (batch, length) in lengths.enumerated() where data.count > 0 {
                for time in 0..<length {
                    let start = batch * strides[batchAxis]
                    let from = start + (length - 1 - time) * strides[timeAxis]
                    result.copy(data, from: from, to: start + time * strides[timeAxis], count: strides[1])
                }
            }
            return [.tensor(try result.finished())]
        }
    }
}

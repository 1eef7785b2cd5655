public import SeptumIR
public import SeptumTensor

extension Op {
    /// The `k` largest or smallest elements along an axis, in order, and where they are.
    ///
    /// Of equal elements the one with the lower index comes first; NaN counts as the largest of all.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#TopK
    public struct TopK: Operator {
        public static let name = "TopK"
        public static let inputCount = 2...2
        public static let outputCount = 1...2

        public var axis: Int
        public var takesLargest: Bool
        /// Without it any order is allowed; the results are sorted all the same.
        public var isSorted: Bool

        public init(axis: Int = -1, takesLargest: Bool = true, isSorted: Bool = true) {
            self.axis = axis
            self.takesLargest = takesLargest
            self.isSorted = isSorted
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? -1
            takesLargest = try attributes.bool("largest") ?? true
            isSorted = try attributes.bool("sorted") ?? true
        }

        public var attributes: Attributes {
            [("axis", .int(axis)), ("largest", .int(takesLargest ? 1 : 0)), ("sorted", .int(isSorted ? 1 : 0))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            try ElementTypeSet.numbers.admit(data.elementType, input: 0)
            guard var shape = data.shape else { return [Fact(data.elementType, nil), Fact(.int64, nil)] }
            let axis = try normalizedAxis(axis, rank: shape.count)
            let k = inputs.elements(1)?.first ?? .unknown
            if let number = k.number, number < 0 || number > shape[axis].number ?? .max {
                throw ModelError(.invalidModel, "\(number) elements are asked for along an axis of size \(shape[axis])")
            }
            shape[axis] = k
            return [Fact(data.elementType, shape), Fact(.int64, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let axis = try normalizedAxis(axis, rank: data.shape.count)
            let (given, size) = (try inputs.integers(1), data.shape[axis])
            guard given.count == 1, let k = given.first, k >= 0, k <= size else {
                throw ModelError(.invalidInput, "\(given) elements are asked for along an axis of size \(size)")
            }
            var shape = data.shape
            shape[axis] = k
            var values = try Assembly(data.elementType, shape)
            guard values.count > 0 else { return [.tensor(try values.finished()), .tensor(try Tensor(zeros: .int64, shape))] }
            let keys = try data.orderKeys()
            let inner = rowMajorStrides(shape)[axis]
            let indices = try Tensor(shape) { (buffer: UnsafeMutableBufferPointer<Int64>) in
                for row in 0..<data.count / size {
                    let (outer, lane) = row.quotientAndRemainder(dividingBy: inner)
                    let start = outer * size * inner + lane
                    for (rank, index) in best(k, of: size, start: start, step: inner, keys).enumerated() {
                        let target = (outer * k + rank) * inner + lane
                        buffer[target] = Int64(index)
                        values.copy(data, from: start + index * inner, to: target)
                    }
                }
            }
            return [.tensor(try values.finished()), .tensor(indices)]
        }

        private func best(_ k: Int, of size: Int, start: Int, step: Int, _ keys: [UInt64]) -> ArraySlice<Int> {
            let order = (0..<size).sorted { a, b in
                let (first, second) = (keys[start + a * step], keys[start + b * step])
                return first == second ? a < b : (first > second) == takesLargest
            }
            return order.prefix(k)
        }
    }
}

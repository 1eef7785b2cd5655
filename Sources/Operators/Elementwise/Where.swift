public import SeptumIR
public import SeptumTensor

extension Op {
    /// Elements of the second input where the first is true, otherwise of the third, all broadcast to each other.
    ///
    /// Element types: bool; any; that of the second.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Where
    public struct Where: PlainOperator {
        public static let name = "Where"
        public static let inputCount = 3...3

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (condition, x, y) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
            try ElementTypeSet.bool.admit(condition.elementType, input: 0)
            guard x.elementType == y.elementType else {
                throw ModelError(.invalidModel, "input 2 holds \(y.elementType), expected \(x.elementType) as input 1 does")
            }
            let fact = Fact(x.elementType, try broadcastShape([condition.shape, x.shape, y.shape]))
            return [fact.following(chosenElements(inputs))]
        }

        /// With a known condition of the result's shape, or of one element.
        private func chosenElements(_ inputs: Facts) -> [Dimension]? {
            guard let condition = inputs[0]?.constant, let choices = condition.integers,
                let pairs = Fact.combined(inputs[1], inputs[2], { ($0, $1) })
            else { return nil }
            if choices.count == 1 { return pairs.map { choices[0] != 0 ? $0 : $1 } }
            let shapes = [inputs[1], inputs[2]].map { $0?.shapeElements?.shape }
            if shapes.contains(condition.shape), choices.count == pairs.count {
                return zip(choices, pairs).map { $0 != 0 ? $1.0 : $1.1 }
            }
            return pairs.count == 1 ? choices.map { $0 != 0 ? pairs[0].0 : pairs[0].1 } : nil
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let (condition, x, y) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
            let shape = try broadcastShape(try broadcastShape(condition.shape, x.shape), y.shape)
            let zeros = try Tensor(zeros: x.elementType, shape)
            let walk = Walk(shape, strides: [condition, x, y].map { broadcastStrides($0.shape, to: shape) })
            if x.elementType == .string {
                let (x, y) = (x.strings, y.strings)
                var chosen: [String] = []
                walk.forEachRow { _, at in
                    for index in 0..<walk.rowLength {
                        let takesFirst = condition.bytes[at[0] + index * walk.steps[0]] != 0
                        chosen.append(takesFirst ? x[at[1] + index * walk.steps[1]] : y[at[2] + index * walk.steps[2]])
                    }
                }
                return [.tensor(try Tensor(shape, strings: chosen))]
            }
            let (width, target) = (x.elementType.byteWidth, zeros.storage.bytes)
            walk.forEachRow { start, at in
                for index in 0..<walk.rowLength {
                    let takesFirst = condition.bytes[at[0] + index * walk.steps[0]] != 0
                    let source = takesFirst ? x.bytes : y.bytes
                    let from = (takesFirst ? at[1] + index * walk.steps[1] : at[2] + index * walk.steps[2]) * width
                    for byte in 0..<width { target[(start + index) * width + byte] = source[from + byte] }
                }
            }
            return [.tensor(zeros)]
        }
    }
}

public import SeptumIR
public import SeptumTensor

extension Op {
    /// Attention by a state that each token changes and then reads.
    ///
    /// For each token the state is multiplied by the exponential of the decay (gated rules), the value is replaced by
    /// `beta * (value - key times state)` (delta rules), key times value is added to the state, and the output is
    /// `scale * (query times state)`. Computed in float32; products with the state are chains of fused multiply-adds from 0 over
    /// ascending features of the key.
    ///
    /// - Shape: queries `(batch, length, query heads * k)`, keys `(batch, length, heads * k)`, values `(batch, length, heads * v)`,
    ///   state `(batch, heads, k, v)`, decay `(batch, length, heads)` or `(batch, length, heads * k)`, beta
    ///   `(batch, length, heads)` or `(batch, length, 1)` -> `(batch, length, query heads * v)`, `(batch, heads, k, v)`.
    /// - Element types: float32, float16, bfloat16; the state may have its own.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#LinearAttention
    public struct LinearAttention: Operator {
        public static let name = "LinearAttention"
        public static let inputCount = 3...6
        public static let outputCount = 1...2
        private static let elements: [ElementType] = [.float32, .float16, .bfloat16]

        public enum Rule: String, CaseIterable, Sendable {
            case linear, gated, delta
            case gatedDelta = "gated_delta"

            var isGated: Bool { self == .gated || self == .gatedDelta }
            var isDelta: Bool { self == .delta || self == .gatedDelta }
        }

        public var queryHeads: Int
        public var heads: Int
        public var rule: Rule
        /// 0 for one over the square root of the number of features of a key.
        public var scale: Float
        /// A hint for other runtimes.
        public var chunkSize: Int

        public init(queryHeads: Int, heads: Int, rule: Rule = .gatedDelta, scale: Float = 0, chunkSize: Int = 64) {
            self.queryHeads = queryHeads
            self.heads = heads
            self.rule = rule
            self.scale = scale
            self.chunkSize = chunkSize
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            queryHeads = try AttributeReader.require(try attributes.int("q_num_heads"), "q_num_heads")
            heads = try AttributeReader.require(try attributes.int("kv_num_heads"), "kv_num_heads")
            rule = try attributes.choice("update_rule") ?? .gatedDelta
            scale = try attributes.float("scale") ?? 0
            chunkSize = try attributes.int("chunk_size") ?? 64
            guard heads > 0, queryHeads > 0, queryHeads % heads == 0 else {
                throw ModelError(.invalidModel, "found \(queryHeads) for \(heads) heads of keys", attribute: "q_num_heads")
            }
        }

        public var attributes: Attributes {
            [
                ("q_num_heads", .int(queryHeads)), ("kv_num_heads", .int(heads)), ("update_rule", .string(rule.rawValue)),
                ("scale", .float(scale)), ("chunk_size", .int(chunkSize)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: Self.elements).elementType
            for index in [1, 2] { _ = try inputs.tensor(index, of: [type]) }
            let stateType = try inputs.optionalTensor(3, of: Self.elements)?.elementType ?? type
            for index in [4, 5] { _ = try inputs.optionalTensor(index, of: [type]) }
            guard rule.isGated == (inputs[4] != nil), rule.isDelta == (inputs[5] != nil) else {
                throw ModelError(.invalidModel, "decay goes with gated rules, beta with delta rules", attribute: "update_rule")
            }
            var (batch, length) = (Dimension.unknown, Dimension.unknown)
            var widths = [Dimension](repeating: .unknown, count: 6)
            for index in [0, 1, 2, 4, 5] {
                guard let shape = try inputs.shape(index, rank: 3) else { continue }
                batch = try sharedDimension(batch, shape[0], "the batches")
                length = try sharedDimension(length, shape[1], "the tokens")
                widths[index] = shape[2]
            }
            var keyFeatures = try features(widths[0], queryHeads, "q_num_heads")
            keyFeatures = try sharedDimension(keyFeatures, try features(widths[1], heads, "kv_num_heads"), "the features of keys")
            var valueFeatures = try features(widths[2], heads, "kv_num_heads")
            if let state = try inputs.shape(3, rank: 4) {
                batch = try sharedDimension(batch, state[0], "the batches")
                _ = try sharedDimension(.fixed(heads), state[1], "the heads")
                keyFeatures = try sharedDimension(keyFeatures, state[2], "the features of keys")
                valueFeatures = try sharedDimension(valueFeatures, state[3], "the features of values")
            }
            let admitted = [4: [.fixed(heads), keyFeatures * .fixed(heads)], 5: [.fixed(heads), Dimension.fixed(1)]]
            for (index, choices) in admitted where inputs[index] != nil {
                guard choices.contains(where: { !$0.isProvablyDifferent(from: widths[index]) }) else {
                    throw ModelError(.invalidModel, "input \(index) has \(widths[index]) columns, expected one of \(choices)")
                }
            }
            let width = valueFeatures == .unknown ? .unknown : valueFeatures * .fixed(queryHeads)
            return [
                Fact(type, [batch, length, width]), Fact(stateType, [batch, .fixed(heads), keyFeatures, valueFeatures]),
            ]
        }

        private func features(_ width: Dimension, _ heads: Int, _ name: String) throws(ModelError) -> Dimension {
            if width == .unknown { return .unknown }
            if let number = width.number, number % heads != 0 {
                throw ModelError(.invalidModel, "\(number) features cannot be divided into \(heads) heads", attribute: name)
            }
            return width.dividedRoundingDown(by: .fixed(heads))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shapes = try outputShapes(inputs)
            var batches = shapes[0][0]
            let (length, k, v) = (shapes[0][1], shapes[1][2], shapes[1][3])
            let type = try inputs.tensor(0).elementType
            func floats(_ index: Int) throws(ModelError) -> [Float] {
                try inputs.optionalTensor(index)?.widenedToFloat32().array(of: Float.self) ?? []
            }
            let (queries, keys, values) = (try floats(0), try floats(1), try floats(2))
            let (decays, betas) = (try floats(4), try floats(5))
            let decayWidth = inputs.optionalTensor(4)?.shape[2] ?? 0
            let betaWidth = inputs.optionalTensor(5)?.shape[2] ?? 0
            let factor = scale == 0 ? 1 / Float(k).squareRoot() : scale
            let none = try Tensor(zeros: .float32, shapes[1])
            var states = inputs[3] == nil ? try none.array(of: Float.self) : try floats(3)
            var outputs = try Tensor(zeros: .float32, shapes[0]).array(of: Float.self)
            let (shared, size) = (queryHeads / heads, k * v)
            if states.isEmpty, outputs.isEmpty { batches = 0 }
            for batch in 0..<batches {
                for head in 0..<heads {
                    var state = Array(states[((batch * heads + head) * size)..<((batch * heads + head + 1) * size)])
                    for token in batch * length..<(batch + 1) * length {
                        let key = keys[((token * heads + head) * k)..<((token * heads + head + 1) * k)]
                        var value = Array(values[((token * heads + head) * v)..<((token * heads + head + 1) * v)])
                        if rule.isGated {
                            let isPerHead = decayWidth == heads
                            for row in 0..<k {
                                let decay = decays[token * decayWidth + (isPerHead ? head : head * k + row)]
                                let kept = Float(Elementary.exp(Double(decay)))
                                for column in row * v..<(row + 1) * v { state[column] *= kept }
                            }
                        }
                        if rule.isDelta {
                            let beta = betas[token * betaWidth + (betaWidth == 1 ? 0 : head)]
                            let known = read(key, state, v)
                            for column in 0..<v { value[column] = beta * (value[column] - known[column]) }
                        }
                        for (row, feature) in key.enumerated() {
                            for column in 0..<v {
                                state[row * v + column] = state[row * v + column].addingProduct(feature, value[column])
                            }
                        }
                        for query in head * shared..<(head + 1) * shared {
                            let start = token * queryHeads + query
                            let sums = read(queries[(start * k)..<((start + 1) * k)], state, v)
                            for column in 0..<v { outputs[start * v + column] = factor * sums[column] }
                        }
                    }
                    states.replaceSubrange(((batch * heads + head) * size)..<((batch * heads + head + 1) * size), with: state)
                }
            }
            let stateType = inputs.optionalTensor(3)?.elementType ?? type
            return [
                .tensor(try Tensor(shapes[0], outputs).narrowed(to: type)),
                .tensor(try Tensor(shapes[1], states).narrowed(to: stateType)),
            ]
        }

        /// Shape: `(k), (k, v) -> (v)`
        private func read(_ features: ArraySlice<Float>, _ state: [Float], _ v: Int) -> [Float] {
            var sums = [Float](repeating: 0, count: v)
            for (row, feature) in features.enumerated() {
                for column in 0..<v { sums[column] = sums[column].addingProduct(feature, state[row * v + column]) }
            }
            return sums
        }
    }
}

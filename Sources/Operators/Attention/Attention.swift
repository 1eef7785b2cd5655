public import SeptumIR
public import SeptumTensor

extension Op {
    /// Scaled dot-product attention of several heads, with masks and a cache of earlier keys and values.
    ///
    /// Queries and keys are each multiplied by the square root of the scale. A score is one chain of fused multiply-adds from 0
    /// over the head's features; then comes the soft cap, then the bias of all masks. The softmax subtracts the largest score,
    /// sums in ascending order and divides. An output is one chain from 0 over ascending keys. A query without a key gives zeros.
    ///
    /// - Shape: queries `(batch, heads, queries, features)`, keys and values `(batch, key heads, keys, features)`, or without
    ///   the axis of heads, which then lie side by side within the features. The outputs are the attention in the form of the
    ///   queries, all keys, all values, and on request the scores `(batch, heads, queries, all keys)`.
    /// - Element types: floating point; masks of the same type (added) or bool (false hides a key).
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Attention
    public struct Attention: Operator {
        public static let name = "Attention"
        public static let inputCount = 3...7
        public static let outputCount = 1...4

        /// What the fourth output holds.
        public enum Scores: Int, Sendable, CaseIterable { case raw, capped, biased, probabilities }

        /// Needed when heads lie side by side within the features.
        public var queryHeads: Int?
        public var keyHeads: Int?
        /// Nil for one over the square root of the number of features.
        public var scale: Float?
        /// Limits scores to `softcap * tanh(score / softcap)`; 0 for none.
        public var softcap: Float
        public var isCausal: Bool
        /// How far before and after its own position a query sees; -1 for no limit.
        public var leftWindow: Int
        public var rightWindow: Int
        /// The type of the softmax, nil for that of the inputs.
        public var softmaxPrecision: ElementType?
        public var scores: Scores

        public init(
            queryHeads: Int? = nil, keyHeads: Int? = nil, scale: Float? = nil, softcap: Float = 0, isCausal: Bool = false,
            leftWindow: Int = -1, rightWindow: Int = -1, softmaxPrecision: ElementType? = nil, scores: Scores = .raw
        ) {
            self.queryHeads = queryHeads
            self.keyHeads = keyHeads
            self.scale = scale
            self.softcap = softcap
            self.isCausal = isCausal
            self.leftWindow = leftWindow
            self.rightWindow = rightWindow
            self.softmaxPrecision = softmaxPrecision
            self.scores = scores
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            queryHeads = try attributes.int("q_num_heads")
            keyHeads = try attributes.int("kv_num_heads")
            scale = try attributes.float("scale")
            softcap = try attributes.float("softcap") ?? 0
            isCausal = try attributes.bool("is_causal") ?? false
            leftWindow = try attributes.int("left_window_size") ?? -1
            rightWindow = try attributes.int("right_window_size") ?? -1
            softmaxPrecision = try attributes.optionalElementType("softmax_precision")
            let mode = try attributes.int("qk_matmul_output_mode") ?? 0
            guard let scores = Scores(rawValue: mode) else {
                throw ModelError(.invalidModel, "found \(mode), expected 0 to 3", attribute: "qk_matmul_output_mode")
            }
            self.scores = scores
            try validate()
        }

        private func validate() throws(ModelError) {
            for (name, count) in [("q_num_heads", queryHeads), ("kv_num_heads", keyHeads)] {
                if let count, count < 1 {
                    throw ModelError(.invalidModel, "found \(count), expected at least 1", attribute: name)
                }
            }
            for (name, size) in [("left_window_size", leftWindow), ("right_window_size", rightWindow)]
            where size < -1 || size > 1 << 40 {
                throw ModelError(.invalidModel, "found \(size), expected at least -1", attribute: name)
            }
            for (name, value) in [("scale", scale ?? 1), ("softcap", softcap)] where !(value >= 0) {
                throw ModelError(.invalidModel, "found \(value), expected at least 0", attribute: name)
            }
            guard [nil, .float32, .float64, .float16, .bfloat16].contains(softmaxPrecision) else {
                throw ModelError(
                    .unsupported, "found \(softmaxPrecision?.name ?? ""), expected a wide float", attribute: "softmax_precision")
            }
        }

        public var attributes: Attributes {
            var attributes: Attributes = [
                ("softcap", .float(softcap)), ("is_causal", .int(isCausal ? 1 : 0)), ("left_window_size", .int(leftWindow)),
                ("right_window_size", .int(rightWindow)), ("qk_matmul_output_mode", .int(scores.rawValue)),
            ]
            if let queryHeads { attributes.append(("q_num_heads", .int(queryHeads))) }
            if let keyHeads { attributes.append(("kv_num_heads", .int(keyHeads))) }
            if let scale { attributes.append(("scale", .float(scale))) }
            if let softmaxPrecision { attributes.append(("softmax_precision", .int(Int(softmaxPrecision.rawValue)))) }
            return attributes
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            try validate()
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats).elementType
            for index in [1, 2] { _ = try inputs.tensor(index, of: [type]) }
            let mask = try inputs.optionalTensor(3, of: [type, .bool])
            for index in [4, 5] { _ = try inputs.optionalTensor(index, of: [type]) }
            let lengths = try inputs.optionalTensor(6, of: [.int64])
            guard (inputs[4] == nil) == (inputs[5] == nil), inputs[4] == nil || lengths == nil else {
                throw ModelError(.invalidModel, "past_key and past_value belong together, and not beside nonpad_kv_seqlen")
            }
            guard let queries = try heads(inputs, 0, queryHeads, "q_num_heads"),
                let keys = try heads(inputs, 1, keyHeads, "kv_num_heads"),
                let values = try heads(inputs, 2, keyHeads, "kv_num_heads")
            else { return [Fact](repeating: Fact(type, nil), count: 4) }
            for (a, b, what) in [
                (queries[0], keys[0], "the batches"), (queries[0], values[0], "the batches"),
                (queries[3], keys[3], "the features"),
                (keys[1], values[1], "the heads"), (keys[2], values[2], "the numbers of keys and values"),
            ] { _ = try sharedDimension(a, b, what) }
            if let own = queries[1].number, let shared = keys[1].number, shared == 0 ? own != 0 : own % shared != 0 {
                throw ModelError(.invalidModel, "\(own) heads cannot share \(shared) heads of keys")
            }
            var total = keys[2]
            if inputs[4] != nil {
                let past = try inputs.shape(4, rank: 4) ?? [.unknown, .unknown, .unknown, .unknown]
                let pastValues = try inputs.shape(5, rank: 4) ?? [.unknown, .unknown, .unknown, .unknown]
                for axis in [0, 1, 3] {
                    _ = try sharedDimension(past[axis], keys[axis], "past_key and the keys")
                    _ = try sharedDimension(pastValues[axis], values[axis], "past_value and the values")
                }
                total = total + (try sharedDimension(past[2], pastValues[2], "past_key and past_value"))
            }
            if let shape = try inputs.shape(6, rank: 1) { _ = try sharedDimension(shape[0], queries[0], "nonpad_kv_seqlen") }
            let scoreShape = [queries[0], queries[1], queries[2], total]
            if let shape = mask?.shape { try checkMask(shape, scoreShape) }
            let isFlat = inputs[0]?.type.tensor?.shape?.count == 3
            let output =
                isFlat ? [queries[0], queries[2], queries[1] * values[3]] : [queries[0], queries[1], queries[2], values[3]]
            return [
                Fact(type, output), Fact(type, [keys[0], keys[1], total, keys[3]]),
                Fact(type, [values[0], values[1], total, values[3]]), Fact(type, scoreShape),
            ]
        }

        /// The shape of an input with an axis of heads; nil when its rank is not known.
        private func heads(_ inputs: Facts, _ index: Int, _ count: Int?, _ name: String) throws(ModelError) -> [Dimension]? {
            guard let shape = try inputs.tensor(index).shape else { return nil }
            if shape.count == 4 { return shape }
            guard shape.count == 3, inputs[0]?.type.tensor?.shape.map({ $0.count == 3 }) ?? true else {
                throw ModelError(.invalidModel, "input \(index) has rank \(shape.count), expected 4, or 3 in all of Q, K and V")
            }
            let count = try AttributeReader.require(count, name)
            if let features = shape[2].number, features % count != 0 {
                throw ModelError(.invalidModel, "\(features) features cannot be divided into \(count) heads", attribute: name)
            }
            return [shape[0], .fixed(count), shape[1], shape[2].dividedRoundingDown(by: .fixed(count))]
        }

        /// A mask broadcasts to the scores, except that its last axis may be shorter.
        private func checkMask(_ mask: [Dimension], _ scores: [Dimension]) throws(ModelError) {
            guard (1...4).contains(mask.count) else {
                throw ModelError(.invalidModel, "the mask has rank \(mask.count), expected 1 to 4")
            }
            for (own, dimension) in zip(mask.dropLast().reversed(), scores.dropLast().reversed()) where own != 1 {
                _ = try sharedDimension(own, dimension, "the mask and the scores")
            }
            if let own = mask[mask.count - 1].number, let keys = scores[3].number, own > keys {
                throw ModelError(.invalidModel, "the mask covers \(own) keys, there are \(keys)")
            }
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shapes = try outputShapes(inputs)
            if let results = try evaluatedInFloat32(inputs) { return results }
            let type = try inputs.tensor(0).elementType
            return switch type {
            case .float32: try attend(inputs, shapes, of: Float.self)
            case .float64: try attend(inputs, shapes, of: Double.self)
            default: throw unexpected(type)
            }
        }
    }
}

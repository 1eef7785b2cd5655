public import SeptumIR
public import SeptumTensor

extension Op {
    /// Rotates pairs of features by angles that depend on a token's position.
    ///
    /// A pair `(a, b)` becomes `(cos * a - sin * b, sin * a + cos * b)`, the first product of each rounded, the second fused with
    /// the sum. Pairs are neighbours when interleaved, otherwise the first half of the rotated features goes with the second.
    ///
    /// - Shape: tokens `(batch, heads, length, features)` or `(batch, length, heads * features)` -> the same. Cosines and sines
    ///   have half as many columns as features are rotated: `(positions, half)` with positions `(batch, length)`, without
    ///   those `(batch, length, half)`.
    /// - Element types: float32, float16, bfloat16; positions int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#RotaryEmbedding
    public struct RotaryEmbedding: Operator {
        public static let name = "RotaryEmbedding"
        public static let inputCount = 3...4

        /// Needed when heads lie side by side within the features.
        public var heads: Int
        /// How many of a head's features are rotated, the first ones; 0 for all.
        public var rotatedCount: Int
        public var isInterleaved: Bool

        public init(heads: Int = 0, rotatedCount: Int = 0, isInterleaved: Bool = false) {
            self.heads = heads
            self.rotatedCount = rotatedCount
            self.isInterleaved = isInterleaved
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            heads = try attributes.int("num_heads") ?? 0
            rotatedCount = try attributes.int("rotary_embedding_dim") ?? 0
            isInterleaved = try attributes.bool("interleaved") ?? false
            for (name, value) in [("num_heads", heads), ("rotary_embedding_dim", rotatedCount)] where value < 0 {
                throw ModelError(.invalidModel, "found \(value), expected at least 0", attribute: name)
            }
        }

        public var attributes: Attributes {
            [
                ("num_heads", .int(heads)), ("rotary_embedding_dim", .int(rotatedCount)),
                ("interleaved", .int(isInterleaved ? 1 : 0)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let x = try inputs.tensor(0, of: [.float32, .float16, .bfloat16])
            for index in [1, 2] { _ = try inputs.tensor(index, of: [x.elementType]) }
            _ = try inputs.optionalTensor(3, of: [.int64])
            let rank = inputs[3] == nil ? 3 : 2
            let (cosines, sines) = (try inputs.shape(1, rank: rank), try inputs.shape(2, rank: rank))
            let positions = try inputs.shape(3, rank: 2)
            guard var shape = x.shape else { return [Fact(x.elementType, nil)] }
            let features = try self.features(shape)
            let half = (rotatedCount > 0 ? .fixed(rotatedCount) : features).dividedRoundingDown(by: 2)
            if let all = features.number, rotatedCount > all || (rotatedCount > 0 ? rotatedCount : all) % 2 != 0 {
                throw ModelError(
                    .invalidModel, "found \(rotatedCount) of \(all) features, expected an even number",
                    attribute: "rotary_embedding_dim")
            }
            let length = shape.count - 2
            for table in [cosines, sines] {
                guard let table else { continue }
                _ = try sharedDimension(table[rank - 1], half, "half of the rotated features")
                guard rank == 3 else { continue }
                shape[0] = try sharedDimension(shape[0], table[0], "the batch")
                shape[length] = try sharedDimension(shape[length], table[1], "the tokens")
            }
            if let positions {
                shape[0] = try sharedDimension(shape[0], positions[0], "the batch")
                shape[length] = try sharedDimension(shape[length], positions[1], "the tokens")
            }
            return [Fact(x.elementType, shape)]
        }

        /// The number of features of one head.
        private func features(_ shape: [Dimension]) throws(ModelError) -> Dimension {
            if shape.count == 4 { return shape[3] }
            guard shape.count == 3 else {
                throw ModelError(.invalidModel, "the tokens have rank \(shape.count), expected 3 or 4")
            }
            guard heads > 0, (shape[2].number ?? 0) % heads == 0 else {
                throw ModelError(.invalidModel, "found \(heads) for \(shape[2]) features", attribute: "num_heads")
            }
            return shape[2].dividedRoundingDown(by: .fixed(heads))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            if let results = try evaluatedInFloat32(inputs) { return results }
            let x = try inputs.tensor(0)
            let isFlat = x.shape.count == 3
            let (heads, length) = isFlat ? (heads, x.shape[1]) : (x.shape[1], x.shape[2])
            let features = isFlat ? x.shape[2] / heads : x.shape[3]
            let half = (rotatedCount > 0 ? rotatedCount : features) / 2
            let tables = [try inputs.tensor(1), try inputs.tensor(2)]
            let rows = inputs[3] == nil ? nil : try normalizedPositions(try inputs.integers(3), tables)
            var elements = try x.array(of: Float.self)
            try withElements(tables, of: Float.self) { (buffers) throws(ModelError) in
                guard let cosines = buffers[0], let sines = buffers[1], features > 0 else { return }
                for line in 0..<elements.count / features {
                    let token =
                        isFlat ? line / heads : line / (heads * length) * length + line % length
                    let row = (rows?[token] ?? token) * half
                    for pair in 0..<half {
                        let first = line * features + (isInterleaved ? 2 * pair : pair)
                        let second = isInterleaved ? first + 1 : first + half
                        let (a, b) = (elements[first], elements[second])
                        let (cosine, sine) = (cosines[row + pair], sines[row + pair])
                        elements[first] = (cosine * a).addingProduct(-sine, b)
                        elements[second] = (sine * a).addingProduct(cosine, b)
                    }
                }
            }
            return [.tensor(try Tensor(x.shape, elements))]
        }

        private func normalizedPositions(_ positions: [Int], _ tables: [Tensor]) throws(ModelError) -> [Int] {
            let count = min(tables[0].shape[0], tables[1].shape[0])
            for position in positions where position < 0 || position >= count {
                throw ModelError(.invalidInput, "position \(position) is out of range for \(count) rows of cosines and sines")
            }
            return positions
        }
    }
}

import SeptumIR
import SeptumTensor

extension Op.Attention {
    /// Evaluates on arguments whose shapes give `shapes` by the type rule.
    func attend<T: RealScalar>(_ inputs: Arguments, _ shapes: [[Int]], of type: T.Type) throws(ModelError) -> [Value] {
        let query = try inputs.tensor(0)
        let (queries, all) = (shapes[3][2], shapes[3][3])
        let (heads, keyHeads, features, valueFeatures) = (shapes[3][1], shapes[1][1], shapes[1][3], shapes[2][3])
        let keys = try joined(inputs.optionalTensor(4), try inputs.tensor(1), shapes[1], of: type)
        let values = try joined(inputs.optionalTensor(5), try inputs.tensor(2), shapes[2], of: type)
        let bias = try AttentionBias<T>(self, inputs, shapes[3])
        let factor = T((scale.map(Double.init) ?? 1 / Double(features).squareRoot()).squareRoot())
        let isFlat = query.shape.count == 3
        var output = [T](repeating: 0, count: try Tensor.elementCount(shapes[0]))
        var shown = [T](repeating: 0, count: inputs.outputCount > 3 ? try Tensor.elementCount(shapes[3]) : 0)
        try query.withElements(of: type) { query in
            guard !output.isEmpty || !shown.isEmpty else { return }
            for row in 0..<(shapes[3][0] * heads * queries) {
                let (batch, head, position) = (row / queries / heads, row / queries % heads, row % queries)
                let line = isFlat ? (batch * queries + position) * heads + head : row
                let keyLine = (batch * keyHeads + head / (heads / keyHeads)) * all
                let scaled = (0..<features).map { query[line * features + $0] * factor }
                let added = bias.row(batch, head, position)
                var scores = [T](repeating: 0, count: all)
                for key in 0..<all {
                    var score: T = 0
                    for feature in 0..<features {
                        score = score.adding(scaled[feature], times: keys[(keyLine + key) * features + feature] * factor)
                    }
                    scores[key] = score
                }
                let raw = scores
                if softcap > 0 { scores = scores.map { T(Double(softcap) * Elementary.tanh(Double($0) / Double(softcap))) } }
                let capped = scores
                for key in 0..<all { scores[key] += added[key] }
                let isHidden = added.allSatisfy { $0 == -.infinity }
                let weights = isHidden ? [T](repeating: 0, count: all) : softmax(scores)
                if !shown.isEmpty {
                    let chosen = [raw, capped, scores, weights][self.scores.rawValue]
                    for key in 0..<all { shown[row * all + key] = chosen[key] }
                }
                for feature in 0..<valueFeatures {
                    var sum: T = 0
                    for key in 0..<all {
                        sum = sum.adding(weights[key], times: values[(keyLine + key) * valueFeatures + feature])
                    }
                    output[line * valueFeatures + feature] = sum
                }
            }
        }
        var results = [Value.tensor(try Tensor(shapes[0], output))]
        if inputs.outputCount > 1 { results.append(.tensor(try Tensor(shapes[1], keys))) }
        if inputs.outputCount > 2 { results.append(.tensor(try Tensor(shapes[2], values))) }
        if inputs.outputCount > 3 { results.append(.tensor(try Tensor(shapes[3], shown))) }
        return results
    }

    /// Earlier keys or values followed by those of this call, with an axis of heads.
    private func joined<T: RealScalar>(
        _ past: Tensor?, _ tensor: Tensor, _ shape: [Int], of type: T.Type
    ) throws(ModelError) -> [T] {
        let (heads, all, features) = (shape[1], shape[2], shape[3])
        let (old, new) = (try past?.array(of: type) ?? [], try tensor.array(of: type))
        let isFlat = tensor.shape.count == 3
        let length = isFlat ? tensor.shape[1] : tensor.shape[2]
        var result: [T] = []
        result.reserveCapacity(try Tensor.elementCount(shape))
        guard !shape.contains(0) else { return [] }
        for line in 0..<(shape[0] * heads) {
            let (batch, head) = (line / heads, line % heads)
            for position in 0..<all {
                let isOld = position < all - length
                let now = position - (all - length)
                let start =
                    isOld
                    ? line * (all - length) + position : isFlat ? (batch * length + now) * heads + head : line * length + now
                result +=
                    isOld
                    ? old[(start * features)..<((start + 1) * features)] : new[(start * features)..<((start + 1) * features)]
            }
        }
        return result
    }

    private func softmax<T: RealScalar>(_ scores: [T]) -> [T] {
        switch softmaxPrecision {
        case .float64: normalized(scores.map(Double.init)).map { T($0) }
        case .float32: normalized(scores.map { Float($0) }).map { T($0) }
        case .float16: normalized(scores.map { Float(Float16($0)) }).map { T(Float16($0)) }
        case .bfloat16: normalized(scores.map { BFloat16(Float($0)).float }).map { T(BFloat16($0).float) }
        default: normalized(scores)
        }
    }

    private func normalized<T: RealScalar>(_ scores: [T]) -> [T] {
        let largest = scores.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
        let powers = scores.map { T(Elementary.exp(Double($0 - largest))) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}

/// What the masks of an attention add to its scores: 0 or minus infinity, or the elements of a mask of numbers.
private struct AttentionBias<T: RealScalar> {
    let op: Op.Attention
    let shape: [Int]
    let mask: [T]
    let maskStrides: [Int]
    let maskKeys: Int
    /// For each batch, how many keys come before the first query, and how many keys there are.
    var offsets: [Int]
    var lengths: [Int]

    init(_ op: Op.Attention, _ inputs: Arguments, _ shape: [Int]) throws(ModelError) {
        self.op = op
        self.shape = shape
        let (batches, queries, all) = (shape[0], shape[2], shape[3])
        lengths = [Int](repeating: all, count: batches)
        offsets = [Int](repeating: inputs.optionalTensor(4)?.shape[2] ?? 0, count: batches)
        if let given = inputs.optionalTensor(6)?.integers {
            guard given.allSatisfy({ (0...all).contains($0) }) else {
                throw ModelError(.invalidInput, "nonpad_kv_seqlen is \(given.prefix(8)), expected 0 to \(all)")
            }
            lengths = given
            offsets = given.map { $0 - queries }
        }
        guard let tensor = inputs.optionalTensor(3) else {
            (mask, maskStrides, maskKeys) = ([], [], all)
            return
        }
        if tensor.elementType == .bool {
            mask = try tensor.array(of: Bool8.self).map { $0.value ? 0 : -.infinity }
        } else {
            mask = try tensor.array(of: T.self)
        }
        maskKeys = tensor.shape[tensor.shape.count - 1]
        maskStrides = broadcastStrides(tensor.shape, to: shape)
    }

    func row(_ batch: Int, _ head: Int, _ query: Int) -> [T] {
        let position = query + offsets[batch]
        return (0..<shape[3]).map { key in
            guard key < lengths[batch], key < maskKeys, !op.isCausal || key <= position,
                op.leftWindow < 0 || key >= position - op.leftWindow, op.rightWindow < 0 || key <= position + op.rightWindow
            else { return -.infinity }
            if maskStrides.isEmpty { return 0 }
            return mask[batch * maskStrides[0] + head * maskStrides[1] + query * maskStrides[2] + key * maskStrides[3]]
        }
    }
}

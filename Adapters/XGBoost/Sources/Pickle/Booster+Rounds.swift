import SeptumTensor

extension Booster {
    /// The first rounds only, with `end` trees of each output.
    ///
    /// - Throws: `malformed` when the booster has fewer, `unsupported` for other boosters than trees.
    func first(trees end: Int) throws(ModelError) -> Booster {
        guard case .trees(let trees, let weights) = kind else { return self }
        guard end >= 0, end <= trees.count else {
            throw ModelError(.malformed, "its best round needs \(end) trees, the booster has \(trees.count)")
        }
        var copy = self
        copy.kind = .trees(Array(trees.prefix(end)), weights: weights.map { Array($0.prefix(end)) })
        return copy
    }

    /// The trees of one round: as many as outputs, or 1 when leaves are vectors, times those that are grown side by side.
    func treesInRound(parallel: Int) throws(ModelError) -> Int {
        guard case .trees(let trees, _) = kind, let first = trees.first else { return 0 }
        let (count, overflow) = (first.leafVectors == nil ? outputCount : 1).multipliedReportingOverflow(by: parallel)
        guard parallel > 0, !overflow else { throw ModelError(.malformed, "found \(parallel) trees side by side") }
        return count
    }
}

import SeptumIR
import SeptumOperators
import SeptumTensor

extension XGBoostAdapter {
    /// A pickle of protocol 2 or later, or one that joblib compressed.
    ///
    /// Source: https://github.com/joblib/joblib/blob/1.5.0/joblib/compressor.py#L28-L37
    static func isPickle(_ source: ModelSource) -> Bool {
        let bytes = source.bytes
        if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) { return true }
        let compressed: [[UInt8]] = [
            [0x78], [0x1f, 0x8b], [0x42, 0x5a], [0xfd, 0x37, 0x7a, 0x58, 0x5a], [0x5d, 0x00], [0x04, 0x22, 0x4d, 0x18],
        ]
        return !Booster.isBinary(bytes) && compressed.contains { bytes.starts(with: $0) }
    }

    /// Whether the first class that a pickle names is one of XGBoost's.
    static func isPickled(_ source: ModelSource) -> Bool {
        let bytes = source.bytes
        guard bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) else { return false }
        return Array(bytes.prefix(64)).firstRange(of: Array("xgboost.".utf8)) != nil
    }

    func pickled(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        #if SEPTUM_PYTHON
            let pickled = try Pickled(source, options)
            let inner = try ModelSource(bytes: pickled.buffer, name: source.name)
            let isBinary = Booster.isBinary(inner.bytes)
            var booster: Booster
            var parallel = pickled.parallelTrees ?? 1
            if isBinary {
                booster = try Booster(binary: inner.bytes, keepsStatistics: options.keepsStatistics)
            } else {
                let file = try RecordFile.read(inner.bytes)
                booster = try Booster(file, keepsStatistics: options.keepsStatistics)
                let gradient = try file.member("learner").member("gradient_booster")
                let holder = try gradient.optional("gbtree") ?? gradient
                let parameters = try holder.optional("model")?.optional("gbtree_model_param")
                parallel = try parameters?.optional("num_parallel_tree")?.integer() ?? parallel
            }
            if booster.featureNames.isEmpty, pickled.names.count == booster.featureCount,
                pickled.names != pickled.names.indices.map({ "f\($0)" })
            {
                booster.featureNames = pickled.names
            }
            if pickled.isWrapped { booster = try best(booster, pickled, parallel) }
            var model = try Importer(booster: booster, labels: pickled.labels, isWrapped: pickled.isWrapped)
                .model(named: source.name)
            if options.keepsStatistics { booster.statistics.write(to: &model.metadata) }
            model.provenance = Provenance(format: "xgboost", producer: XGBoostAdapter.producer(booster.version, isBinary))
            return model
        #else
            throw ModelError(.unsupported, "it is a pickle, and this build of Septum has no Python")
        #endif
    }

    #if SEPTUM_PYTHON
        /// The rounds that the wrapper predicts with: those up to the best one where training stopped early.
        ///
        /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/python-package/xgboost/sklearn.py (_get_iteration_range),
        /// https://github.com/dmlc/xgboost/blob/v0.90/python-package/xgboost/sklearn.py (predict, best_ntree_limit)
        private func best(_ booster: Booster, _ pickled: Pickled, _ parallel: Int) throws(ModelError) -> Booster {
            let stored = booster.attributes.first { $0.name == "best_iteration" }.flatMap { Int($0.value) }
            guard let best = pickled.bestIteration ?? stored, best >= 0, best < Int(Int32.max) else {
                guard let limit = pickled.bestTreeLimit, limit > 0, limit < Int(Int32.max) else { return booster }
                return try booster.first(trees: limit * max(1, booster.outputCount))
            }
            let (end, overflow) = (best + 1).multipliedReportingOverflow(by: try booster.treesInRound(parallel: parallel))
            guard !overflow else { throw ModelError(.malformed, "found \(best) as best round") }
            return try booster.first(trees: end)
        }
    #endif
}

import SeptumTensor

/// The binary form of XGBoost 0.6 to 2.x: structures as they lay in memory, one after another.
///
///     ["binf"] or ["CONFIG-offset:", size], learner 136 bytes, objective, booster, trees or weights,
///     attributes when there are any; before 1.0 also a parameter of Poisson regression and the names of metrics
///
/// Source: https://github.com/dmlc/xgboost/blob/v1.7.6/src/learner.cc (LearnerModelParamLegacy, LoadModel, Save),
/// https://github.com/dmlc/xgboost/blob/v0.90/src/learner.cc (Load, Save)
extension Booster {
    /// The prefix of a pickled booster of 1.0 to 1.2: the binary form, then its configuration.
    private static let configured = "CONFIG-offset:"

    /// Whether the bytes start as a learner does, up to the name of its booster.
    static func isBinary(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes.starts(with: "binf".utf8) || bytes.starts(with: configured.utf8) { return true }
        var reader = BinaryReader(bytes)
        do throws(ModelError) {
            let learner = try BinaryLearner(&reader)
            let names = [try reader.string("the objective"), try reader.string("the booster")]
            let areNames = names.allSatisfy { name in
                (1...40).contains(name.utf8.count) && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x3a }
            }
            return (1...1 << 24).contains(learner.featureCount) && learner.baseScore.isFinite && areNames
        } catch {
            return false
        }
    }

    /// Steps over what may stand before the learner; nil when the learner reaches to the end of the file.
    private static func end(of reader: inout BinaryReader) throws(ModelError) -> Int? {
        guard reader.skip(configured) else {
            _ = reader.skip("binf")
            return nil
        }
        let size = try reader.count("bytes of the model")
        let end = reader.position + size
        _ = reader.skip("binf")
        return end
    }

    init(binary bytes: UnsafeRawBufferPointer, keepsStatistics: Bool = false) throws(ModelError) {
        var whole = BinaryReader(bytes)
        let end = try Booster.end(of: &whole)
        var reader = BinaryReader(UnsafeRawBufferPointer(rebasing: bytes[..<(end ?? bytes.count)]))
        _ = try reader.take(whole.position, "bytes")
        let learner = try BinaryLearner(&reader)
        version = learner.version
        guard version.major <= 2 else {
            throw ModelError(.unsupported, "found a binary model of XGBoost \(version), which wrote none")
        }
        objective = try reader.string("the objective")
        let name = try reader.string("the booster")
        featureCount = learner.featureCount
        classCount = learner.classCount
        targetCount = learner.targetCount
        guard (1...1 << 24).contains(featureCount), (0...Booster.outputLimit).contains(classCount),
            (1...Booster.outputLimit).contains(targetCount), classCount <= 1 || targetCount <= 1, learner.baseScore.isFinite
        else {
            throw ModelError(
                .malformed,
                "binary form: found \(featureCount) features, \(classCount) classes, \(targetCount) targets and the base score "
                    + "\(learner.baseScore)")
        }
        let outputCount = max(targetCount, classCount, 1)
        baseScore = [Float](repeating: learner.baseScore, count: outputCount)
        switch name {
        case "gbtree": kind = .trees(try reader.trees(outputCount, keepsStatistics), weights: nil)
        case "dart":
            let trees = try reader.trees(outputCount, keepsStatistics)
            let weights = trees.isEmpty ? [] : try reader.floats("weights of trees")
            guard weights.count == trees.count else {
                throw reader.error("found \(weights.count) weights for \(trees.count) trees")
            }
            kind = .trees(trees, weights: weights)
        case "gblinear":
            // The parameters repeat the learner's, or are zero.
            _ = try reader.take(136, "bytes of parameters")
            let weights = try reader.floats("weights")
            let expected = (featureCount + 1) * outputCount
            guard weights.count == expected else { throw reader.error("found \(weights.count) weights, expected \(expected)") }
            kind = .linear(weights)
        default:
            throw ModelError(.unsupported, "found the booster '\(name.prefix(40))', expected gbtree, dart or gblinear")
        }
        attributes = try reader.attributes(learner)
        if learner.version.major == 0 {
            if objective == "count:poisson" { _ = try reader.string("max_delta_step") }
            if learner.hasMetrics {
                for _ in 0..<(try reader.count("metrics")) { _ = try reader.string("a metric") }
            }
        }
        guard reader.rest == 0 else { throw reader.error("the model ends, the file goes on") }
        (featureNames, featureTypes) = ([], [])
    }
}

/// The parameters of a learner, 136 bytes.
private struct BinaryLearner {
    let baseScore: Float
    let featureCount: Int
    let classCount: Int
    let hasAttributes: Bool
    let hasMetrics: Bool
    /// Zero before 1.0, which wrote none.
    let version: Booster.Version
    /// Written since 1.6.
    let targetCount: Int

    init(_ reader: inout BinaryReader) throws(ModelError) {
        baseScore = try reader.float("the base score")
        featureCount = try reader.uint32("the number of features")
        classCount = try reader.int32("the number of classes")
        hasAttributes = try reader.int32("the parameters of the learner") != 0
        hasMetrics = try reader.int32("the parameters of the learner") != 0
        let (major, minor) = (try reader.uint32("the version"), try reader.uint32("the version"))
        version = Booster.Version(major: major, minor: minor, patch: 0)
        let targets = try reader.uint32("the number of targets")
        targetCount = version < Booster.Version(major: 1, minor: 6, patch: 0) ? 1 : targets
        _ = try reader.take(104, "bytes of the parameters of the learner")
    }
}

extension BinaryReader {
    /// Parameters of 160 bytes, the trees, and for each the output that it adds to.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v1.7.6/src/gbm/gbtree_model.h (GBTreeModelParam),
    /// https://github.com/dmlc/xgboost/blob/v1.7.6/src/gbm/gbtree_model.cc (Load)
    fileprivate mutating func trees(_ outputCount: Int, _ keepsStatistics: Bool) throws(ModelError) -> [BoosterTree] {
        let count = try int32("the number of trees")
        _ = try take(156, "bytes of the parameters of the trees")
        guard count >= 0, count <= rest / BoosterTree.binaryParameterSize else {
            throw error("\(count) trees are announced, the file has \(rest) more bytes")
        }
        var trees: [BoosterTree] = []
        for index in 0..<count { trees.append(try BoosterTree(binary: &self, number: index, keepsStatistics)) }
        let groups = BinaryReader.int32s(try take(count, of: 4, "outputs of trees"))
        for (index, group) in groups.enumerated() {
            guard (0..<outputCount).contains(group) else {
                throw error("tree \(index) adds to output \(group), the model has \(outputCount)")
            }
            trees[index].group = group
        }
        return trees
    }

    /// What the user attached; the library's own entries say nothing of predictions.
    fileprivate mutating func attributes(_ learner: BinaryLearner) throws(ModelError) -> [(name: String, value: String)] {
        guard learner.hasAttributes else { return [] }
        var result: [(name: String, value: String)] = []
        for _ in 0..<(try count("attributes")) {
            let name = try string("an attribute's name")
            let value = try string("the attribute '\(name.prefix(40))'")
            let isOwn =
                ["objective", "metrics", "count_poisson_max_delta_step"].contains(name) || name.hasPrefix("SAVED_PARAM_")
            if !isOwn { result.append((name, value)) }
        }
        return result
    }
}

extension BoosterTree {
    static let binaryParameterSize = 148

    /// Parameters of 148 bytes, then nodes of 20 bytes and their statistics of 16.
    ///
    /// The highest bit of a node's feature tells that missing values go left.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v1.7.6/include/xgboost/tree_model.h (TreeParam, Node, RTreeNodeStat),
    /// https://github.com/dmlc/xgboost/blob/v1.7.6/src/tree/tree_model.cc (Load)
    fileprivate init(binary reader: inout BinaryReader, number: Int, _ keepsStatistics: Bool) throws(ModelError) {
        let roots = try reader.int32("tree \(number)")
        let count = try reader.int32("tree \(number)")
        _ = try reader.take(12, "bytes of the parameters of tree \(number)")
        let width = try reader.int32("tree \(number)")
        _ = try reader.take(124, "bytes of the parameters of tree \(number)")
        guard roots == 1, (0...1).contains(width), count > 0 else {
            throw reader.error(
                "tree \(number) has \(roots) roots, \(count) nodes and leaves of \(width) values, expected 1 root, at least 1 node "
                    + "and 0 or 1 values")
        }
        let fields = BinaryReader.int32s(try reader.take(count, of: 20, "nodes of tree \(number)"))
        let kept = try reader.take(count, of: 16, "statistics of the nodes of tree \(number)")
        func column(_ index: Int) -> [Int] { stride(from: index, to: fields.count, by: 5).map { fields[$0] } }
        let packed = column(3)
        group = 0
        left = column(1)
        right = column(2)
        feature = packed.map { $0 & 0x7fff_ffff }
        defaultLeft = packed.map { $0 < 0 ? 1 : 0 }
        condition = column(4).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
        leafVectors = nil
        categories = [:]
        guard keepsStatistics else {
            statistics = nil
            return
        }
        let numbers = BinaryReader.floats(kept)
        statistics = Statistics(
            gain: stride(from: 0, to: numbers.count, by: 4).map { numbers[$0] },
            cover: stride(from: 1, to: numbers.count, by: 4).map { numbers[$0] })
    }
}

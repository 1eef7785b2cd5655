public import SeptumIR
import SeptumOperators
public import SeptumTensor

/// What a forest of trees is made of: sizes, depths, and how much each feature takes part.
public struct ForestSummary: Sendable {
    /// How a feature takes part in a forest.
    public struct FeatureUse: Sendable {
        public let index: Int
        public let name: String
        /// The number of splits that test it.
        public let splits: Int
        /// The sum over its splits of the gain in training, where the file says it.
        public let gain: Double?
        /// The sum over its splits of the samples or of their weight, where the file says it.
        public let cover: Double?
    }

    /// The node's name in the graph.
    public let name: String
    public let featureCount: Int
    public let outputCount: Int
    public let treeCount: Int
    public let splitCount: Int
    public let leafCount: Int
    /// By depth, from 0 for a lone leaf: the number of trees whose deepest leaf is there.
    public let treesByDepth: [Int]
    /// Those that are tested, the most used first.
    public let features: [FeatureUse]
    let forest: Op.Forest
    let names: [String]?

    /// The forests of a model, in the order of its graph.
    ///
    /// - Throws: nothing in practice; forests were checked when they were made.
    public static func all(_ model: Model) throws(ModelError) -> [ForestSummary] {
        var found: [ForestSummary] = []
        let forests = model.graph.nodes.compactMap { node in (node.op as? Op.Forest).map { (node, $0) } }
        for (node, forest) in forests {
            // Names and statistics are those of the model's own input.
            let isDirect = node.inputs.first.map { id in id.map(model.graph.inputs.contains) ?? false } ?? false
            let names = model.contract?.inputs.first?.features.map(\.name)
            let statistics = forests.count == 1 ? ForestStatistics(model.metadata) : nil
            found.append(
                try ForestSummary(
                    node.name, forest, isDirect && names?.count == forest.featureCount ? names : nil, statistics))
        }
        return found
    }

    private init(
        _ name: String, _ forest: Op.Forest, _ names: [String]?, _ statistics: ForestStatistics?
    ) throws(ModelError) {
        self.name = name
        self.forest = forest
        self.names = names
        featureCount = forest.featureCount
        outputCount = forest.outputCount
        treeCount = forest.layout.treeCount
        splitCount = forest.layout.splitCount
        leafCount = forest.layout.leafCount
        var depths: [Int] = []
        var uses: [Int: Int] = [:]
        for tree in try ForestTrees(forest) {
            var level = [Int](repeating: 0, count: tree.nodes.count)
            for (index, node) in tree.nodes.enumerated() {
                guard case .split(let split) = node else { continue }
                uses[split.feature, default: 0] += 1
                (level[split.left], level[split.right]) = (level[index] + 1, level[index] + 1)
            }
            let depth = level.max() ?? 0
            if depths.count <= depth { depths += [Int](repeating: 0, count: depth + 1 - depths.count) }
            depths[depth] += 1
        }
        treesByDepth = depths
        features = uses.map { index, splits in
            FeatureUse(
                index: index, name: names?[index] ?? "feature \(index)", splits: splits, gain: statistics?.gain[index],
                cover: statistics?.cover[index])
        }.sorted { ($1.gain ?? 0, $1.splits, $0.index) < ($0.gain ?? 0, $0.splits, $1.index) }
    }
}

extension ForestSummary {
    /// The summary as JSON.
    public var json: JSON {
        let uses = features.map { use in
            JSON.object([
                "index": .int(use.index), "name": .string(use.name), "splits": .int(use.splits),
                "gain": use.gain.map { .number("\($0)") } ?? .null, "cover": use.cover.map { .number("\($0)") } ?? .null,
            ])
        }
        return .object([
            "name": .string(name), "trees": .int(treeCount), "splits": .int(splitCount), "leaves": .int(leafCount),
            "features": .int(featureCount), "outputs": .int(outputCount), "treesByDepth": .array(treesByDepth.map(JSON.int)),
            "used": .array(uses),
        ])
    }
}

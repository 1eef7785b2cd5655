import SeptumTensor

/// One tree as its file holds it: arrays over nodes.
///
/// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/tree/tree_model.cc#L1061-L1173
struct BoosterTree {
    /// The output that the tree adds to.
    var group: Int
    let left: [Int]
    let right: [Int]
    let feature: [Int]
    /// The threshold of a split; the value of a leaf, unless leaves are vectors.
    let condition: [Float]
    let defaultLeft: [Int]
    /// The values of each leaf when the tree adds to several outputs.
    let leafVectors: LeafVectors?
    /// The categories of each categorical split by node; they go right.
    let categories: [Int: [Int]]
    /// What training left, when it is asked for and there.
    let statistics: Statistics?

    /// What each node gained by its split, and the sum of second derivatives in it.
    struct Statistics {
        let gain: [Float]
        let cover: [Float]
    }

    /// Leaves with one value for each target.
    struct LeafVectors {
        let width: Int
        let values: [Float]
        /// Where the values of each leaf stand, in units of `width`: the node itself before 3.2, then an index of leaves.
        let place: [Int]
    }

    /// A node that was pruned away carries this feature.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/include/xgboost/tree_model.h (MarkDelete, SplitIndex)
    static let deletedFeature = 0x7fff_ffff

    var nodeCount: Int { left.count }

    func isDeleted(_ node: Int) -> Bool { feature[node] == BoosterTree.deletedFeature }

    init(_ field: Field, group: Int, outputCount: Int, keepsStatistics: Bool) throws(ModelError) {
        self.group = group
        let parameters = try field.member("tree_param")
        let count = try parameters.member("num_nodes").integer()
        let width = try parameters.optional("size_leaf_vector")?.integer() ?? 1
        guard width <= 1 || width == outputCount else {
            throw ModelError(
                .malformed, "found leaves of \(width) values, the model has \(outputCount) outputs",
                attribute: "\(parameters.path).size_leaf_vector")
        }
        left = try field.member("left_children").integers(count: count)
        right = try field.member("right_children").integers(count: count)
        feature = try field.member("split_indices").integers(count: count)
        condition = try field.member("split_conditions").floats(count: count)
        defaultLeft = try field.member("default_left").integers(count: count)
        if width > 1 {
            if let leaves = try field.optional("leaf_weights") {
                leafVectors = LeafVectors(width: width, values: try leaves.floats(), place: right)
            } else {
                let values = try field.member("base_weights").floats()
                leafVectors = LeafVectors(width: width, values: values, place: Array(0..<count))
            }
        } else {
            leafVectors = nil
        }
        categories = try BoosterTree.categories(field, nodeCount: count)
        if keepsStatistics, let gains = try field.optional("loss_changes"), let covers = try field.optional("sum_hessian") {
            statistics = Statistics(gain: try gains.floats(count: count), cover: try covers.floats(count: count))
        } else {
            statistics = nil
        }
    }

    /// Categorical splits, since 1.3; `split_type` is 1 at their nodes.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/tree/tree_model.cc#L952-L1015
    private static func categories(_ field: Field, nodeCount: Int) throws(ModelError) -> [Int: [Int]] {
        guard let types = try field.optional("split_type")?.integers() else { return [:] }
        let nodes = try field.member("categories_nodes").integers()
        let starts = try field.member("categories_segments").integers(count: nodes.count)
        let sizes = try field.member("categories_sizes").integers(count: nodes.count)
        let list = try field.member("categories").integers()
        guard types.count == nodeCount, types.allSatisfy({ $0 == 0 || $0 == 1 }), types.reduce(0, +) == nodes.count else {
            throw ModelError(.malformed, "found types that do not fit the nodes", attribute: "\(field.path).split_type")
        }
        var result: [Int: [Int]] = [:]
        var used = 0
        for (index, node) in nodes.enumerated() {
            let (start, size) = (starts[index], sizes[index])
            guard types.indices.contains(node), types[node] == 1, start >= 0, size > 0, start <= list.count,
                size <= list.count - start, size <= list.count - used,
                result.updateValue(Array(list[start..<start + size]), forKey: node) == nil
            else {
                throw ModelError(
                    .malformed, "the categories of node \(node) are not where they should be",
                    attribute: "\(field.path).categories_nodes")
            }
            used += size
        }
        return result
    }
}

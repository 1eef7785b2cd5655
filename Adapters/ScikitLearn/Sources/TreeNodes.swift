import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// The nodes of one decision tree, as `Tree` holds them.
struct TreeNodes {
    private let estimator: Estimator
    private let left: [Int]
    private let right: [Int]
    private let feature: [Int]
    private let missingLeft: [Int]
    private let threshold: [Double]
    private let values: [Double]
    /// Values of each node: classes or targets.
    let width: Int

    var count: Int { left.count }

    /// - Throws: `malformed` when the arrays do not have one entry a node.
    init(_ estimator: Estimator) throws(ModelError) {
        let tree = try estimator.attribute("tree_")
        func array(_ name: String) throws(ModelError) -> [Int] {
            guard let values = tree[name]?.tensor?.integers else {
                throw estimator.error("found \(tree[name]?.kind ?? "nothing"), expected integers", "tree_.\(name)")
            }
            return values
        }
        (left, right, feature) = (try array("left"), try array("right"), try array("feature"))
        missingLeft = tree["missing_left"]?.isNone == false ? try array("missing_left") : left.map { _ in 0 }
        threshold = try estimator.array(tree["threshold"] ?? .none, "tree_.threshold").array(of: Double.self)
        let value = try estimator.array(tree["value"] ?? .none, "tree_.value")
        let counts = [left.count, right.count, feature.count, missingLeft.count, threshold.count, value.shape.first ?? 0]
        let isOneEach = counts.allSatisfy { $0 == counts[0] }
        guard isOneEach, counts[0] > 0, value.count > 0 else {
            throw estimator.error("found arrays of \(counts) nodes with \(value.shape.dropFirst()) values", "tree_")
        }
        values = try value.array(of: Double.self)
        width = value.count / counts[0]
        self.estimator = estimator
    }

    /// The values of a node.
    func values(_ node: Int) -> ArraySlice<Double> { values[node * width..<(node + 1) * width] }

    /// Adds the nodes to the tree in progress.
    ///
    /// `features` tells which column the tree takes for each of its own, `leaf` what a leaf adds, its values by default.
    func add(
        to builder: inout ForestBuilder, features: [Int]? = nil, leaf: ((Int) -> [Double])? = nil,
        missing: (Bool) -> ForestBuilder.Missing = { .nan(goesLeft: $0) }
    ) throws(ModelError) {
        for node in left.indices {
            guard left[node] >= 0 else {
                if let leaf { try builder.addLeaf(node, leaf(node)) } else { try builder.addLeaf(node, values(node)) }
                continue
            }
            var column = feature[node]
            if let features {
                guard features.indices.contains(column) else {
                    throw estimator.error("node \(node) tests feature \(column) of \(features.count)", "tree_.feature")
                }
                column = features[column]
            }
            try builder.addSplit(
                node, feature: column, test: .threshold(threshold[node]), missing: missing(missingLeft[node] != 0),
                left: left[node], right: right[node])
        }
    }
}

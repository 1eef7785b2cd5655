import SeptumIR
import SeptumTensor

extension TreeEnsemble {
    /// Reads the lists of `TreeEnsembleClassifier` and `TreeEnsembleRegressor`; `stem` is `class` or `target`.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators-ml.md#ai.onnx.ml.TreeEnsembleRegressor
    init(_ form: inout NodeForm, stem: String, outputCount: Int) throws(ModelError) {
        self.outputCount = outputCount
        let modes = try AttributeReader.require(try form.takeStrings("nodes_modes"), "nodes_modes")
        let count = modes.count
        let trees = try TreeEnsemble.list("nodes_treeids", count, &form)
        let ids = try TreeEnsemble.list("nodes_nodeids", count, &form)
        let features = try TreeEnsemble.list("nodes_featureids", count, &form)
        let accepted = try TreeEnsemble.list("nodes_truenodeids", count, &form)
        let rejected = try TreeEnsemble.list("nodes_falsenodeids", count, &form)
        let (values, valueType) = try TreeEnsemble.numbers("nodes_values", &form)
        let missing = try form.takeInts("nodes_missing_value_tracks_true") ?? []
        form.attributes["nodes_hitrates"] = nil
        form.attributes["nodes_hitrates_as_tensor"] = nil
        guard values.count == count, missing.isEmpty || missing.count == count else {
            throw ModelError(.invalidModel, "found \(values.count) numbers, expected \(count)", attribute: "nodes_values")
        }
        type = valueType
        struct Place: Hashable {
            let tree: Int
            let node: Int
        }
        var places: [Place: Int] = [:]
        var (nodeCount, leafCount) = (0, 0)
        for index in 0..<count {
            let isLeaf = modes[index] == "LEAF"
            let reference = isLeaf ? ~leafCount : nodeCount
            if isLeaf { leafCount += 1 } else { nodeCount += 1 }
            guard places.updateValue(reference, forKey: Place(tree: trees[index], node: ids[index])) == nil else {
                throw ModelError(.invalidModel, "tree \(trees[index]) has node \(ids[index]) twice", attribute: "nodes_nodeids")
            }
        }
        func child(_ index: Int, _ id: Int) throws(ModelError) -> Int {
            guard let reference = places[Place(tree: trees[index], node: id)] else {
                throw ModelError(.invalidModel, "tree \(trees[index]), node \(ids[index]): there is no node \(id)")
            }
            return reference
        }
        for index in 0..<count where modes[index] != "LEAF" {
            guard let mode = TreeEnsemble.modes[modes[index]] else {
                throw ModelError(.unsupported, "found '\(modes[index])', which is no mode of a node", attribute: "nodes_modes")
            }
            guard features[index] >= 0, features[index] < 1 << 24 else {
                throw ModelError(.invalidModel, "found feature \(features[index])", attribute: "nodes_featureids")
            }
            nodes.append(
                Node(
                    mode: mode, feature: features[index], threshold: values[index],
                    whenTrue: try child(index, accepted[index]), whenFalse: try child(index, rejected[index]),
                    missingIsTrue: missing.isEmpty ? false : missing[index] == 1))
        }
        leaves = Array(repeating: [], count: leafCount)
        roots = try TreeEnsemble.roots(
            trees.indices.map { (trees[$0], places[Place(tree: trees[$0], node: ids[$0])] ?? 0) }, nodes)
        let targetTrees = try form.takeInts("\(stem)_treeids") ?? []
        let targetNodes = try TreeEnsemble.list("\(stem)_nodeids", targetTrees.count, &form)
        let targets = try TreeEnsemble.list("\(stem)_ids", targetTrees.count, &form)
        let (weights, weightType) = try TreeEnsemble.numbers("\(stem)_weights", &form)
        if weightType == .float64 { type = .float64 }
        guard weights.count == targets.count else {
            throw ModelError(
                .invalidModel, "found \(weights.count) numbers, expected \(targets.count)", attribute: "\(stem)_weights")
        }
        for index in targets.indices {
            guard targets[index] >= 0, targets[index] < outputCount else {
                throw ModelError(
                    .invalidModel, "found \(targets[index]), expected 0 to \(outputCount - 1)", attribute: "\(stem)_ids")
            }
            guard let reference = places[Place(tree: targetTrees[index], node: targetNodes[index])], reference < 0 else {
                throw ModelError(
                    .invalidModel, "tree \(targetTrees[index]) has no leaf \(targetNodes[index])", attribute: "\(stem)_nodeids")
            }
            leaves[~reference].append((targets[index], weights[index]))
        }
        try checkShape()
        baseValues = try TreeEnsemble.numbers("base_values", &form).values
        aggregation = try form.takeString("aggregate_function") ?? "SUM"
    }

    /// Every node has at most one parent, and roots have none: what hangs on a root is a tree.
    func checkShape() throws(ModelError) {
        var isChild = [Bool](repeating: false, count: nodes.count)
        for reference in roots + nodes.flatMap({ [$0.whenTrue, $0.whenFalse] }) where reference >= 0 {
            guard !isChild[reference] else {
                throw ModelError(.invalidModel, "a node has two parents: the nodes are no trees", attribute: "nodes_truenodeids")
            }
            isChild[reference] = true
        }
    }

    static let modes: [String: Node.Mode] = [
        "BRANCH_LEQ": .lessOrEqual, "BRANCH_LT": .less, "BRANCH_GTE": .greaterOrEqual, "BRANCH_GT": .greater, "BRANCH_EQ": .equal,
        "BRANCH_NEQ": .notEqual,
    ]

    static func list(_ name: String, _ count: Int, _ form: inout NodeForm) throws(ModelError) -> [Int] {
        let values = try form.takeInts(name) ?? []
        guard values.count == count else {
            throw ModelError(.invalidModel, "found \(values.count) numbers, expected \(count)", attribute: name)
        }
        return values
    }

    /// A list of float32, or a tensor under the same name with `_as_tensor`.
    static func numbers(_ name: String, _ form: inout NodeForm) throws(ModelError) -> (values: [Double], type: ElementType) {
        if let tensor = try form.takeTensor(name + "_as_tensor"), tensor.count > 0 {
            form.attributes[name] = nil
            return (try doubles(tensor, name), tensor.elementType)
        }
        return ((try form.takeFloats(name) ?? []).map(Double.init), .float32)
    }

    static func doubles(_ tensor: Tensor, _ name: String) throws(ModelError) -> [Double] {
        switch tensor.elementType {
        case .float64: return try tensor.array(of: Double.self)
        case .float32: return try tensor.array(of: Float.self).map(Double.init)
        default: throw ModelError(.unsupported, "found \(tensor.elementType), expected float32 or float64", attribute: name)
        }
    }

    /// The first node of each tree, in the order in which trees are first listed; it is the one that is no child.
    private static func roots(_ listed: [(tree: Int, reference: Int)], _ nodes: [Node]) throws(ModelError) -> [Int] {
        var children: Set<Int> = []
        for node in nodes { children.formUnion([node.whenTrue, node.whenFalse]) }
        var order: [Int] = []
        var seen: Set<Int> = []
        var roots: [Int: Int] = [:]
        for (tree, reference) in listed {
            if seen.insert(tree).inserted { order.append(tree) }
            guard !children.contains(reference) else { continue }
            guard roots.updateValue(reference, forKey: tree) == nil else {
                throw ModelError(.invalidModel, "tree \(tree) has several roots", attribute: "nodes_treeids")
            }
        }
        var result: [Int] = []
        for tree in order {
            guard let root = roots[tree] else {
                throw ModelError(.invalidModel, "tree \(tree) has no root: its nodes form a cycle", attribute: "nodes_treeids")
            }
            result.append(root)
        }
        return result
    }
}

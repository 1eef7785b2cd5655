import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXML

// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/DecisionTreeNode.cxx (GoesRight, ReadAttributes),
// https://github.com/root-project/root/blob/master/tmva/tmva/src/DecisionTree.cxx (CheckEvent)

extension Importer {
    /// The sums of the trees' answers, tree `i` added to output `i % outputs`; without Fisher cuts in one operator.
    ///
    /// Shape: float32 `[batch, variables]` -> float64 `[batch, outputs]`.
    func sums(
        of trees: [XMLElement], _ leaf: LeafValue, weights: [Double]?, outputs: Int, _ event: Graph.ValueID,
        _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let fishers = trees.isEmpty ? [] : try fisherCuts(trees)
        let isPlain = fishers.isEmpty
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(
                comparison: .less, featureType: isPlain ? .float32 : .float64, accumulationType: .float64),
            thresholdType: isPlain ? .float32 : .float64, featureCount: file.variables.count + fishers.count,
            outputCount: outputs)
        var fisherCount = 0
        for (index, tree) in trees.enumerated() {
            do throws(ModelError) {
                try add(tree, leaf, &builder, &fisherCount)
                try builder.endTree(root: 0, output: index % outputs, weight: weights?[index] ?? 1)
            } catch {
                throw error.atNode("tree \(index)", operator: "BinaryTree")
            }
        }
        var table = event
        if !isPlain {
            let offsets = fishers.map { $0.last ?? 0 }
            let columns = try sums(event, start: offsets, coefficients: fishers.map { Array($0.dropLast()) }, &graph)
            table = try graph.apply(Op.Concat(axis: 1), name: "features", try wide(event, &graph), columns)
        }
        return try graph.apply(try builder.forest(), name: "forest", table)
    }

    /// The coefficients of all Fisher cuts, in the order in which `add` meets them.
    private func fisherCuts(_ trees: [XMLElement]) throws(ModelError) -> [[Double]] {
        var found: [[Double]] = []
        for tree in trees {
            try walk(tree) { (node, _, _) throws(ModelError) in
                if case .fisher(let coefficients, _, _, _) = node.kind { found.append(coefficients) }
            }
        }
        return found
    }

    /// Adds one tree. A value at or above the cut goes right where `cType` is 1, left where it is 0; NaN is never above.
    private func add(
        _ tree: XMLElement, _ leaf: LeafValue, _ builder: inout ForestBuilder, _ fisherCount: inout Int
    ) throws(ModelError) {
        try walk(tree) { (node, element, ids) throws(ModelError) in
            let split: (feature: Int, threshold: Double)
            switch node.kind {
            case .leaf(let type):
                try builder.addLeaf(ids.own, try answer(leaf, element, type))
                return
            case .cut(let variable, let value, _, _): split = (variable, Double(value))
            case .fisher(_, let value, _, _):
                // Above the cut is not below the next number.
                split = (file.variables.count + fisherCount, Double(value).nextUp)
                fisherCount += 1
            }
            try builder.addSplit(
                ids.own, feature: split.feature, test: .threshold(split.threshold), missing: .nan(goesLeft: true),
                left: node.selectsAbove ? ids.left : ids.right, right: node.selectsAbove ? ids.right : ids.left)
        }
    }

    private func answer(_ leaf: LeafValue, _ element: XMLElement, _ type: Int) throws(ModelError) -> Double {
        switch leaf {
        case .response: Double(try element.number("res", Float.self))
        case .purity: Double(try DecisionNode.purity(element))
        case .type: Double(type)
        }
    }

    /// Visits the nodes of a tree, parents first, with numbers for a node and those below it.
    private func walk(
        _ tree: XMLElement,
        _ visit: (DecisionNode, XMLElement, (own: Int, left: Int, right: Int)) throws(ModelError) -> Void
    ) throws(ModelError) {
        let roots = Array(tree.children)
        guard tree.name == "BinaryTree", roots.count == 1 else {
            throw tree.error("holds \(roots.count) elements, expected the root of a tree")
        }
        var pending = [(element: roots[0], id: 0)]
        var count = 1
        while let next = pending.popLast() {
            let node = try DecisionNode(next.element, variableCount: file.variables.count)
            try visit(node, next.element, (next.id, count, count + 1))
            switch node.kind {
            case .leaf: break
            case .cut(_, _, let left, let right), .fisher(_, _, let left, let right):
                pending.append((left, count))
                pending.append((right, count + 1))
                count += 2
            }
        }
    }
}

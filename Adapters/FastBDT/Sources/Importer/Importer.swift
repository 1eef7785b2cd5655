import SeptumIR
import SeptumOperators
import SeptumTensor

/// Gives weights their meaning as a graph.
///
/// Source: https://github.com/thomaskeck/FastBDT/blob/master/include/FastBDT.h (Tree::ValueToNode, Forest::GetF, Forest::Analyse),
/// https://github.com/thomaskeck/FastBDT/blob/master/src/Classifier.cxx (Classifier::predict)
struct Importer {
    let text: WeightText
    let variables: [String]?
    let name: String

    func model() throws(ModelError) -> Model {
        let count = try featureCount()
        var graph = Graph(name: "fastbdt")
        let input = try graph.addInput("X", .tensor(.float32, ["batch", .fixed(count)]))
        func number(_ value: Double) throws(ModelError) -> Graph.ValueID { try graph.addConstant(try Tensor([], [value])) }
        // The sum starts from F0 / shrinkage, and the whole is multiplied with the shrinkage.
        let sum = try graph.apply(try forest(count), name: "forest", input)
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        let margin = try graph.apply(
            Op.Mul(), name: "margin", try graph.apply(Op.Squeeze(), name: "flat", sum, axis), try number(text.shrinkage))
        var answer = margin
        if text.givesProbability {
            let power = try graph.apply(
                Op.Exp(), name: "power", try graph.apply(Op.Mul(), name: "falling", try number(-2), margin))
            let denominator = try graph.apply(Op.Add(), name: "denominator", try number(1), power)
            answer = try graph.apply(Op.Div(), name: "probability", try number(1), denominator)
        }
        try graph.addOutput(try graph.apply(Op.Cast(to: .float32), name: "narrow", answer), name: "prediction")
        try graph.addOutput(margin, name: "margin")
        let contract = variables.map { names in
            InputContract(
                name: name,
                inputs: [
                    InputContract.Input(tensor: "X", features: names.map { InputContract.Feature(name: $0, missing: .keep) })
                ])
        }
        return Model(graph: graph, contract: contract)
    }

    private func featureCount() throws(ModelError) -> Int {
        let used = text.trees.reduce(0) { most, tree in tree.cuts.reduce(most) { max($0, $1.isValid ? $1.feature : 0) } }
        let count = text.featureCount ?? variables?.count ?? used &+ 1
        guard (1...1 << 16).contains(count), used < count, variables == nil || variables?.count == count else {
            throw ModelError(
                .malformed,
                "found \(count) features, of which feature \(used) is cut on, and \(variables?.count ?? count) variables")
        }
        return count
    }

    private func forest(_ count: Int) throws(ModelError) -> Op.Forest {
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: .less, featureType: .float32, accumulationType: .float64),
            thresholdType: .float32, featureCount: count, outputCount: 1)
        for tree in text.trees { try add(tree, &builder) }
        return try builder.forest(baseScore: [text.initial / text.shrinkage])
    }

    /// Where a feature is NaN the node itself answers: the first split on each feature of a path is preceded by one that only NaN
    /// passes, as nothing else is below minus infinity.
    private func add(_ tree: WeightText.Tree, _ builder: inout ForestBuilder) throws(ModelError) {
        func cut(_ node: Int) -> WeightText.Cut? {
            tree.cuts.indices.contains(node - 1) && tree.cuts[node - 1].isValid ? tree.cuts[node - 1] : nil
        }
        /// The number of what a path meets first at a node.
        func entry(_ node: Int, _ known: Set<Int>) -> Int {
            guard let cut = cut(node), !known.contains(cut.feature) else { return 4 * node }
            return 4 * node + 1
        }
        var pending = [(node: 1, known: Set<Int>())]
        while let (node, known) = pending.popLast() {
            guard let cut = cut(node) else {
                try builder.addLeaf(4 * node, Double(tree.weights[node - 1]), label: node - 1)
                continue
            }
            if !known.contains(cut.feature) {
                try builder.addSplit(
                    4 * node + 1, feature: cut.feature, test: .threshold(-.infinity), missing: .nan(goesLeft: true),
                    left: 4 * node + 2, right: 4 * node)
                try builder.addLeaf(4 * node + 2, Double(tree.weights[node - 1]), label: node - 1)
            }
            let both = known.union([cut.feature])
            try builder.addSplit(
                4 * node, feature: cut.feature, test: .threshold(Double(cut.value)), missing: .nan(goesLeft: false),
                left: entry(2 * node, both), right: entry(2 * node + 1, both))
            pending += [(2 * node + 1, both), (2 * node, both)]
        }
        try builder.endTree(root: entry(1, []))
    }
}

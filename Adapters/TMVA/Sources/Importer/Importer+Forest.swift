import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXML

// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodBDT.cxx (ProcessOptions, ReadWeightsFromXML,
// PrivateGetMvaValue, GetMulticlassValues, GetRegressionValues)

extension Importer {
    private static let boostTypes: Set<String> = ["AdaBoost", "RealAdaBoost", "AdaCost", "AdaBoostR2", "Bagging", "Grad"]

    /// What a leaf answers.
    enum LeafValue {
        case response, purity
        /// 1 for signal, -1 for background.
        case type
    }

    func forest(_ event: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Scores {
        let boost = file.options["BoostType"] ?? (file.analysis == .regression ? "AdaBoostR2" : "AdaBoost")
        guard Importer.boostTypes.contains(boost) else {
            throw ModelError(
                .unsupported, "found the boost type '\(boost.prefix(40))'",
                remedy: "known are " + Importer.boostTypes.sorted().joined(separator: ", "), attribute: "BoostType")
        }
        guard try !file.options.flag("DoPreselection", default: false) else {
            throw ModelError(
                .unsupported, "the trees are applied after a preselection", remedy: "train with DoPreselection=False",
                attribute: "DoPreselection")
        }
        let trees = file.weights.children(named: "BinaryTree")
        guard try file.weights.integer("NTrees") == trees.count, !trees.isEmpty else {
            throw file.weights.error("has NTrees=\"\(try file.weights.string("NTrees"))\", but holds \(trees.count) trees")
        }
        var weights: [Double] = []
        for tree in trees { weights.append(Double(try tree.number("boostWeight", Float.self))) }
        switch file.analysis {
        case .multiclass: return try multiclass(trees, event, &graph)
        case .regression: return try regression(trees, weights, boost, event, &graph)
        case .classification where boost == "Grad":
            let sum = try sums(of: trees, try leafValue(yesNo: false), weights: nil, outputs: 1, event, &graph)
            let margin = try flat(sum, &graph)
            return Scores(prediction: try gradientLink(margin, &graph), margin: margin)
        case .classification:
            let yesNo = try file.options.flag("UseYesNoLeaf", default: true) && boost != "RealAdaBoost" && boost != "AdaCost"
            let leaf = try leafValue(yesNo: yesNo)
            let sum = try sums(of: trees, leaf, weights: weights, outputs: 1, event, &graph)
            return Scores(prediction: try flat(try mean(sum, weights, &graph), &graph))
        }
    }

    /// Trees that are marked as regression trees, as all gradient boosted ones are, answer with their response.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/DecisionTree.cxx (CheckEvent)
    private func leafValue(yesNo: Bool) throws(ModelError) -> LeafValue {
        let type = try file.weights.integer(file.weights.has("TreeType") ? "TreeType" : "AnalysisType")
        guard (0...3).contains(type) else {
            throw file.weights.error("has the AnalysisType \(type), expected 0 to 3")
        }
        return type == 1 ? .response : yesNo ? .type : .purity
    }

    /// `2 / (1 + exp(-2 x)) - 1`
    private func gradientLink(_ margin: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let falling = try graph.apply(Op.Mul(), name: "falling", margin, try number(-2.0, &graph))
        let sum = try graph.apply(
            Op.Add(), name: "denominator", try graph.apply(Op.Exp(), name: "power", falling), try number(1.0, &graph))
        let ratio = try graph.apply(Op.Div(), name: "ratio", try number(2.0, &graph), sum)
        return try graph.apply(Op.Sub(), name: "link", ratio, try number(1.0, &graph))
    }

    private func mean(
        _ sum: Graph.ValueID, _ weights: [Double], _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let norm = weights.reduce(0, +)
        guard norm > Double.ulpOfOne else {
            throw ModelError(.unsupported, "the weights of the trees add up to \(norm), for which TMVA answers 0 to everything")
        }
        return try graph.apply(Op.Div(), name: "mean", sum, try number(norm, &graph))
    }

    private func multiclass(
        _ trees: [XMLElement], _ event: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Scores {
        let count = file.classes.count
        guard count > 0, trees.count % count == 0 else {
            throw file.weights.error("holds \(trees.count) trees, expected as many for each of the \(count) classes")
        }
        let margin = try sums(of: trees, try leafValue(yesNo: false), weights: nil, outputs: count, event, &graph)
        return Scores(prediction: try shares(margin, &graph), margin: margin)
    }

    private func regression(
        _ trees: [XMLElement], _ weights: [Double], _ boost: String, _ event: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Scores {
        let leaf = try leafValue(yesNo: false)
        let value: Graph.ValueID
        switch boost {
        case "AdaBoostR2":
            let answers = try sums(of: trees, leaf, weights: nil, outputs: trees.count, event, &graph)
            value = try median(answers, weights, &graph)
        case "Grad":
            let sum = try sums(of: trees, leaf, weights: nil, outputs: 1, event, &graph)
            value = try graph.apply(Op.Add(), name: "shifted", sum, try number(weights[0], &graph))
        default:
            value = try mean(try sums(of: trees, leaf, weights: weights, outputs: 1, event, &graph), weights, &graph)
        }
        return Scores(prediction: try targets(try narrow(value, &graph), count: 1, &graph))
    }

    /// The mean of the answers around the weighted median, a third of all trees wide.
    ///
    /// Answers are sorted; `t` is the first place where the weights up to it add up to more than half, and those from
    /// `t - n/6 - 1` up to `t + n/6` are averaged, added one after another.
    private func median(
        _ answers: Graph.ValueID, _ weights: [Double], _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        guard weights.allSatisfy({ $0 > 0 }) else {
            throw ModelError(.unsupported, "a tree has a weight that is not positive, which no weighted median allows")
        }
        let count = weights.count
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        let all = try graph.addConstant(try Tensor([1], [Int64(count)]))
        let sorted = try graph.append(
            Op.TopK(axis: 1, takesLargest: false), name: "sorted", inputs: [answers, all], outputs: ["sorted", "order"])
        let table = try graph.addConstant(try Tensor([count], weights))
        let scalarAxis = try graph.addConstant(try Tensor([], [Int64(1)]))
        let cumulated = try graph.apply(
            Op.CumSum(), name: "cumulated", try graph.apply(Op.Gather(axis: 0), name: "weights", table, sorted[1]), scalarAxis)
        let half = try number(weights.reduce(0, +) / 2, &graph)
        let below = try graph.apply(
            Op.Cast(to: .float64), name: "below", try graph.apply(Op.LessOrEqual(), name: "is_below", cumulated, half))
        let before = try graph.apply(Op.ReduceSum(), name: "before", below, axis)
        // before = t - 1, in places from zero.
        let places = try graph.addConstant(try Tensor([1, count], (0..<count).map(Double.init)))
        let low = try graph.apply(Op.Sub(), name: "low", before, try number(Double(count / 6), &graph))
        let high = try graph.apply(Op.Add(), name: "high", before, try number(Double(count / 6), &graph))
        let isInside = try graph.apply(
            Op.And(), name: "is_inside", try graph.apply(Op.GreaterOrEqual(), name: "above_low", places, low),
            try graph.apply(Op.LessOrEqual(), name: "below_high", places, high))
        let chosen = try graph.apply(Op.Where(), name: "chosen", isInside, sorted[0], try number(0.0, &graph))
        let totals = try graph.apply(Op.CumSum(), name: "totals", chosen, scalarAxis)
        let sum = try columns([count - 1], of: totals, &graph)
        let number = try graph.apply(
            Op.ReduceSum(), name: "number", try graph.apply(Op.Cast(to: .float64), name: "inside", isInside), axis)
        return try graph.apply(Op.Div(), name: "median", sum, number)
    }
}

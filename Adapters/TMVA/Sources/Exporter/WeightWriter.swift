import SeptumIR
import SeptumOperators
import SeptumTensor

/// Writes a forest as TMVA writes its own.
///
/// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodBase.cxx (WriteStateToXML),
/// MethodBDT.cxx (AddWeightsXMLTo), DecisionTreeNode.cxx (AddAttributesToNode)
struct WeightWriter {
    private let model: Model
    private let forest: Op.Forest
    private let link: ForestModel.Link
    private let isColumn: Bool
    private let nodes: Nodes
    private var lines: [String] = []

    /// The forest's lists, as Swift holds them.
    private struct Nodes {
        let feature: [Int32]
        let cut: [Float]
        let left: [Int32]
        let right: [Int32]
        let root: [Int32]
        let values: [Double]
        let weights: [Double]
        let base: Double
    }

    init(_ model: Model) throws(ModelError) {
        let found = try ForestModel(model.graph)
        self.model = model
        (forest, link, isColumn) = (found.forest, found.link, found.isColumn)
        nodes = try WeightWriter.nodes(found.forest)
    }

    private static func nodes(_ forest: Op.Forest) throws(ModelError) -> Nodes {
        func refuse(_ why: String) -> ModelError { ModelError(.unsupported, "TMVA cannot hold this forest: \(why)") }
        let flags = try forest.layout.flags.array(of: UInt8.self).map(Op.Forest.Flags.init(rawValue:))
        guard !flags.contains(where: { !$0.isDisjoint(with: [.equality, .category, .zeroIsMissing]) }) else {
            throw refuse("a split tests for equality or categories, or takes zero for a missing value")
        }
        func numbers(_ tensor: Tensor) throws(ModelError) -> [Double] {
            tensor.elementType == .float32 ? try tensor.array(of: Float.self).map(Double.init) : try tensor.array(of: Double.self)
        }
        // TMVA's variables and cuts are float32: for such a variable `x < cut` decides as the split does.
        var cuts: [Float] = []
        for (index, threshold) in try numbers(forest.layout.threshold).enumerated() {
            var cut = Float(threshold)
            switch forest.rules.comparison {
            case .less: if Double(cut) < threshold { cut = cut.nextUp }
            case .lessOrEqual:
                if Double(cut) > threshold { cut = cut.nextDown }
                cut = cut.nextUp
            }
            guard cut.isFinite else { throw refuse("the threshold \(threshold) of split \(index) is too large for float32") }
            cuts.append(cut)
        }
        let values = try numbers(forest.layout.leafValue)
        let weights = try forest.layout.weight.map { tensor throws(ModelError) in try numbers(tensor) }
        let base = try forest.baseScore.map { tensor throws(ModelError) in try numbers(tensor) }?.first ?? 0
        guard values.allSatisfy({ Float($0).isFinite }), weights?.allSatisfy({ Float($0).isFinite }) ?? true, Float(base).isFinite
        else { throw refuse("a leaf, a weight or the base score is not finite") }
        return Nodes(
            feature: try forest.layout.feature.array(), cut: cuts, left: try forest.layout.left.array(),
            right: try forest.layout.right.array(), root: try forest.layout.root.array(), values: values,
            weights: weights ?? [Double](repeating: 1, count: forest.layout.treeCount), base: base)
    }

    /// The whole file.
    mutating func text() throws(ModelError) -> String {
        lines = ["<?xml version=\"1.0\"?>"]
        switch link {
        case .gradient: try write("Grad", isRegression: false, scale: 1)
        case .logistic(let steepness): try write("Grad", isRegression: false, scale: steepness / 2)
        case .identity where forest.rules.divisor == 1: try write("Grad", isRegression: true, scale: 1)
        case .identity: try writeMean(Double(forest.rules.divisor), isRegression: true)
        case .mean(let norm): try writeMean(norm, isRegression: isColumn)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Trees

    /// Gradient boosting: the weight of a tree is part of its leaves, the base score a tree of one leaf.
    private mutating func write(_ boost: String, isRegression: Bool, scale: Double) throws(ModelError) {
        guard forest.rules.divisor == 1 else {
            throw ModelError(.unsupported, "TMVA cannot hold this model: it averages its trees before a link")
        }
        let count = nodes.root.count + (nodes.base == 0 ? 0 : 1)
        head(boost, isRegression: isRegression, trees: count, marksRegression: true, yesNo: false)
        var index = 0
        func leaf(_ value: Double) -> String { WeightWriter.leaf(value * scale, 0.5, -99) }
        let base = nodes.base == 0 ? nil : leaf(nodes.base)
        if let base, forest.rules.baseScoreOrder == .beforeTrees { single(base, &index) }
        for tree in nodes.root.indices {
            let weight = nodes.weights[tree]
            openTree(isRegression ? 0 : 1, &index)
            walk(nodes.root[tree]) { leaf($0 * weight) }
            lines.append("    </BinaryTree>")
        }
        if let base, forest.rules.baseScoreOrder == .afterTrees { single(base, &index) }
        foot()
    }

    private mutating func single(_ leaf: String, _ index: inout Int) {
        openTree(0, &index)
        lines.append("      <Node pos=\"s\" depth=\"0\"\(leaf)/>")
        lines.append("    </BinaryTree>")
    }

    /// A weighted mean: its divisor must be the sum of the weights.
    private mutating func writeMean(_ norm: Double, isRegression: Bool) throws(ModelError) {
        let sum = nodes.weights.reduce(0, +)
        guard sum == norm, nodes.base == 0, isRegression || forest.rules.divisor == 1,
            nodes.weights.allSatisfy({ Double(Float($0)) == $0 })
        else {
            throw ModelError(
                .unsupported,
                "TMVA cannot hold this model: it divides by \(norm), where TMVA divides by the sum of weights \(sum)")
        }
        let isYesNo = !isRegression && nodes.values.allSatisfy { abs($0) == 1 }
        head(
            isRegression ? "Bagging" : "AdaBoost", isRegression: isRegression, trees: nodes.root.count,
            marksRegression: isRegression, yesNo: isYesNo)
        var index = 0
        for tree in nodes.root.indices {
            openTree(nodes.weights[tree], &index)
            walk(nodes.root[tree]) { value in
                isRegression
                    ? WeightWriter.leaf(value, 0.5, -99) : WeightWriter.leaf(-99, isYesNo ? 0.5 : value, value > 0 ? 1 : -1)
            }
            lines.append("    </BinaryTree>")
        }
        foot()
    }

    private mutating func openTree(_ weight: Double, _ index: inout Int) {
        lines.append("    <BinaryTree type=\"DecisionTree\" boostWeight=\"\(Float(weight))\" itree=\"\(index)\">")
        index += 1
    }

    private static func leaf(_ value: Double, _ purity: Double, _ type: Int) -> String {
        " NCoef=\"0\" IVar=\"-1\" Cut=\"0\" cType=\"1\" res=\"\(Float(value))\" rms=\"0\" purity=\"\(Float(purity))\" nType=\"\(type)\""
    }

    /// Writes the nodes below a reference; a step of the walk opens a node or closes one.
    private mutating func walk(_ root: Int32, _ leaf: (Double) -> String) {
        enum Step {
            case open(Int32, Character, Int)
            case close(Int)
        }
        var steps = [Step.open(root, "s", 0)]
        while let step = steps.popLast() {
            switch step {
            case .close(let depth): lines.append(String(repeating: "  ", count: depth + 3) + "</Node>")
            case .open(let node, let place, let depth):
                let start = String(repeating: "  ", count: min(depth, 64) + 3) + "<Node pos=\"\(place)\" depth=\"\(depth)\""
                guard node >= 0 else {
                    lines.append(start + leaf(nodes.values[Int(~node)]) + "/>")
                    continue
                }
                let split = Int(node)
                lines.append(
                    start + " NCoef=\"0\" IVar=\"\(nodes.feature[split])\" Cut=\"\(nodes.cut[split])\" cType=\"1\" res=\"-99\" "
                        + "rms=\"0\" purity=\"0.5\" nType=\"0\">")
                steps += [
                    .close(min(depth, 64)), .open(nodes.right[split], "r", depth + 1), .open(nodes.left[split], "l", depth + 1),
                ]
            }
        }
    }

    // MARK: What stands around them

    private mutating func head(
        _ boost: String, isRegression: Bool, trees: Int, marksRegression: Bool, yesNo: Bool
    ) {
        let features = model.contract?.inputs.first?.features.map(\.name) ?? []
        let names = features.count == forest.featureCount ? features : (0..<forest.featureCount).map { "x\($0)" }
        let title = WeightWriter.escaped(model.contract?.name ?? "Septum")
        lines += [
            "<MethodSetup Method=\"BDT::\(title)\">", "  <GeneralInfo>",
            "    <Info name=\"TMVA Release\" value=\"4.2.1 [262657]\"/>",
            "    <Info name=\"ROOT Release\" value=\"6.32/00 [401408]\"/>", "    <Info name=\"Creator\" value=\"Septum\"/>",
            "    <Info name=\"AnalysisType\" value=\"\(isRegression ? "Regression" : "Classification")\"/>", "  </GeneralInfo>",
            "  <Options>", "    <Option name=\"VarTransform\" modified=\"No\">None</Option>",
            "    <Option name=\"NTrees\" modified=\"Yes\">\(trees)</Option>",
            "    <Option name=\"BoostType\" modified=\"Yes\">\(boost)</Option>",
            "    <Option name=\"UseYesNoLeaf\" modified=\"Yes\">\(yesNo ? "True" : "False")</Option>",
            "    <Option name=\"DoPreselection\" modified=\"No\">False</Option>", "  </Options>",
            "  <Variables NVar=\"\(names.count)\">",
        ]
        for (index, name) in names.enumerated() {
            let text = WeightWriter.escaped(name)
            let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            let unit = features.count == names.count ? model.contract?.inputs.first?.features[index].unit ?? "" : ""
            lines.append(
                "    <Variable VarIndex=\"\(index)\" Expression=\"\(text)\" Label=\"\(text)\" Title=\"\(text)\" "
                    + "Unit=\"\(WeightWriter.escaped(unit))\" Internal=\"\(plain)\" Type=\"F\" Min=\"0\" Max=\"0\"/>")
        }
        lines += ["  </Variables>", "  <Spectators NSpec=\"0\"/>"]
        if isRegression {
            lines += [
                "  <Classes NClass=\"1\">", "    <Class Name=\"Regression\" Index=\"0\"/>", "  </Classes>",
                "  <Targets NTrgt=\"1\">",
                "    <Target TargetIndex=\"0\" Expression=\"target\" Label=\"target\" Title=\"target\" Unit=\"\" Internal=\"target\" "
                    + "Type=\"F\" Min=\"0\" Max=\"0\"/>",
                "  </Targets>",
            ]
        } else {
            lines += [
                "  <Classes NClass=\"2\">", "    <Class Name=\"Signal\" Index=\"0\"/>",
                "    <Class Name=\"Background\" Index=\"1\"/>",
                "  </Classes>",
            ]
        }
        lines += [
            "  <Transformations NTransformations=\"0\"/>", "  <MVAPdfs/>",
            "  <Weights NTrees=\"\(trees)\" AnalysisType=\"\(marksRegression ? 1 : 0)\">",
        ]
    }

    private mutating func foot() { lines += ["  </Weights>", "</MethodSetup>"] }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case _ where character.isNewline || character == "\t": " "
            default: String(character)
            }
        }.joined()
    }
}

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
    private let output: ForestReading.Output
    private let trees: [ForestTree]
    private let base: Double
    private var lines: [String] = []

    /// - Throws: `unsupported` naming what TMVA cannot express.
    init(_ model: Model, _ options: ExportOptions) throws(ModelError) {
        let reading: ForestReading
        do throws(ModelError) {
            reading = try ForestReading(model, outputs: options.outputs, allowing: [.rounding, .answers])
            output = try reading.singleOutput()
        } catch {
            throw ModelError(error.code, "TMVA cannot hold this model: \(error.message)", remedy: error.remedy)
        }
        self.model = model
        forest = reading.forest
        guard reading.linearLeaves == nil, forest.outputCount == 1, forest.rules.aggregation == .sum, forest.layout.treeCount > 0
        else {
            throw WeightWriter.refusal(
                "it has \(forest.outputCount) outputs and \(forest.layout.treeCount) trees"
                    + (reading.linearLeaves == nil ? "" : " of linear leaves"))
        }
        base = try forest.baseScore?.realNumbers().first ?? 0
        trees = Array(try ForestTrees(forest))
        guard Float(base).isFinite, trees.allSatisfy({ Float($0.weight).isFinite }) else {
            throw WeightWriter.refusal("a weight or the base score is not finite")
        }
    }

    private static func refusal(_ why: String) -> ModelError {
        ModelError(
            .unsupported, "TMVA cannot hold this model: \(why)",
            remedy:
                "it holds one forest of one output, straight from the inputs, with an identity, mean, logistic or gradient link")
    }

    /// The whole file.
    mutating func text() throws(ModelError) -> String {
        lines = ["<?xml version=\"1.0\"?>"]
        switch output.link {
        case .symmetricSigmoid(let steepness) where output.divisor == 1:
            try write("Grad", isRegression: false, scale: steepness / 2)
        case .sigmoid(let steepness) where output.divisor == 1 && !output.isPair:
            try write("Grad", isRegression: false, scale: steepness / 2)
        case .identity where output.divisor != 1: try writeMean(output.divisor, isRegression: !output.isVector)
        case .identity where forest.rules.divisor == 1: try write("Grad", isRegression: true, scale: 1)
        case .identity: try writeMean(Double(forest.rules.divisor), isRegression: true)
        default: throw WeightWriter.refusal("its link is not known")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Trees

    /// Gradient boosting: the weight of a tree is part of its leaves, the base score a tree of one leaf.
    private mutating func write(_ boost: String, isRegression: Bool, scale: Double) throws(ModelError) {
        guard forest.rules.divisor == 1 else { throw WeightWriter.refusal("it averages its trees before a link") }
        head(
            boost, isRegression: isRegression, trees: trees.count + (base == 0 ? 0 : 1), marksRegression: true, yesNo: false)
        func leaf(_ value: Double) -> String { WeightWriter.leaf(value * scale, 0.5, -99) }
        var index = 0
        if base != 0, forest.rules.baseScoreOrder == .beforeTrees { single(leaf(base), &index) }
        for tree in trees {
            openTree(isRegression ? 0 : 1, &index)
            try walk(tree) { leaf($0 * tree.weight) }
            lines.append("    </BinaryTree>")
        }
        if base != 0, forest.rules.baseScoreOrder == .afterTrees { single(leaf(base), &index) }
        foot()
    }

    private mutating func single(_ leaf: String, _ index: inout Int) {
        openTree(0, &index)
        lines.append("      <Node pos=\"s\" depth=\"0\"\(leaf)/>")
        lines.append("    </BinaryTree>")
    }

    /// A weighted mean: its divisor must be the sum of the weights.
    private mutating func writeMean(_ norm: Double, isRegression: Bool) throws(ModelError) {
        let sum = trees.reduce(0) { $0 + $1.weight }
        guard sum == norm, base == 0, isRegression || forest.rules.divisor == 1,
            trees.allSatisfy({ Double(Float($0.weight)) == $0.weight })
        else { throw WeightWriter.refusal("it divides by \(norm), where TMVA divides by the sum of weights \(sum)") }
        let isYesNo = !isRegression && trees.allSatisfy { $0.leafValues.allSatisfy { abs($0) == 1 } }
        head(
            isRegression ? "Bagging" : "AdaBoost", isRegression: isRegression, trees: trees.count,
            marksRegression: isRegression, yesNo: isYesNo)
        var index = 0
        for tree in trees {
            openTree(tree.weight, &index)
            try walk(tree) { value in
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

    /// Writes the nodes of a tree; a step of the walk opens a node or closes one.
    private mutating func walk(_ tree: ForestTree, _ leaf: (Double) -> String) throws(ModelError) {
        enum Step {
            case open(Int, Character, Int)
            case close(Int)
        }
        var steps = [Step.open(0, "s", 0)]
        while let step = steps.popLast() {
            switch step {
            case .close(let depth): lines.append(String(repeating: "  ", count: depth + 3) + "</Node>")
            case .open(let node, let place, let depth):
                let start = String(repeating: "  ", count: min(depth, 64) + 3) + "<Node pos=\"\(place)\" depth=\"\(depth)\""
                switch tree.nodes[node] {
                case .leaf(let own):
                    guard let value = own.values.first, Float(value).isFinite else {
                        throw WeightWriter.refusal("a leaf is not finite")
                    }
                    lines.append(start + leaf(value) + "/>")
                case .split(let split):
                    lines.append(
                        start + " NCoef=\"0\" IVar=\"\(split.feature)\" Cut=\"\(try cut(split))\" cType=\"1\" res=\"-99\" "
                            + "rms=\"0\" purity=\"0.5\" nType=\"0\">")
                    steps += [
                        .close(min(depth, 64)), .open(split.right, "r", depth + 1), .open(split.left, "l", depth + 1),
                    ]
                }
            }
        }
    }

    /// TMVA's variables and cuts are float32: for such a variable `x < cut` decides as the split does.
    private func cut(_ split: ForestTree.Split) throws(ModelError) -> Float {
        guard case .threshold(let threshold) = split.test else {
            throw WeightWriter.refusal("a split tests for equality or categories")
        }
        if case .nanAndZero = split.missing { throw WeightWriter.refusal("a split takes zero for a missing value") }
        var cut = Float(threshold)
        switch forest.rules.comparison {
        case .less: if Double(cut) < threshold { cut = cut.nextUp }
        case .lessOrEqual:
            if Double(cut) > threshold { cut = cut.nextDown }
            cut = cut.nextUp
        }
        guard cut.isFinite else { throw WeightWriter.refusal("the threshold \(threshold) is too large for float32") }
        return cut
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

extension ForestTree {
    fileprivate var leafValues: [Double] {
        var values: [Double] = []
        for case .leaf(let leaf) in nodes { values += leaf.values }
        return values
    }
}

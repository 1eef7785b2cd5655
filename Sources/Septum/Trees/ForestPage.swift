import SeptumIR
import SeptumOperators
public import SeptumTensor

/// A page of HTML that draws the trees of a forest, with everything it needs inside.
public struct ForestPage {
    /// Later trees are left out once so many nodes are written.
    private static let nodeLimit = 200_000
    /// More categories of a split are not listed.
    private static let categoryLimit = 16

    private let summary: ForestSummary
    private let title: String

    public init(_ summary: ForestSummary, title: String) {
        self.summary = summary
        self.title = title
    }

    /// The page.
    ///
    /// - Throws: nothing in practice; forests were checked when they were made.
    public func html() throws(ModelError) -> String {
        var trees: [JSON] = []
        var count = 0
        for tree in try ForestTrees(summary.forest) {
            count += tree.nodes.count
            guard count <= ForestPage.nodeLimit else { break }
            let nodes = tree.nodes.map { node in
                switch node {
                case .leaf(let leaf): JSON.array([.string(leaf.values.map { "\($0)" }.joined(separator: ", "))])
                case .split(let split): JSON.array(words(split) + [.int(split.left), .int(split.right)])
                }
            }
            trees.append(.object(["output": .int(tree.output), "weight": .string("\(tree.weight)"), "nodes": .array(nodes)]))
        }
        let data = JSON.object(["count": .int(summary.treeCount), "trees": .array(trees)])
        // Within a script only these could end it or change how it is read.
        let text = data.description.replacing("<", with: "\\u003c").replacing("\u{2028}", with: "\\u2028")
            .replacing("\u{2029}", with: "\\u2029")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(ForestPage.escaped(title))</title>
            <style>\(ForestPage.style)</style></head><body>
            <h1>\(ForestPage.escaped(title))</h1>
            \(overview)
            <p><label>Tree <input id="number" type="number" min="0" max="\(max(0, trees.count - 1))" value="0"></label>
            <button id="before">previous</button> <button id="after">next</button> <span id="about"></span></p>
            <p class="note">Values that pass a test go left. The branch with a dot takes missing values. Click a node to fold what is
            below it.\(trees.count < summary.treeCount ? " Only the first \(trees.count) trees are drawn." : "")</p>
            <div id="view"></div>
            <script id="data" type="application/json">\(text)</script>
            <script>\(ForestPage.script)</script>
            </body></html>

            """
    }

    /// The test in words, and the side of missing values: 1 left, 0 right, -1 none.
    private func words(_ split: ForestTree.Split) -> [JSON] {
        let name = summary.names?[split.feature] ?? "x[\(split.feature)]"
        let sign = summary.forest.rules.comparison == .less ? "<" : "≤"
        func list(_ categories: [Int]) -> String {
            let shown = categories.prefix(ForestPage.categoryLimit).map(String.init)
            return "{" + (shown + (shown.count < categories.count ? ["…"] : [])).joined(separator: ", ") + "}"
        }
        let isFloat = summary.forest.layout.threshold.elementType == .float32
        func number(_ value: Double) -> String { isFloat ? "\(Float(value))" : "\(value)" }
        let test =
            switch split.test {
            case .threshold(let value): "\(sign) \(number(value))"
            case .equals(let value): "= \(number(value))"
            case .categoriesLeft(let categories): "in \(list(categories))"
            case .categoriesRight(let categories): "not in \(list(categories))"
            }
        let missing =
            switch split.missing {
            case .nan(let goesLeft), .nanAndZero(let goesLeft): goesLeft ? 1 : 0
            case .nothing: -1
            }
        return [.string(name), .string(test), .int(missing)]
    }

    private var overview: String {
        let deepest = max(1, summary.treesByDepth.max() ?? 1)
        let depths = summary.treesByDepth.enumerated().filter { $0.element > 0 }.map { depth, count in
            "<tr><td>depth \(depth)</td><td>\(count)</td><td><i style=\"width:\(count * 160 / deepest)px\"></i></td></tr>"
        }
        let hasGain = summary.features.contains { $0.gain != nil }
        let weights = summary.features.map { $0.gain ?? Double($0.splits) }
        let largest = max(weights.max() ?? 1, .leastNormalMagnitude)
        let uses = zip(summary.features, weights).prefix(100).map { use, weight in
            let statistics = hasGain ? "<td>\(ForestPage.short(use.gain))</td><td>\(ForestPage.short(use.cover))</td>" : ""
            let width = weight.isFinite && largest.isFinite ? max(0, min(160, Int(weight / largest * 160))) : 0
            return "<tr><td>\(ForestPage.escaped(use.name))</td><td>\(use.splits)</td>\(statistics)"
                + "<td><i style=\"width:\(width)px\"></i></td></tr>"
        }
        return """
            <p>\(summary.treeCount) trees, \(summary.splitCount) splits, \(summary.leafCount) leaves over \(summary.featureCount)
            features, \(summary.outputCount) output\(summary.outputCount == 1 ? "" : "s")</p>
            <div class="tables"><table><tr><th>deepest leaf</th><th>trees</th><th></th></tr>\(depths.joined())</table>
            <table><tr><th>feature</th><th>splits</th>\(hasGain ? "<th>gain</th><th>cover</th>" : "")<th></th></tr>
            \(uses.joined(separator: "\n"))</table></div>
            """
    }

    /// Four significant digits.
    private static func short(_ value: Double?) -> String {
        guard let value else { return "" }
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        return abs(value) >= 1000 ? "\(Int(value.rounded()))" : "\((value * 1000).rounded() / 1000)"
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }
}

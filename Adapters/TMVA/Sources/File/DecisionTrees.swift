import SeptumTensor
import SeptumXML

/// A node of a decision tree, as `DecisionTreeNode::ReadAttributes` understands it.
///
/// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/DecisionTreeNode.cxx
struct DecisionNode {
    enum Kind {
        /// `nType` is not zero.
        case leaf(type: Int)
        case cut(variable: Int, value: Float, left: XMLElement, right: XMLElement)
        /// Coefficients of the variables, the offset last.
        case fisher(coefficients: [Double], value: Float, left: XMLElement, right: XMLElement)
    }

    let kind: Kind
    /// Whether values at or above the cut go right (and Fisher values above it).
    let selectsAbove: Bool

    init(_ node: XMLElement, variableCount: Int) throws(ModelError) {
        guard node.name == "Node" else { throw node.error("stands in a tree, expected <Node>") }
        let type = try node.integer("nType")
        guard type == 0 else {
            kind = .leaf(type: type)
            selectsAbove = true
            return
        }
        let direction = try node.integer("cType")
        guard direction == 0 || direction == 1 else { throw node.error("has cType=\"\(direction)\", expected 0 or 1") }
        selectsAbove = direction == 1
        let value = try node.number("Cut", Float.self)
        let (left, right) = try DecisionNode.children(node)
        let count = node.has("NCoef") ? try node.integer("NCoef") : 0
        guard count != 0 else {
            let variable = try node.integer("IVar")
            guard (0..<variableCount).contains(variable) else {
                throw node.error("cuts on variable \(variable), the file has \(variableCount)")
            }
            kind = .cut(variable: variable, value: value, left: left, right: right)
            return
        }
        guard count == variableCount + 1 else {
            throw node.error("has \(count) Fisher coefficients, expected \(variableCount + 1)")
        }
        let coefficients = try node.numbers(named: "fC", count, Double.self)
        kind = .fisher(coefficients: coefficients, value: value, left: left, right: right)
    }

    private static func children(_ node: XMLElement) throws(ModelError) -> (XMLElement, XMLElement) {
        var (left, right): (XMLElement?, XMLElement?)
        for child in node.children {
            switch try child.string("pos") {
            case "l" where left == nil: left = child
            case "r" where right == nil: right = child
            case let place: throw child.error("has pos=\"\(place.prefix(8))\", expected one 'l' and one 'r' below a node")
            }
        }
        guard let left, let right else { throw node.error("is no leaf, but has not both a left and a right node below it") }
        return (left, right)
    }

    /// The purity of a leaf: what the attribute says, or what numbers of events give in old files.
    static func purity(_ node: XMLElement) throws(ModelError) -> Float {
        if node.has("purity") { return try node.number("purity", Float.self) }
        let signal = try node.number("nS", Float.self)
        let purity = signal / (signal + (try node.number("nB", Float.self)))
        guard purity.isFinite else { throw node.error("has no purity: it holds no events") }
        return purity
    }
}

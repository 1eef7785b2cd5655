import SeptumIR
import SeptumOperators
import SeptumTensor

/// A model that is one forest of one output with a link that TMVA has, or nearly has.
struct ForestModel {
    enum Link {
        /// `2 / (1 + exp(-2 x)) - 1`
        case gradient
        /// `1 / (1 + exp(-steepness x))`, a probability.
        case logistic(steepness: Double)
        /// The sum divided by a number.
        case mean(Double)
        case identity
    }

    let forest: Op.Forest
    let link: Link
    /// Whether predictions are a column, as those of a regression.
    let isColumn: Bool

    /// - Throws: `unsupported` naming what TMVA cannot express.
    init(_ graph: Graph) throws(ModelError) {
        func refuse(_ why: String) -> ModelError {
            ModelError(
                .unsupported, "TMVA cannot hold this model: \(why)",
                remedy:
                    "it holds one forest of one output, straight from the inputs, with an identity, mean, logistic or gradient link"
            )
        }
        let forests = graph.nodes.filter { $0.op is Op.Forest }
        guard forests.count == 1, let node = forests.first, let forest = node.op as? Op.Forest else {
            throw refuse("it has \(forests.count) forests")
        }
        guard graph.inputs.count == 1, node.inputs == [graph.inputs[0]] else {
            throw refuse("something is computed before its forest")
        }
        guard forest.outputCount == 1, forest.rules.aggregation == .sum, forest.layout.treeCount > 0 else {
            throw refuse("its forest has \(forest.outputCount) outputs and \(forest.layout.treeCount) trees")
        }
        guard let score = node.outputs.first ?? nil, let output = graph.outputs.first else { throw refuse("it has no output") }
        self.forest = forest
        let reader = LinkReader(graph, score)
        let expression = reader.expression(output, depth: 0)
        guard let link = expression.flatMap(LinkReader.link) else { throw refuse("its link is not known") }
        self.link = link
        isColumn = graph.type(output).tensor?.shape?.count == 2
    }
}

/// Reads the nodes after the forest as a formula.
private struct LinkReader {
    indirect enum Expression {
        case score
        case number(Double)
        case apply(String, [Expression])
    }

    private let graph: Graph
    private let score: Graph.ValueID
    private var producers: [Graph.ValueID: Graph.Node] = [:]

    /// Operators that change the shape or the type of a score only.
    private static let transparent: Set = ["Squeeze", "Unsqueeze", "Reshape", "Flatten", "Identity", "Cast"]

    init(_ graph: Graph, _ score: Graph.ValueID) {
        self.graph = graph
        self.score = score
        for node in graph.nodes { for output in node.outputs.compactMap({ $0 }) { producers[output] = node } }
    }

    func expression(_ value: Graph.ValueID, depth: Int) -> Expression? {
        if value == score { return .score }
        if let constant = graph.constants[value] {
            guard constant.count == 1 else { return nil }
            let number: Double? =
                constant.elementType == .float32
                ? (try? constant.array(of: Float.self))?.first.map(Double.init) : (try? constant.array(of: Double.self))?.first
            return number.map(Expression.number)
        }
        guard depth < 32, let node = producers[value] else { return nil }
        let name = node.op.name
        let inputs = node.inputs.compactMap { $0 }
        if LinkReader.transparent.contains(name), let first = inputs.first { return expression(first, depth: depth + 1) }
        // What is answered for NaN is TMVA's own affair.
        if name == "Where", inputs.count == 3, case .number(-999)? = expression(inputs[1], depth: depth + 1) {
            return expression(inputs[2], depth: depth + 1)
        }
        var arguments: [Expression] = []
        for input in inputs {
            guard let argument = expression(input, depth: depth + 1) else { return nil }
            arguments.append(argument)
        }
        return .apply(name, arguments)
    }

    static func link(_ expression: Expression) -> ForestModel.Link? {
        switch expression {
        case .score: return .identity
        case .apply("Sigmoid", let arguments):
            if case .score? = arguments.first { return .logistic(steepness: 1) }
        case .apply("Div", let arguments):
            if let steepness = denominator(arguments, 1) { return .logistic(steepness: steepness) }
            if arguments.count == 2, case .score = arguments[0], case .number(let norm) = arguments[1] { return .mean(norm) }
        case .apply("Sub", let arguments):
            if arguments.count == 2, case .apply("Div", let ratio) = arguments[0], case .number(1) = arguments[1],
                denominator(ratio, 2) == 2
            {
                return .gradient
            }
        default: break
        }
        return nil
    }

    /// `k` of `numerator / (1 + exp(-k x))`.
    private static func denominator(_ arguments: [Expression], _ numerator: Double) -> Double? {
        guard arguments.count == 2, case .number(numerator) = arguments[0], case .apply("Add", let terms) = arguments[1],
            terms.count == 2
        else { return nil }
        for (one, power) in [(terms[0], terms[1]), (terms[1], terms[0])] {
            guard case .number(1) = one, case .apply("Exp", let exponent) = power,
                case .apply("Mul", let factors)? = exponent.first,
                factors.count == 2
            else { continue }
            for (x, k) in [(factors[0], factors[1]), (factors[1], factors[0])] {
                if case .score = x, case .number(let k) = k, k < 0 { return -k }
            }
        }
        return nil
    }
}

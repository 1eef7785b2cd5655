public import SeptumIR
public import SeptumTensor

/// What a graph says that is one forest with a link function behind it: the one reading that all writers of forests share.
///
/// Such a graph has one input, which the forest takes as it is (or behind the step that makes values near zero zero, before
/// linear leaves), and each of its outputs is a known function of the forest's scores.
public struct ForestReading: Sendable {
    /// How scores become an output.
    public enum Link: Sendable, Hashable {
        case identity
        /// `1 / (1 + exp(-steepness x))`
        case sigmoid(steepness: Double)
        /// `2 / (1 + exp(-steepness x)) - 1`
        case symmetricSigmoid(steepness: Double)
        case exponential
        /// `log(1 + exp(x))`
        case softplus
        case softmax
        /// The square with the sign of the score.
        case signedSquare
        /// 1 where the score is positive, else 0.
        case step
        /// The first of the largest scores, as a number.
        case mostLikelyClass
    }

    /// What a format does by itself, so that a graph may do it behind the forest.
    public struct Allowance: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Results may be rounded to float32 at the end.
        public static let rounding = Allowance(rawValue: 1)
        /// Rows may be answered with -999, as TMVA's Reader answers those with NaN.
        public static let answers = Allowance(rawValue: 2)
    }

    /// One output of the graph.
    public struct Output: Sendable {
        public let name: String
        public let link: Link
        /// What scores are divided by before the link; 1 when they are not.
        public let divisor: Double
        /// Whether a single column became a vector `[batch]`.
        public let isVector: Bool
        /// Whether it has two columns, of which the first is 1 minus the second.
        public let isPair: Bool
        public let elementType: ElementType
    }

    public let forest: Op.Forest
    /// Linear functions in the leaves, which then give the scores.
    public let linearLeaves: Op.LinearLeaves?
    /// The name of the graph's input.
    public let input: String
    /// float32 or float64: the type of the graph's input.
    public let inputType: ElementType
    public let outputs: [Output]
    /// What the contract calls the features; nil when it does not.
    public let featureNames: [String]?

    /// Reads a model, or those of its outputs that are named.
    ///
    /// - Throws: `unsupported` naming the node or the output that is no part of a forest.
    public init(_ model: Model, outputs names: [String] = [], allowing allowance: Allowance = []) throws(ModelError) {
        let graph = model.graph
        var walk = ForestWalk(graph, allowance)
        var outputs: [Output] = []
        for name in names where !graph.outputs.contains(where: { graph[$0].name == name }) {
            let known = graph.outputs.map { graph[$0].name }.joined(separator: ", ")
            throw ModelError(.invalidInput, "the model has no output '\(name)'", remedy: "choose from \(known)")
        }
        for id in graph.outputs where names.isEmpty || names.contains(graph[id].name) {
            outputs.append(try walk.output(id))
        }
        guard let forest = walk.forest else {
            throw ModelError(.unsupported, "the model is no forest of trees", remedy: "convert it to .onnx or .septum")
        }
        guard graph.inputs.count == 1, let input = graph.inputs.first, let type = graph.type(input).tensor?.elementType,
            type == .float32 || type == .float64
        else { throw ModelError(.unsupported, "a forest has one input of numbers, the model has \(graph.inputs.count)") }
        self.forest = forest
        linearLeaves = walk.linearLeaves
        self.input = graph[input].name
        inputType = type
        self.outputs = outputs
        let features = model.contract?.inputs.first?.features.map(\.name)
        featureNames = features?.count == forest.featureCount ? features : nil
    }

    /// The only link other than identity, the identity when there is none: what a format has room for that holds one link.
    ///
    /// - Throws: `unsupported` when there are several.
    public func singleOutput() throws(ModelError) -> Output {
        var found: Output?
        for output in outputs where output.link != .identity || output.divisor != 1 || output.isPair {
            guard found == nil else {
                throw ModelError(
                    .unsupported, "the outputs '\(found?.name ?? "")' and '\(output.name)' differ, the format holds one",
                    remedy: "choose with --output")
            }
            found = output
        }
        guard let output = found ?? outputs.first else { throw ModelError(.unsupported, "the model has no outputs") }
        return output
    }
}

import SeptumIR
import SeptumTensor

/// Walks from an output back to the forest, saying at each step what the value is in terms of the scores.
struct ForestWalk {
    private(set) var forest: Op.Forest?
    private(set) var linearLeaves: Op.LinearLeaves?
    private let graph: Graph
    private let allowance: ForestReading.Allowance
    private let producers: [Graph.ValueID: (node: Int, output: Int)]
    private var found: [Graph.ValueID: Step] = [:]
    private var forestNode: Int?

    /// A value as a function of the scores `s`, of which sigmoids and their kin need several.
    private struct Step {
        enum Value {
            case linked(ForestReading.Link)
            /// `k s`
            case times(Double)
            /// `exp(k s)`
            case power(Double)
            /// `1 + exp(k s)`
            case powerAndOne(Double)
            /// `2 / (1 + exp(k s))`
            case twoOver(Double)
            case sign
            case size
            case isPositive
            case largest
            /// `1 - p`
            case complement(ForestReading.Link)
            /// The largest score of a row, a score less that, its power, and the sum of powers: the parts of a softmax.
            case maximum
            case distance
            case powerOfDistance
            case sumOfPowers
        }

        var value: Value
        var divisor = 1.0
        var isVector = false
        var isPair = false
        var isRounded = false
    }

    init(_ graph: Graph, _ allowance: ForestReading.Allowance) {
        self.graph = graph
        self.allowance = allowance
        var producers: [Graph.ValueID: (node: Int, output: Int)] = [:]
        for (index, node) in graph.nodes.enumerated() {
            for (place, id) in node.outputs.enumerated() { if let id { producers[id] = (index, place) } }
        }
        self.producers = producers
    }

    mutating func output(_ id: Graph.ValueID) throws(ModelError) -> ForestReading.Output {
        let name = graph[id].name
        let step: Step
        do throws(ModelError) {
            step = try self.step(id, depth: 0)
        } catch {
            var explained = error
            explained.remedy = explained.remedy ?? "choose other outputs with --output, or convert to .onnx or .septum"
            throw explained
        }
        guard case .linked(let link) = step.value, let type = graph.type(id).tensor?.elementType else {
            throw ModelError(.unsupported, "the output '\(name)' is no link function of a forest's scores")
        }
        return ForestReading.Output(
            name: name, link: link, divisor: step.divisor, isVector: step.isVector, isPair: step.isPair, elementType: type)
    }

    private func number(_ id: Graph.ValueID?) -> Double? {
        guard let id, let tensor = graph.constants[id], tensor.count == 1 else { return nil }
        if let integers = tensor.integers { return integers.first.map(Double.init) }
        return tensor.elementType == .float32 || tensor.elementType == .float64 ? try? tensor.realNumbers().first : nil
    }

    private mutating func step(_ id: Graph.ValueID, depth: Int) throws(ModelError) -> Step {
        if let known = found[id] { return known }
        guard depth < 64, let (index, place) = producers[id] else {
            throw ModelError(.unsupported, "'\(graph[id].name)' does not come from a forest")
        }
        let node = graph.nodes[index]
        let step: Step
        do throws(ModelError) {
            step = try self.step(node, index, place, depth)
        } catch {
            throw error.node == nil ? error.atNode(node.name, operator: node.op.name) : error
        }
        found[id] = step
        return step
    }

    private mutating func step(
        _ node: Graph.Node, _ index: Int, _ place: Int, _ depth: Int
    ) throws(ModelError) -> Step {
        if let op = node.op as? Op.Forest {
            guard place == 0 else { throw unknown }
            return try enter(op, index, node.inputs.first ?? nil, linear: nil)
        }
        if let op = node.op as? Op.LinearLeaves { return try enter(linear: op, node) }
        let inputs = node.inputs
        func constant(_ place: Int) -> Double? { inputs.indices.contains(place) ? number(inputs[place]) : nil }
        // Of two inputs one may be a number; the walk goes on along the other, and through the answer for missing values.
        let isAnswer = node.op is Op.Where && inputs.count == 3 && constant(1) == -999 && allowance.contains(.answers)
        let way = isAnswer ? 2 : inputs.indices.first { constant($0) == nil } ?? 0
        guard inputs.indices.contains(way), let next = inputs[way] else { throw unknown }
        var step = try self.step(next, depth: depth + 1)
        let other = inputs.count == 2 ? constant(1 - way) : nil
        guard !step.isRounded || node.op is Op.Identity || node.op is Op.Squeeze || isAnswer else { throw unknown }
        switch (node.op, step.value) {
        case (is Op.Identity, _): break
        case (is Op.Where, .linked) where isAnswer: break
        case (is Op.Squeeze, _):
            guard width == 1, constant(1) == 1 || constant(1) == -1, !step.isVector, !step.isPair else { throw unknown }
            step.isVector = true
        case (is Op.Div, .linked(.identity)) where way == 0 && step.divisor == 1 && other != nil: step.divisor = other ?? 1
        case (is Op.Div, .powerAndOne(let k)) where way == 1 && other == 1: step.value = .linked(.sigmoid(steepness: -k))
        case (is Op.Div, .powerAndOne(let k)) where way == 1 && other == 2: step.value = .twoOver(k)
        case (is Op.Sub, .twoOver(let k)) where way == 0 && other == 1:
            step.value = .linked(.symmetricSigmoid(steepness: -k))
        case (is Op.Exp, .linked(.identity)): step.value = .linked(.exponential)
        case (is Op.Exp, .times(let k)): step.value = .power(k)
        case (is Op.Exp, .distance): step.value = .powerOfDistance
        case (is Op.Neg, .linked(.identity)): step.value = .times(-1)
        // XGBoost keeps the power of its sigmoid finite.
        case (is Op.Min, .times(-1)) where other == Double(Float(88.7)): break
        case (is Op.Add, .power(let k)) where other == 1: step.value = .powerAndOne(k)
        case (is Op.Mul, .linked(.identity)) where other != nil: step.value = .times(other ?? 1)
        case (is Op.Mul, .sign):
            guard way == 0, inputs.count == 2, let scores = inputs[1],
                case .linked(.identity) = try self.step(scores, depth: depth + 1).value
            else { throw unknown }
            step.value = .size
        case (is Op.Mul, .size):
            guard way == 0, inputs.count == 2, let scores = inputs[1],
                case .linked(.identity) = try self.step(scores, depth: depth + 1).value
            else { throw unknown }
            step.value = .linked(.signedSquare)
        case (is Op.Sign, .linked(.identity)): step.value = .sign
        case (is Op.Sigmoid, .linked(.identity)): step.value = .linked(.sigmoid(steepness: 1))
        case (is Op.Sigmoid, .times(let k)) where k > 0: step.value = .linked(.sigmoid(steepness: k))
        case (is Op.Softplus, .linked(.identity)): step.value = .linked(.softplus)
        case (let op as Op.Softmax, .linked(.identity)):
            guard op.axis == 1 || op.axis == -1, !step.isVector else { throw unknown }
            step.value = .linked(.softmax)
        case (is Op.Greater, .linked(.identity)) where way == 0 && other == 0: step.value = .isPositive
        case (let op as Op.ArgMax, .linked(.identity)):
            guard op.axis == 1 || op.axis == -1, !op.keepdims, !op.selectLastIndex, !step.isVector else { throw unknown }
            step.value = .largest
        case (is Op.Cast, .isPositive): step.value = .linked(.step)
        case (is Op.Cast, .largest):
            step.value = .linked(.mostLikelyClass)
            step.isVector = true
        case (let op as Op.Cast, _) where keeps(op, step.value): break
        case (let op as Op.Cast, .linked) where op.to == .float32 && allowance.contains(.rounding): step.isRounded = true
        case (let op as Op.ReduceMax, .linked(.identity)) where op.keepdims && [1, -1].contains(constant(1)):
            step.value = .maximum
        case (let op as Op.ReduceSum, .powerOfDistance) where op.keepdims && [1, -1].contains(constant(1)):
            step.value = .sumOfPowers
        case (is Op.Sub, .linked(.identity)) where other == nil:
            guard inputs.count == 2, let largest = inputs[1], !step.isVector,
                case .maximum = try self.step(largest, depth: depth + 1).value
            else { throw unknown }
            step.value = .distance
        case (is Op.Div, .powerOfDistance):
            guard inputs.count == 2, let sum = inputs[1], case .sumOfPowers = try self.step(sum, depth: depth + 1).value
            else { throw unknown }
            step.value = .linked(.softmax)
        case (is Op.Sub, .linked(let link)) where way == 1 && other == 1 && step.divisor == 1: step.value = .complement(link)
        case (let op as Op.Concat, .complement(let link)):
            guard op.axis == 1 || op.axis == -1, width == 1, inputs.count == 2, let second = inputs[1], !step.isVector,
                case .linked(link) = try self.step(second, depth: depth + 1).value
            else { throw unknown }
            step.value = .linked(link)
            step.isPair = true
        default: throw unknown
        }
        return step
    }

    /// Whether a conversion leaves the value what it is: a wider type does, and a narrower one that of an exponential.
    private func keeps(_ cast: Op.Cast, _ value: Step.Value) -> Bool {
        switch value {
        case .isPositive, .largest: false
        case .power, .powerOfDistance, .sumOfPowers, .linked(.exponential): cast.to == .float32 || cast.to == .float64
        default: cast.to == .float64
        }
    }

    private var unknown: ModelError { ModelError(.unsupported, "the operator is no part of a forest's link function") }
    private var width: Int { forest?.outputCount ?? 0 }

    private mutating func enter(
        _ op: Op.Forest, _ index: Int, _ table: Graph.ValueID?, linear: Op.LinearLeaves?
    ) throws(ModelError) -> Step {
        guard forestNode == nil || forestNode == index else {
            throw ModelError(.unsupported, "the model has several forests, expected one")
        }
        guard let table, graph.inputs.contains(table) else {
            throw ModelError(.unsupported, "the forest takes values that are computed, not the model's input as it is")
        }
        (forest, forestNode, linearLeaves) = (op, index, linear)
        return Step(value: .linked(.identity))
    }

    /// Linear leaves take the leaves of a forest, and both the input in which values near zero are zero.
    private mutating func enter(linear op: Op.LinearLeaves, _ node: Graph.Node) throws(ModelError) -> Step {
        guard node.inputs.count == 2, let table = node.inputs[0], let leaves = node.inputs[1],
            let (index, place) = producers[leaves], place == 1, let forest = graph.nodes[index].op as? Op.Forest,
            graph.nodes[index].inputs.first == table, let source = try zeroed(table)
        else { throw ModelError(.unsupported, "the linear leaves do not belong to a forest over the model's input") }
        return try enter(forest, index, source, linear: op)
    }

    /// The value whose entries within 1e-35 of zero are zero in `id`.
    private func zeroed(_ id: Graph.ValueID) throws(ModelError) -> Graph.ValueID? {
        guard let (index, _) = producers[id], graph.nodes[index].op is Op.Where, graph.nodes[index].inputs.count == 3,
            number(graph.nodes[index].inputs[1]) == 0, let source = graph.nodes[index].inputs[2],
            let test = graph.nodes[index].inputs[0], let (compare, _) = producers[test],
            graph.nodes[compare].op is Op.LessOrEqual, graph.nodes[compare].inputs.count == 2,
            number(graph.nodes[compare].inputs[1]) == Double(Float(1e-35)), let size = graph.nodes[compare].inputs[0],
            let (absolute, _) = producers[size], graph.nodes[absolute].op is Op.Abs, graph.nodes[absolute].inputs.first == source
        else { return nil }
        return source
    }
}

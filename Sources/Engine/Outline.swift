import SeptumIR
import SeptumTensor

/// What planning reads off a graph once: shapes and integers that follow from the shapes of the inputs by formulas.
struct Outline: Sendable {
    /// How a node is planned when its formulas can be evaluated.
    enum Route: Sendable {
        /// By its type rule on the concrete shapes.
        case inferred
        /// Its outputs are integers that follow from the shapes of the inputs; no step is needed.
        case arithmetic
        /// Its outputs have the shapes that the formulas say, and its inputs fit each other whatever the symbols are.
        case settled
    }

    /// Where the number of each symbol is read: an input and an axis.
    let symbols: [(input: Int, axis: Int)]
    /// By value; nil where the shape does not follow from the inputs' shapes.
    let shapes: [[DimensionCode]?]
    /// By value: the elements of small integer tensors.
    let elements: [[DimensionCode]?]
    /// By node.
    let routes: [Route]
    let lowerings: [Lowering]
    let constants: [(slot: Int, tensor: Tensor)]
    /// By value: the element type of a tensor, and the value when it is part of the model.
    let elementTypes: [ElementType?]
    let tensors: [Tensor?]

    /// What a node's operator can do; asking it each time would cost more than the planning.
    struct Lowering: Sendable {
        let isView: Bool
        let kernel: (any LoweredOperator)?

        init(_ op: any Operator) {
            isView = op.isView
            kernel = isView ? nil : op.lowered
        }
    }

    init(_ graph: Graph) {
        var places = NameTable()
        var symbols: [(input: Int, axis: Int)] = []
        for (input, id) in graph.inputs.enumerated() {
            for (axis, dimension) in (graph.type(id).tensor?.shape ?? []).enumerated() {
                guard let name = dimension.symbolName, places[name] == nil, !Outline.isInvented(name, graph) else { continue }
                places.insert(name, symbols.count)
                symbols.append((input, axis))
            }
        }
        self.symbols = symbols
        func codes(_ dimensions: [Dimension]?) -> [DimensionCode]? {
            var codes: [DimensionCode] = []
            for dimension in dimensions ?? [.unknown] {
                guard let code = DimensionCode(dimension, places) else { return nil }
                codes.append(code)
            }
            return codes
        }
        let shapes = graph.values.map { codes($0.fact.type.tensor?.shape) }
        let elements = graph.values.map { value in
            value.fact.type.tensor?.elementType == .int64 ? value.fact.elements.flatMap { codes($0) } : nil
        }
        (self.shapes, self.elements) = (shapes, elements)
        routes = graph.nodes.map { node in
            let outputs = node.outputs.compactMap { $0 }
            if outputs.allSatisfy({ elements[$0.index] != nil && shapes[$0.index] != nil }) { return .arithmetic }
            let isKnown = outputs.allSatisfy { shapes[$0.index] != nil }
            return isKnown && SettledShapes.fit(node, graph) ? .settled : .inferred
        }
        lowerings = graph.nodes.map { Lowering($0.op) }
        elementTypes = graph.values.map { $0.fact.type.tensor?.elementType }
        tensors = graph.values.indices.map { graph.constants[Graph.ValueID(index: $0)] }
        constants = graph.constants.map { ($0.key.index, $0.value) }
    }

    /// Whether a type rule may have made up a symbol, which then says nothing about an input: one that gives up names the dimension
    /// after the value and its axis.
    private static func isInvented(_ symbol: String, _ graph: Graph) -> Bool {
        guard let dot = symbol.lastIndex(of: "."), let axis = Int(symbol[symbol.index(after: dot)...]) else { return false }
        let stem = String(symbol[..<dot])
        return graph.nodes.contains { node in
            node.outputs.contains { id in
                guard let id, graph[id].name == stem else { return false }
                return axis < graph.type(id).tensor?.shape?.count ?? 0
            }
        }
    }

    /// The numbers of the symbols; nil when the inputs are not all as the graph's formulas say.
    func bindings(_ inputShapes: [[Int]], _ graph: Graph) -> [Int]? {
        var numbers: [Int] = []
        numbers.reserveCapacity(symbols.count)
        for symbol in symbols {
            guard inputShapes[symbol.input].indices.contains(symbol.axis) else { return nil }
            numbers.append(inputShapes[symbol.input][symbol.axis])
        }
        for (id, shape) in zip(graph.inputs, inputShapes) where graph.type(id).tensor != nil {
            guard let codes = shapes[id.index] else { continue }
            guard codes.values(numbers) == shape else { return nil }
        }
        return numbers
    }
}

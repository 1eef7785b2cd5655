import SeptumIR
import SeptumTensor

/// Everything a plan is made of.
struct PlanDraft {
    var inputShapes: [[Int]] = []
    var inputSlots: [Int] = []
    var steps: [PlannedStep] = []
    var placements: [(slot: Int, offset: Int)] = []
    var arenaByteCount = 0
    var constants: [(slot: Int, tensor: Tensor)] = []
    var views: [LoweringSite.View] = []
    var slotCount = 0
    var outputs: [Plan.Place] = []
    var retained: [any Sendable] = []
    var breakpoint: Plan.Breakpoint?
    var isContinuation = false
}

/// Plans the nodes of a program from the first one whose results are not known yet.
struct PlanBuilder {
    private let program: Program
    private var graph: Graph { program.graph }
    private var draft = PlanDraft()
    /// What is known of each value, nil where it is not computed yet.
    private var facts: [Fact?]
    /// The slot of the buffer that a value lies in; views share the slot of what they view.
    private var slots: [Int]
    private var isBoxed: [Bool]
    /// For a slot that lies within another one: that one.
    private var roots: [Int: Int] = [:]
    /// For each slot that the plan itself fills: its size and the steps between which it is needed.
    private var buffers: [Int: (byteCount: Int, first: Int, last: Int)] = [:]
    private let firstNode: Int

    /// Plans a run from the shapes of the inputs.
    init(_ program: Program, shapes: [[Int]]) {
        self.init(program, firstNode: 0)
        draft.inputShapes = shapes
        draft.inputSlots = program.graph.inputs.map(\.index)
        for (id, shape) in zip(program.graph.inputs, shapes) {
            let type = program.graph.type(id)
            let isMemory = type.tensor.map { $0.elementType != .string } ?? false
            isBoxed[id.index] = !isMemory
            facts[id.index] = type.tensor.map { Fact($0.elementType, shape.map(Dimension.fixed)) } ?? Fact(type)
        }
    }

    private init(_ program: Program, firstNode: Int) {
        self.program = program
        self.firstNode = firstNode
        let count = program.graph.values.count
        facts = [Fact?](repeating: nil, count: count)
        slots = Array(0..<count)
        isBoxed = [Bool](repeating: false, count: count)
        for (id, tensor) in program.graph.constants { know(id.index, tensor) }
        draft.slotCount = count
    }

    private mutating func know(_ index: Int, _ tensor: Tensor) {
        facts[index] = Fact(constant: tensor)
        slots[index] = index
        isBoxed[index] = tensor.elementType == .string
        draft.constants.append((index, tensor))
    }

    /// - Throws: `ModelError` naming the node whose inputs do not fit.
    func build() throws(ModelError) -> Plan {
        var builder = self
        for index in firstNode..<graph.nodes.count {
            let node = graph.nodes[index]
            do throws(ModelError) {
                if try !builder.plan(node, index: index) { break }
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
        }
        builder.finish()
        return try Plan(builder.draft)
    }

    /// Plans one node; false when its results must be seen before going on.
    private mutating func plan(_ node: Graph.Node, index: Int) throws(ModelError) -> Bool {
        let given = node.inputs.map { id in id.flatMap { facts[$0.index] } }
        let results = try Graph.infer(node.op, given, outputCount: node.outputs.count)
        for (id, fact) in zip(node.outputs, results) { if let id { facts[id.index] = fact } }

        if !node.outputs.isEmpty, zip(node.outputs, results).allSatisfy({ $0 == nil || $1.constant != nil }) {
            for (id, fact) in zip(node.outputs, results) {
                if let id, let constant = fact.constant { know(id.index, constant) }
            }
            return true
        }
        let isPlain = node.inputs.allSatisfy { id in id.map { !isBoxed[$0.index] } ?? true }
        guard isPlain, zip(node.outputs, results).allSatisfy({ $0 == nil || PlanBuilder.memorySize($1) != nil }) else {
            try stop(at: node, index: index)
            return false
        }
        if let view = node.op as? any ViewOperator, view.isView, case let input?? = node.inputs.first,
            case let output?? = node.outputs.first
        {
            slots[output.index] = slots[input.index]
            touch(slots[input.index])
            return true
        }
        for (id, fact) in zip(node.outputs, results) {
            guard let id, let size = PlanBuilder.memorySize(fact) else { continue }
            buffers[id.index] = (size, draft.steps.count, draft.steps.count)
        }
        for case let id? in node.inputs { touch(slots[id.index]) }
        let step = try lower(node, index: index)
        if let step { draft.steps.append(PlannedStep(work: step, node: node)) }
        return true
    }

    private mutating func touch(_ slot: Int) { buffers[roots[slot] ?? slot]?.last = draft.steps.count }

    /// The step of a node, nil when all its outputs lie where something else does.
    private mutating func lower(_ node: Graph.Node, index: Int) throws(ModelError) -> Step? {
        let inputs = node.inputs.map { $0.flatMap(operand) }
        let outputs = node.outputs.map { $0.flatMap(operand) }
        var site = LoweringSite(inputs: inputs, outputs: outputs, program: program, node: index, firstOwnSlot: draft.slotCount)
        if let step = try (node.op as? any LoweredOperator)?.lower(&site) { return adopt(step, site) }
        site = LoweringSite(inputs: inputs, outputs: outputs, program: program, node: index, firstOwnSlot: draft.slotCount)
        if let step = try (node.op as? any WidenedOperator)?.lowerInFloat32(&site) { return adopt(step, site) }
        if let step = try AnyElement.lower(node.op, site) { return step }
        return PlanBuilder.evaluation(of: node.op, inputs, outputs)
    }

    private mutating func adopt(_ step: @escaping Step, _ site: LoweringSite) -> Step? {
        for view in site.views {
            buffers[view.slot] = nil
            roots[view.slot] = roots[view.source] ?? view.source
            draft.views.append(view)
        }
        if site.isFree { return nil }
        for (offset, own) in site.ownSlots.enumerated() {
            let slot = draft.slotCount + offset
            if let tensor = own.tensor {
                draft.constants.append((slot, tensor))
            } else {
                buffers[slot] = (own.byteCount, draft.steps.count, draft.steps.count)
            }
        }
        draft.slotCount += site.ownSlots.count
        draft.retained += site.retained
        return step
    }

    private func operand(_ id: Graph.ValueID) -> LoweringSite.Operand? {
        guard let fact = facts[id.index], let type = fact.type.tensor, let shape = type.concreteShape else { return nil }
        let weight = graph.constants[id] == nil ? nil : id
        return LoweringSite.Operand(
            elementType: type.elementType, shape: shape, slot: slots[id.index], constant: fact.constant, weight: weight)
    }

    /// The step of an operator without a kernel: its definition, copied into place.
    private static func evaluation(
        of op: any Operator, _ inputs: [LoweringSite.Operand?], _ outputs: [LoweringSite.Operand?]
    ) -> Step {
        { addresses throws(ModelError) in
            var arguments: [Value?] = []
            for operand in inputs {
                guard let operand else { arguments.append(nil); continue }
                arguments.append(.tensor(try addresses.tensor(operand.slot, operand.elementType, operand.shape)))
            }
            let results = try op.evaluate(Arguments(arguments, outputCount: outputs.count))
            for (operand, result) in zip(outputs, results) {
                guard let operand else { continue }
                guard let tensor = result.tensor, tensor.elementType == operand.elementType, tensor.shape == operand.shape else {
                    throw ModelError(
                        .invalidModel, "found \(result.type), the type rule gives \(operand.elementType)\(operand.shape)")
                }
                if let source = tensor.bytes.baseAddress {
                    addresses[operand.slot].copyMemory(from: source, byteCount: tensor.byteCount)
                }
            }
        }
    }

    /// Bytes of a tensor with a concrete shape that lies in memory; nil for all other values.
    private static func memorySize(_ fact: Fact) -> Int? {
        guard let type = fact.type.tensor, type.elementType != .string, let shape = type.concreteShape,
            let count = try? Tensor.elementCount(shape)
        else { return nil }
        let (size, overflow) = count.multipliedReportingOverflow(by: type.elementType.byteWidth)
        return overflow || size > Storage.byteLimit ? nil : size
    }

    private func place(_ index: Int) -> Plan.Place? {
        guard let fact = facts[index] else { return nil }
        guard !isBoxed[index], let type = fact.type.tensor, let shape = type.concreteShape else { return .boxed(slot: index) }
        return .memory(slot: slots[index], type.elementType, shape)
    }

    // MARK: Data-dependent shapes

    private mutating func stop(at node: Graph.Node, index: Int) throws(ModelError) {
        for case let id? in node.outputs { facts[id.index] = nil }
        var needed = Set(graph.outputs.map(\.index))
        for later in graph.nodes[(index + 1)...] {
            for case let id? in later.inputs { needed.insert(id.index) }
        }
        var survivors: [(value: Int, place: Plan.Place)] = []
        for value in needed.sorted() where graph.constants[Graph.ValueID(index: value)] == nil {
            guard let place = place(value) else { continue }
            touch(slots[value])
            survivors.append((value, place))
        }
        for case let id? in node.inputs { touch(slots[id.index]) }
        let before = (facts, isBoxed, program)
        let kept = survivors.map(\.value)
        draft.breakpoint = Plan.Breakpoint(
            node: node, arguments: node.inputs.map { id in id.flatMap { place($0.index) } }, survivors: survivors
        ) { results throws(ModelError) in
            let (facts, isBoxed, program) = before
            var builder = PlanBuilder(program, firstNode: index + 1)
            builder.draft.isContinuation = true
            for value in kept {
                builder.facts[value] = facts[value]
                builder.isBoxed[value] = isBoxed[value]
            }
            for (id, result) in zip(node.outputs, results) {
                guard let id, let result else { continue }
                builder.facts[id.index] = Fact(result.type)
                builder.isBoxed[id.index] = result.tensor.map { $0.elementType == .string } ?? true
            }
            return try builder.build()
        }
    }

    // MARK: Memory

    private mutating func finish() {
        if draft.breakpoint == nil {
            for id in graph.outputs { touch(slots[id.index]) }
            draft.outputs = graph.outputs.compactMap { place($0.index) }
        }
        let order = buffers.keys.sorted()
        let layout = ArenaLayout(
            order.compactMap { slot in
                buffers[slot].map { .init(byteCount: $0.byteCount, lifetime: $0.first...max($0.first, $0.last)) }
            })
        draft.placements = zip(order, layout.offsets).map { ($0, $1) }
        draft.arenaByteCount = layout.byteCount
    }
}

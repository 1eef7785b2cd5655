import SeptumIR
import SeptumTensor

/// Plans the nodes of a program from the first one whose results are not known yet.
struct PlanBuilder {
    private let program: Program
    private let sharing: Sharing
    private let outline: Outline
    let nodes: [Graph.Node]
    private var graph: Graph { program.graph }
    private var draft = PlanDraft()
    /// What is known of each value, nil where it is not computed yet or only its shape is known.
    private var facts: KnownFacts
    /// The shape of each value that lies in memory, nil where it is not computed yet.
    private(set) var shapes: [[Int]?]
    /// The slot of the buffer that a value lies in; views share the slot of what they view.
    private var slots: [Int]
    private var isBoxed: [Bool]
    /// For a slot that lies within another one: that one.
    private var roots: SlotTable<Int>
    /// For each slot that the plan itself fills: its size and the steps between which it is needed. What the preparation fills
    /// is needed before the first step, or, when steps read it, for good.
    private var buffers: SlotTable<(byteCount: Int, first: Int, last: Int, isFixed: Bool)>
    let firstNode: Int
    /// Values of integers that a formula gives, as long as nobody asks for them.
    private var isPending: [Bool]
    /// The values that follow from the shapes alone.
    private var isFixed: [Bool]
    /// The inputs that the node's step leaves to its preparation.
    private var unread: [Int] = []
    /// The values that steps or the plan's outputs read.
    private var isRead: [Bool]
    /// The numbers of the outline's symbols; nil when its formulas do not hold for the inputs.
    private let symbols: [Int]?

    /// Plans a run from the shapes of the inputs.
    init(_ program: Program, shapes: [[Int]], _ sharing: Sharing) {
        self.init(program, firstNode: 0, symbols: program.outline.bindings(shapes, program.graph), sharing)
        draft.inputShapes = shapes
        draft.inputSlots = program.graph.inputs.map(\.index)
        for (id, shape) in zip(program.graph.inputs, shapes) {
            let type = program.graph.type(id)
            let isMemory = type.tensor.map { $0.elementType != .string } ?? false
            isBoxed[id.index] = !isMemory
            self.shapes[id.index] = type.tensor == nil ? nil : shape
            if type.tensor == nil { facts[id.index] = Fact(type) }
        }
    }

    private init(_ program: Program, firstNode: Int, symbols: [Int]?, _ sharing: Sharing) {
        self.program = program
        self.sharing = sharing
        (outline, nodes) = (program.outline, program.graph.nodes)
        self.firstNode = firstNode
        self.symbols = symbols
        let count = program.graph.values.count
        (facts, roots, buffers) = (KnownFacts(count: count), SlotTable(count: count), SlotTable(count: count))
        shapes = [[Int]?](repeating: nil, count: count)
        slots = Array(0..<count)
        isBoxed = [Bool](repeating: false, count: count)
        (isPending, isFixed, isRead) = (isBoxed, isBoxed, isBoxed)
        for (slot, tensor) in outline.constants {
            shapes[slot] = tensor.shape
            isFixed[slot] = true
            isBoxed[slot] = tensor.elementType == .string
        }
        draft.slotCount = count
    }

    private mutating func know(_ index: Int, _ tensor: Tensor) {
        facts[index] = Fact(constant: tensor)
        shapes[index] = tensor.shape
        slots[index] = index
        isBoxed[index] = tensor.elementType == .string
        isFixed[index] = true
        draft.constants.append((index, tensor))
    }

    /// What is known of a value that is computed.
    private mutating func fact(_ id: Graph.ValueID) -> Fact? {
        if let fact = facts[id.index] { return fact }
        if graph.constants[id] != nil { return graph[id].fact }
        if let constant = evaluated(id) { return Fact(constant: constant) }
        guard let shape = shapes[id.index], let type = graph.type(id).tensor else { return nil }
        return Fact(type.elementType, shape.map(Dimension.fixed))
    }

    /// The value of a constant, or of integers that a formula gives and nobody asked for before.
    mutating func evaluated(_ id: Graph.ValueID) -> Tensor? {
        if let constant = facts[id.index]?.constant { return constant }
        if let constant = outline.tensors[id.index] { return constant }
        guard isPending[id.index], let symbols, let shape = shapes[id.index],
            let values = outline.elements[id.index]?.values(symbols),
            let tensor = try? Tensor(shape, values.map(Int64.init))
        else { return nil }
        isPending[id.index] = false
        know(id.index, tensor)
        return tensor
    }

    /// - Throws: `ModelError` naming the node whose inputs do not fit.
    mutating func build() throws(ModelError) -> PlanDraft {
        for index in firstNode..<nodes.count {
            let node = nodes[index]
            do throws(ModelError) {
                if try !plan(node, index: index) { break }
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
        }
        finish()
        return draft
    }

    /// Plans one node; false when its results must be seen before going on.
    private mutating func plan(_ node: Graph.Node, index: Int) throws(ModelError) -> Bool {
        if try planByFormula(node, index: index) { return true }
        let given = node.inputs.map { $0.flatMap { fact($0) } }
        var results = try Graph.infer(node.op, given, outputCount: node.outputs.count)
        if results.contains(where: { $0.type.tensor.map { $0.concreteShape == nil } ?? false }),
            let tensors = fixedResults(node, index: index)
        {
            results = tensors.map(Fact.init(constant:))
        }
        for (id, fact) in zip(node.outputs, results) {
            guard let id else { continue }
            facts[id.index] = fact
            shapes[id.index] = fact.type.tensor?.concreteShape
        }
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
        try addStep(node, index: index)
        return true
    }

    /// Plans a node whose outputs the outline has formulas for; false when they do not hold here.
    private mutating func planByFormula(_ node: Graph.Node, index: Int) throws(ModelError) -> Bool {
        let route = outline.routes[index]
        guard route != .inferred, let symbols else { return false }
        for case let id? in node.outputs {
            guard let shape = outline.shapes[id.index]?.shape(symbols) else { return false }
            if route == .arithmetic {
                guard outline.elements[id.index]?.values(symbols)?.count == shape.reduce(1, *) else { return false }
            } else {
                guard let type = outline.elementTypes[id.index], type != .string,
                    PlanBuilder.memorySize(type, shape) != nil
                else { return false }
            }
            shapes[id.index] = shape
        }
        if route == .arithmetic {
            for case let id? in node.outputs { (isPending[id.index], isFixed[id.index]) = (true, true) }
            return true
        }
        guard node.inputs.allSatisfy({ id in id.map { shapes[$0.index] != nil && !isBoxed[$0.index] } ?? true }) else {
            return false
        }
        if outline.lowerings[index].isView {
            guard case let input?? = node.inputs.first, case let output?? = node.outputs.first,
                shapes[input.index]?.reduce(1, *) == shapes[output.index]?.reduce(1, *)
            else { return false }
        }
        try addStep(node, index: index)
        return true
    }

    /// Adds the step of a node whose outputs have shapes.
    private mutating func addStep(_ node: Graph.Node, index: Int) throws(ModelError) {
        if outline.lowerings[index].isView, case let input?? = node.inputs.first, case let output?? = node.outputs.first {
            _ = evaluated(input)
            slots[output.index] = slots[input.index]
            isFixed[output.index] = isFixed[input.index]
            touch(slots[input.index], from: isFixed[input.index])
            return
        }
        let isPrepared = dependsOnShapesAlone(node)
        let time = isPrepared ? 0 : draft.steps.count
        for case let id? in node.outputs {
            guard let type = elementType(id), let shape = shapes[id.index], let size = PlanBuilder.memorySize(type, shape) else {
                continue
            }
            buffers[id.index] = (size, time, time, isPrepared)
        }
        unread = []
        let step = try lower(node, index: index, isPrepared: isPrepared)
        for (input, id) in node.inputs.enumerated() {
            if let id { touch(slots[id.index], from: isPrepared || unread.contains(input)) }
        }
        for case let id? in node.outputs { isFixed[id.index] = isPrepared }
        guard let step else { return }
        if isPrepared {
            draft.preparation.append(PlannedStep(work: step, node: node))
        } else {
            draft.steps.append(PlannedStep(work: step, node: node))
        }
    }

    /// Whether what a node computes is the same in every run of the plan.
    func dependsOnShapesAlone(_ node: Graph.Node) -> Bool {
        node.inputs.allSatisfy { id in id.map { isFixed[$0.index] } ?? true } && node.op.isDeterministic
            && node.op.subgraphs.isEmpty
    }

    /// Notes that the next step reads a slot, or a step of the preparation.
    private mutating func touch(_ slot: Int, from preparation: Bool = false) {
        isRead[slot] = true
        let root = roots[slot] ?? slot
        guard !preparation, let buffer = buffers[root] else { return }
        buffers[root]?.last = buffer.isFixed ? .max : draft.steps.count
    }

    /// The step of a node, nil when all its outputs lie where something else does.
    private mutating func lower(_ node: Graph.Node, index: Int, isPrepared: Bool) throws(ModelError) -> Step? {
        let inputs = node.inputs.map { $0.flatMap { operand($0) } }
        let outputs = node.outputs.map { $0.flatMap { operand($0) } }
        func newSite() -> LoweringSite {
            LoweringSite(
                inputs: inputs, outputs: outputs, program: program, sharing: sharing, node: index, firstOwnSlot: draft.slotCount)
        }
        var site = newSite()
        if let step = try outline.lowerings[index].kernel?.lower(&site) { return adopt(step, site, isPrepared) }
        site = newSite()
        if let step = try outline.lowerings[index].kernel?.lowerInFloat32(&site) { return adopt(step, site, isPrepared) }
        if let step = try AnyElement.lower(node.op, site) { return step }
        return Definition.step(of: node.op, inputs, outputs)
    }

    private mutating func adopt(_ step: @escaping Step, _ site: LoweringSite, _ isPrepared: Bool) -> Step? {
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
                var size = own.byteCount
                if own.isPrivate {
                    let stride = (size + 63) & ~63
                    draft.privateSlots.append((slot, stride))
                    size = stride * sharing.threads
                }
                let time = isPrepared ? 0 : draft.steps.count
                buffers[slot] = own.isKept ? (size, 0, .max, true) : (size, time, time, isPrepared)
            }
        }
        if let preparation = site.preparation {
            draft.preparation.append(PlannedStep(work: preparation.work, node: nodes[site.node]))
            unread = preparation.inputs
        }
        draft.slotCount += site.ownSlots.count
        draft.retained += site.retained
        draft.ownByteCount += site.unsharedByteCount
        return step
    }

    private mutating func operand(_ id: Graph.ValueID) -> LoweringSite.Operand? {
        let constant = evaluated(id)
        guard let shape = shapes[id.index], let type = elementType(id) else { return nil }
        let weight = outline.tensors[id.index] == nil ? nil : id
        return LoweringSite.Operand(
            elementType: type, shape: shape, slot: slots[id.index], constant: constant, weight: weight,
            isFixed: isFixed[id.index])
    }

    private func elementType(_ id: Graph.ValueID) -> ElementType? {
        if let fact = facts[id.index] { return fact.type.tensor?.elementType }
        return outline.elementTypes[id.index]
    }

    /// Bytes of a tensor with a concrete shape that lies in memory; nil for all other values.
    private static func memorySize(_ fact: Fact) -> Int? {
        guard let type = fact.type.tensor, let shape = type.concreteShape else { return nil }
        return memorySize(type.elementType, shape)
    }

    private static func memorySize(_ elementType: ElementType, _ shape: [Int]) -> Int? {
        guard elementType != .string, let count = try? Tensor.elementCount(shape) else { return nil }
        let (size, overflow) = count.multipliedReportingOverflow(by: elementType.byteWidth)
        return overflow || size > Storage.byteLimit ? nil : size
    }

    private mutating func place(_ index: Int) -> Plan.Place? {
        let id = Graph.ValueID(index: index)
        _ = evaluated(id)
        guard let type = facts[index]?.type.tensor ?? (shapes[index] == nil ? nil : graph.type(id).tensor), !isBoxed[index],
            let shape = shapes[index]
        else { return facts[index] == nil && shapes[index] == nil ? nil : .boxed(slot: index) }
        return .memory(slot: slots[index], type.elementType, shape)
    }

    // MARK: Data-dependent shapes

    private mutating func stop(at node: Graph.Node, index: Int) throws(ModelError) {
        for case let id? in node.outputs { (facts[id.index], shapes[id.index]) = (nil, nil) }
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
        let before = (facts, shapes, isBoxed, program, symbols, sharing)
        let kept = survivors.map(\.value)
        draft.breakpoint = Plan.Breakpoint(
            node: node, arguments: node.inputs.map { $0.flatMap { place($0.index) } }, survivors: survivors
        ) { results, pool throws(ModelError) in
            let (facts, shapes, isBoxed, program, symbols, sharing) = before
            var builder = PlanBuilder(program, firstNode: index + 1, symbols: symbols, sharing)
            builder.draft.isContinuation = true
            for value in kept {
                builder.facts[value] = facts[value]
                builder.shapes[value] = shapes[value]
                builder.isBoxed[value] = isBoxed[value]
            }
            for (id, result) in zip(node.outputs, results) {
                guard let id, let result else { continue }
                builder.facts[id.index] = Fact(result.type)
                builder.shapes[id.index] = result.tensor?.shape
                builder.isBoxed[id.index] = result.tensor.map { $0.elementType == .string } ?? true
            }
            return try Plan(try builder.build(), program, pool)
        }
    }

    // MARK: Memory

    private mutating func finish() {
        if draft.breakpoint == nil {
            draft.outputs = graph.outputs.compactMap { place($0.index) }
            for id in graph.outputs { touch(slots[id.index]) }
        }
        let order = buffers.values.indices.filter { buffers[$0] != nil }
        draft.requests = order.compactMap { slot in
            buffers[slot].map {
                .init(byteCount: $0.byteCount, lifetime: $0.first...max($0.first, min($0.last, draft.steps.count)))
            }
        }
        let layout = ArenaLayout(draft.requests)
        draft.placements = zip(order, layout.offsets).map { ($0, $1) }
        draft.arenaByteCount = layout.byteCount
        let viewed = Set(draft.views.map(\.slot))
        draft.outputPlacements = draft.outputs.enumerated().map { index, place in
            guard draft.breakpoint == nil, !draft.isContinuation, case .memory(let slot, _, _) = place, !viewed.contains(slot),
                let buffer = buffers[slot], !buffer.isFixed
            else { return nil }
            let isShared = draft.outputs[..<index].contains { place in
                if case .memory(slot: let other, _, _) = place { other == slot } else { false }
            }
            return !isShared ? order.firstIndex(of: slot) : nil
        }
        draft.constants.removeAll { $0.slot < isRead.count && !isRead[$0.slot] }
        if draft.constants.isEmpty { return }
        func address(_ tensor: Tensor) -> UInt { UInt(bitPattern: Unmanaged.passUnretained(tensor.storage).toOpaque()) }
        var shared = graph.constants.values.map(address).sorted()[...]
        let own = draft.constants.map { (address: address($0.tensor), count: $0.tensor.storage.bytes.count) }
        var last: UInt = 0
        for storage in own.sorted(by: { $0.address < $1.address }) where storage.address != last {
            last = storage.address
            while let first = shared.first, first < last { shared.removeFirst() }
            if shared.first != last { draft.ownByteCount += storage.count }
        }
    }
}

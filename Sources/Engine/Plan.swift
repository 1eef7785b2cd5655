import SeptumIR
import SeptumTensor

/// The prepared steps of a run with known shapes, up to the first value whose shape depends on data.
///
/// There the node is evaluated, and a further plan, kept for each outcome that turns up, goes on. The slot of a value
/// is its index in the graph; slots beyond those are working memory of single steps.
final class Plan {
    /// Where a value lies.
    enum Place {
        case memory(slot: Int, ElementType, [Int])
        case boxed(slot: Int)
    }

    /// The node whose results must be seen before planning can go on, and the planning that follows.
    struct Breakpoint {
        let node: Graph.Node
        let arguments: [Place?]
        /// Values that later steps need, by index in the graph.
        let survivors: [(value: Int, place: Place)]
        let resume: ([Value?], WorkPool?) throws(ModelError) -> Plan
    }

    let inputShapes: [[Int]]
    let inputSlots: [Int]
    /// Run once, as long as nothing else works in the same memory.
    private let preparation: [PlannedStep]
    let steps: [PlannedStep]
    /// The same, to be called without being retained.
    private let calls: UnsafeMutablePointer<Unmanaged<PlannedStep>>
    let placements: [(slot: Int, offset: Int)]
    private let views: [LoweringSite.View]
    let arenaByteCount: Int
    private let ownByteCount: Int
    let outputs: [Place]
    /// The number of elements of each output that lies in memory.
    private let outputCounts: [Int]
    /// The slot of each output that lies in memory, -1 for others.
    private let outputSlots: [Int]
    private let outputPlacements: [Int?]
    /// For each output the caller's memory that the next run writes it to, and whether there is any.
    private let redirected: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var isRedirected = false
    let breakpoint: Breakpoint?
    /// Whether there is no breakpoint.
    let isWhole: Bool
    let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let nothing: UnsafeMutableRawPointer
    /// Who shares large steps; nil when there are none.
    private let crew: Crew?
    private let pool: WorkPool?
    private let retained: [any Sendable]
    /// Nil for the first plan of a chain, which works in the context's memory.
    private let ownMemory: Storage?
    private var boxes: [Int: Value] = [:]
    private var placedBase: UnsafeMutableRawPointer?
    private var continuations: [[ValueType]: Plan] = [:]
    /// The last plan of the chain in the run before.
    private(set) var final: Plan?

    /// Continuations beyond this number push out the others.
    private static let continuationLimit = 64

    init(_ draft: PlanDraft, _ program: Program, _ pool: WorkPool?) throws(ModelError) {
        inputShapes = draft.inputShapes
        inputSlots = draft.inputSlots
        preparation = draft.preparation
        steps = draft.steps
        calls = .allocate(capacity: draft.steps.count + 1)
        for (index, step) in draft.steps.enumerated() { (calls + index).initialize(to: .passUnretained(step)) }
        placements = draft.placements
        views = draft.views
        arenaByteCount = draft.arenaByteCount
        // What a plan without stops made for its shapes, all contexts share.
        let made = draft.breakpoint == nil && !draft.isContinuation ? 0 : draft.ownByteCount
        let tableCount = 1 + (pool?.threadCount ?? 0)
        ownByteCount = made + tableCount * (draft.slotCount + 1) * MemoryLayout<UnsafeMutableRawPointer>.size
        outputs = draft.outputs
        var counts: [Int] = []
        for place in draft.outputs {
            if case .memory(_, _, let shape) = place { counts.append(try Tensor.elementCount(shape)) } else { counts.append(0) }
        }
        outputCounts = counts
        outputSlots = draft.outputs.map { if case .memory(let slot, _, _) = $0 { slot } else { -1 } }
        outputPlacements = draft.outputPlacements
        redirected = .allocate(capacity: draft.outputs.count + 1)
        redirected.initialize(repeating: nil, count: draft.outputs.count + 1)
        breakpoint = draft.breakpoint
        isWhole = draft.breakpoint == nil
        retained = draft.retained + draft.constants.map(\.tensor.storage)
        ownMemory = draft.isContinuation ? try Storage(byteCount: draft.arenaByteCount) : nil
        nothing = .allocate(byteCount: 64, alignment: 64)
        addresses = .allocate(capacity: draft.slotCount + 1)
        addresses.initialize(repeating: nothing, count: draft.slotCount + 1)
        self.pool = pool
        crew = pool.map { [addresses] in
            Crew($0, own: addresses, slotCount: draft.slotCount + 1, privateSlots: draft.privateSlots)
        }
        for (slot, tensor) in program.outline.constants {
            if tensor.elementType == .string { boxes[slot] = .tensor(tensor) }
            set(slot, UnsafeRawPointer(tensor.bytes.baseAddress))
        }
        for (slot, tensor) in draft.constants {
            if tensor.elementType == .string { boxes[slot] = .tensor(tensor) }
            set(slot, UnsafeRawPointer(tensor.bytes.baseAddress))
        }
    }

    deinit {
        calls.deallocate()
        addresses.deallocate()
        redirected.deallocate()
        nothing.deallocate()
    }

    /// Bytes that the plan and those that follow it keep beside the context's arena.
    var byteCount: Int {
        continuations.values.reduce(ownByteCount + (ownMemory?.bytes.count ?? 0)) { $0 + $1.byteCount }
    }

    // MARK: Operands

    func set(input index: Int, _ pointer: UnsafeRawPointer) { set(inputSlots[index], pointer) }

    func set(input index: Int, _ value: Value) { set(slot: inputSlots[index], value) }

    private func set(_ slot: Int, _ pointer: UnsafeRawPointer?) {
        addresses[slot] = pointer.map(UnsafeMutableRawPointer.init(mutating:)) ?? nothing
    }

    private func set(slot: Int, _ value: Value) {
        boxes[slot] = value
        if let tensor = value.tensor, tensor.elementType != .string { set(slot, tensor.bytes.baseAddress) }
    }

    /// The value at a place; memory is wrapped, not copied.
    private func value(at place: Place) throws(ModelError) -> Value {
        switch place {
        case .boxed(let slot):
            guard let value = boxes[slot] else { throw ModelError(.invalidModel, "a value is used before it is computed") }
            return value
        case .memory(let slot, let elementType, let shape):
            return .tensor(try table.tensor(slot, elementType, shape))
        }
    }

    // MARK: Running

    /// The addresses that steps are given.
    var table: Addresses { Addresses(base: addresses, crew: crew.map { Unmanaged.passUnretained($0) }) }

    /// Runs the chain of plans.
    func run(_ context: Context) throws(ModelError) {
        try work(context)
        if isWhole { return }
        var current = self
        while let breakpoint = current.breakpoint {
            current = try current.resume(breakpoint)
            try current.work(context)
        }
        // A plan that held itself would never be freed.
        final = current === self ? nil : current
    }

    private func work(_ context: Context) throws(ModelError) {
        try prepare(context)
        let table = table
        for index in 0..<steps.count {
            try calls[index]._withUnsafeGuaranteedRef { step in Result { () throws(ModelError) in try step.run(table) } }.get()
        }
    }

    /// Tells buffers and views where they lie, and computes what follows from the shapes unless it is still there.
    func prepare(_ context: Context) throws(ModelError) {
        let base = if let ownMemory { ownMemory.bytes.baseAddress } else { try context.reserve(arenaByteCount) }
        var isPrepared = base == placedBase
        if base != placedBase, let base {
            for index in placements.indices { addresses[placements[index].slot] = base + placements[index].offset }
            placedBase = base
        }
        if isRedirected {
            for index in outputPlacements.indices { if let place = redirected[index] { addresses[outputSlots[index]] = place } }
        }
        for index in views.indices { addresses[views[index].slot] = addresses[views[index].source] + views[index].byteOffset }
        if ownMemory == nil {
            isPrepared = isPrepared && context.lastPlan == ObjectIdentifier(self)
            context.lastPlan = ObjectIdentifier(self)
        }
        crew?.update(from: addresses)
        if isPrepared || preparation.isEmpty { return }
        for step in preparation {
            do throws(ModelError) {
                try step.run(table)
            } catch {
                placedBase = nil
                throw error
            }
        }
    }

    func resume(_ breakpoint: Breakpoint) throws(ModelError) -> Plan {
        let node = breakpoint.node
        var results: [Value?] = []
        do throws(ModelError) {
            var arguments: [Value?] = []
            for place in breakpoint.arguments {
                arguments.append(try place.map { place throws(ModelError) in try value(at: place) })
            }
            let computed = try node.op.evaluate(Arguments(arguments, outputCount: node.outputs.count))
            guard computed.count >= node.outputs.count else {
                throw ModelError(.invalidModel, "\(computed.count) results computed, \(node.outputs.count) are listed")
            }
            for (id, value) in zip(node.outputs, computed) { results.append(id == nil ? nil : try value.detached()) }
        } catch {
            throw error.atNode(node.name, operator: node.op.name)
        }
        let key = results.compactMap { $0?.type }
        let next: Plan
        if let known = continuations[key] {
            next = known
        } else {
            if continuations.count >= Plan.continuationLimit { continuations.removeAll() }
            next = try breakpoint.resume(results, pool)
            continuations[key] = next
        }
        for (value, place) in breakpoint.survivors {
            switch place {
            case .memory(let slot, _, _): next.addresses[value] = addresses[slot]
            case .boxed(let slot): next.boxes[value] = boxes[slot]
            }
        }
        for (id, value) in zip(node.outputs, results) {
            if let id, let value { next.set(slot: id.index, value) }
        }
        return next
    }

    /// Makes the next runs write an output to the caller's memory, which holds as many elements as its shape says.
    ///
    /// - Returns: False when the output lies elsewhere in any case: in an input, a constant, or within another value.
    func redirect(output index: Int, _ pointer: UnsafeMutableRawPointer) -> Bool {
        guard outputPlacements.indices.contains(index), outputPlacements[index] != nil else { return false }
        redirected[index] = pointer
        isRedirected = true
        return true
    }

    /// Makes the next runs write all outputs to the context's memory again.
    func redirectNothing() {
        guard isRedirected else { return }
        isRedirected = false
        for index in outputPlacements.indices where redirected[index] != nil {
            redirected[index] = nil
            guard let place = outputPlacements[index] else { continue }
            addresses[outputSlots[index]] = placedBase.map { $0 + placements[place].offset } ?? nothing
        }
    }

    // MARK: Results

    /// The shape of an output of this plan, the last of its chain.
    func outputShape(_ index: Int) -> [Int] {
        switch outputs[index] {
        case .memory(_, _, let shape): shape
        case .boxed(let slot): boxes[slot]?.tensor?.shape ?? []
        }
    }

    /// Where an output lies that needs no other plan than this; nil for values that are not in memory.
    func outputAddress(_ index: Int) -> UnsafeRawPointer? {
        outputSlots[index] < 0 ? nil : UnsafeRawPointer(addresses[outputSlots[index]])
    }

    /// A copy of an output.
    func output(_ index: Int) throws(ModelError) -> Value { try value(at: outputs[index]).detached() }

    /// The element type and the bytes of an output in place.
    func outputBytes(_ index: Int) throws(ModelError) -> (elementType: ElementType, bytes: UnsafeRawBufferPointer) {
        switch outputs[index] {
        case .memory(let slot, let elementType, _):
            let count = outputCounts[index] * elementType.byteWidth
            return (elementType, UnsafeRawBufferPointer(start: addresses[slot], count: count))
        case .boxed(let slot):
            guard let tensor = boxes[slot]?.tensor, tensor.elementType != .string else {
                throw ModelError(.unsupported, "output \(index) is no tensor of numbers")
            }
            return (tensor.elementType, tensor.bytes)
        }
    }

    /// An output in place.
    func outputElements<T: Scalar>(_ index: Int, of type: T.Type) throws(ModelError) -> UnsafeBufferPointer<T> {
        switch outputs[index] {
        case .memory(let slot, let elementType, _):
            guard elementType == T.elementType else {
                throw ModelError(.invalidInput, "output \(index) holds \(elementType), \(T.elementType) was asked for")
            }
            return UnsafeBufferPointer(
                start: UnsafePointer(addresses[slot].assumingMemoryBound(to: T.self)), count: outputCounts[index])
        case .boxed(let slot):
            guard let tensor = boxes[slot]?.tensor, tensor.elementType == T.elementType else {
                throw ModelError(.invalidInput, "output \(index) is no tensor of \(T.elementType)")
            }
            return UnsafeBufferPointer(start: tensor.bytes.baseAddress?.assumingMemoryBound(to: T.self), count: tensor.count)
        }
    }
}

extension Addresses {
    /// Wraps what lies in a slot as a tensor, without copying.
    func tensor(_ slot: Int, _ elementType: ElementType, _ shape: [Int]) throws(ModelError) -> Tensor {
        let byteCount = try Tensor.elementCount(shape) * elementType.byteWidth
        let storage = Storage(borrowing: UnsafeRawBufferPointer(start: base[slot], count: byteCount), owner: 0)
        return try Tensor(elementType, shape, storage: storage)
    }
}

extension Value {
    /// The value with tensors that own their elements, so that it outlives the memory it was computed in.
    func detached() throws(ModelError) -> Value {
        switch self {
        case .tensor(let tensor):
            guard tensor.elementType != .string else { return self }
            let copy = try Storage(byteCount: tensor.byteCount)
            copy.bytes.copyMemory(from: tensor.bytes)
            return .tensor(try Tensor(tensor.elementType, tensor.shape, storage: copy))
        case .sequence(let values, let type):
            var copies: [Value] = []
            for value in values { copies.append(try value.detached()) }
            return .sequence(copies, of: type)
        case .optional(let value, let type):
            return .optional(try value.map { value throws(ModelError) in try value.detached() }, of: type)
        case .map(let keys, let values, let type):
            var copies: [Value] = []
            for value in values { copies.append(try value.detached()) }
            guard let ownKeys = try Value.tensor(keys).detached().tensor else { return self }
            return .map(keys: ownKeys, values: copies, of: type)
        }
    }
}

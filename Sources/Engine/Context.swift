import SeptumIR
public import SeptumTensor

/// The memory in which one thread runs a program: never used by two threads at once.
///
/// With a `WorkPool` the pool's threads share the large steps of a run; small ones stay on the caller's.
///
/// Each set of input shapes is planned when it is first seen; afterwards a run of a plan without data-dependent
/// shapes allocates nothing and takes no lock.
public final class Context {
    public let program: Program
    /// Those planned so far, and a hash of the input shapes of each.
    private var plans: [Plan] = []
    private var hashes: [Int] = []
    private(set) var arena: Storage?
    /// Where buffers lie in the arena, and how many bytes there are.
    private var room: (start: UnsafeMutableRawPointer?, byteCount: Int) = (nil, 0)
    /// The plan that worked in the arena last.
    var lastPlan: ObjectIdentifier?
    /// The threads that share large steps; nil for one thread.
    let pool: WorkPool?
    private let sharing: Sharing
    /// Bytes between a boundary of 64 and the working memory, for tests: where buffers lie changes no bits.
    package var arenaShift = 0 {
        didSet { (arena, room, lastPlan) = (nil, (nil, 0), nil) }
    }

    /// Plans beyond this number push out the oldest.
    public static let planLimit = 512

    init(_ program: Program, _ pool: WorkPool?, _ leastWork: Double) {
        self.program = program
        self.pool = pool.flatMap { $0.threadCount > 1 ? $0 : nil }
        sharing = self.pool.map { Sharing(threads: $0.threadCount, leastWork: leastWork) } ?? .none
    }

    /// The bytes of working memory taken so far.
    public var arenaByteCount: Int { arena?.bytes.count ?? 0 }

    /// The bytes that the context takes once it has run the shapes it was given: the arena and what each plan keeps.
    ///
    /// Weights and their packed copies belong to the program.
    public var byteCount: Int {
        let arena = plans.reduce(arenaByteCount) { max($0, $1.arenaByteCount) }
        return plans.reduce(arena) { $0 + $1.byteCount }
    }

    /// Runs the program on tensors in the order of its inputs.
    ///
    /// - Throws: `invalidInput` when a tensor does not fit its input, naming it; what operators throw.
    public func run(_ inputs: [Tensor]) throws(ModelError) -> [Tensor] {
        let values = try run(values: inputs.map(Value.tensor))
        var tensors: [Tensor] = []
        for (value, port) in zip(values, program.outputs) {
            guard let tensor = value.tensor else {
                throw ModelError(.unsupported, "output '\(port.name)' is \(port.type), not a tensor")
            }
            tensors.append(tensor)
        }
        return tensors
    }

    /// Runs the program on values of any kind in the order of its inputs.
    ///
    /// - Throws: `invalidInput` when a value does not fit its input, naming it; what operators throw.
    public func run(values: [Value]) throws(ModelError) -> [Value] {
        try InputCheck.check(values.map(\.type), program)
        let plan = try plan(values.map { $0.tensor?.shape ?? [] })
        for (index, value) in values.enumerated() { plan.set(input: index, value) }
        try plan.run(self)
        var results: [Value] = []
        for index in program.outputs.indices { results.append(try (plan.final ?? plan).output(index)) }
        return results
    }

    /// A run with fixed input shapes whose buffers are filled and read in place; the way to run without allocation.
    ///
    /// - Throws: `invalidInput` when a shape does not fit its input; `unsupported` when an input is no numeric tensor.
    public func bind(_ shapes: [[Int]]) throws(ModelError) -> Binding {
        var types: [ValueType] = []
        for (shape, port) in zip(shapes, program.inputs) {
            guard let element = port.type.tensor?.elementType, element != .string else {
                throw ModelError(.unsupported, "input '\(port.name)' is \(port.type), it cannot be bound to memory")
            }
            types.append(.tensor(element, shape.map(Dimension.fixed)))
        }
        try InputCheck.check(types, program)
        return Binding(context: self, plan: try plan(shapes))
    }

    private func plan(_ shapes: [[Int]]) throws(ModelError) -> Plan {
        var hasher = Hasher()
        hasher.combine(shapes)
        let hash = hasher.finalize()
        for (index, known) in hashes.enumerated() where known == hash && plans[index].inputShapes == shapes {
            return plans[index]
        }
        let plan = try Plan(try program.plan(shapes, sharing), program, pool)
        if plans.count >= Context.planLimit {
            plans.removeAll()
            hashes.removeAll()
        }
        plans.append(plan)
        hashes.append(hash)
        return plan
    }

    /// Working memory of at least the given size; what it held before is lost when it has to grow.
    func reserve(_ byteCount: Int) throws(ModelError) -> UnsafeMutableRawPointer? {
        if byteCount <= room.byteCount { return room.start }
        (arena, room, lastPlan) = (nil, (nil, 0), nil)
        let storage = try Storage(byteCount: byteCount + arenaShift)
        (arena, room) = (storage, (storage.bytes.baseAddress.map { $0 + arenaShift }, byteCount))
        return room.start
    }
}

/// Checks values against the inputs that a program declares.
enum InputCheck {
    /// - Throws: `invalidInput` naming the input, what was found and what was expected.
    static func check(_ types: [ValueType], _ program: Program) throws(ModelError) {
        guard types.count == program.inputs.count else {
            let names = program.inputs.map(\.name).joined(separator: ", ")
            throw ModelError(.invalidInput, "\(types.count) inputs given, expected \(program.inputs.count): \(names)")
        }
        var symbols = NameTable()
        for (found, port) in zip(types, program.inputs) {
            guard case .tensor(let type) = found, case .tensor(let declared) = port.type else {
                guard port.type.admits(found) else { throw mismatch(port, found) }
                continue
            }
            guard type.elementType == declared.elementType else { throw mismatch(port, found) }
            guard let expected = declared.shape, let shape = type.concreteShape else { continue }
            guard expected.count == shape.count else { throw mismatch(port, found) }
            for (dimension, number) in zip(expected, shape) {
                if let symbol = dimension.symbolName {
                    guard symbols[symbol] ?? number == number else {
                        throw ModelError(
                            .invalidInput,
                            "input '\(port.name)' is \(found): '\(symbol)' is \(number) here and \(symbols[symbol] ?? 0) before"
                        )
                    }
                    symbols.insert(symbol, number)
                } else if let value = dimension.number ?? dimension.value(symbols.dictionary), value != number {
                    throw mismatch(port, found)
                }
            }
        }
    }

    private static func mismatch(_ port: Program.Port, _ found: ValueType) -> ModelError {
        ModelError(.invalidInput, "input '\(port.name)' is \(found), expected \(port.type)")
    }
}

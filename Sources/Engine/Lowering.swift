package import SeptumIR
package import SeptumKernels
import SeptumOperators
package import SeptumTensor

/// Where the operands of a run lie: one address for each slot of its plan.
package struct Addresses {
    package let base: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// Who shares large steps, if there is more than one thread.
    let crew: Unmanaged<Crew>?

    package subscript(slot: Int) -> UnsafeMutableRawPointer { base[slot] }

    @inline(__always)
    package func read<T>(_ slot: Int, _ type: T.Type = T.self) -> UnsafePointer<T> {
        UnsafePointer(base[slot].assumingMemoryBound(to: T.self))
    }

    @inline(__always)
    package func write<T>(_ slot: Int, _ type: T.Type = T.self) -> UnsafeMutablePointer<T> {
        base[slot].assumingMemoryBound(to: T.self)
    }
}

/// One prepared piece of work of a plan; shapes are fixed, so that it neither allocates nor checks them.
package typealias Step = (Addresses) throws(ModelError) -> Void

/// A step and the node it does the work of, for errors; an object, so that a run calls it without retaining anything.
final class PlannedStep {
    let work: Step
    let node: Graph.Node

    init(work: @escaping Step, node: Graph.Node) {
        self.work = work
        self.node = node
    }

    /// - Throws: what the operator throws, with the node's name.
    func run(_ addresses: Addresses) throws(ModelError) {
        do throws(ModelError) {
            try work(addresses)
        } catch {
            throw error.atNode(node.name, operator: node.op.name)
        }
    }
}

/// One step that does the work of several, one after another. A list of closures would be wrapped anew at each call.
func inOrder(_ steps: [Step]) -> Step {
    guard var all = steps.first else { return { _ in } }
    for next in steps.dropFirst() {
        let before = all
        all = { addresses throws(ModelError) in
            try before(addresses)
            try next(addresses)
        }
    }
    return all
}

/// An operator that the engine runs with a kernel where it has one for the given types and shapes.
package protocol LoweredOperator: Operator {
    /// The prepared work; nil when the plain evaluation must do.
    ///
    /// - Throws: `limit` when packed weights do not fit into memory.
    func lower(_ site: inout LoweringSite) throws(ModelError) -> Step?

    /// The prepared work for half-precision operands by way of float32; nil for others, and where that would round otherwise.
    func lowerInFloat32(_ site: inout LoweringSite) throws(ModelError) -> Step?

    /// The operators that it stands for, in order; empty when it stands for itself.
    var parts: [FusedPart] { get }

    /// What it does to each element of float32; nil when it is more than one kernel's work on all elements.
    var elementwise: ElementKernel? { get }
}

extension LoweredOperator {
    package func lowerInFloat32(_ site: inout LoweringSite) throws(ModelError) -> Step? { nil }
    package var parts: [FusedPart] { [] }
    package var elementwise: ElementKernel? { nil }
}

/// A kernel that works on elements one by one.
package enum ElementKernel {
    case unary(UnaryKernel)
    case binary(BinaryOperation)
    /// From left to right, over any number of operands.
    case variadic(BinaryOperation)
}

/// One node with concrete shapes, as a lowering sees it.
package struct LoweringSite {
    /// One operand: its concrete type and the slot of its address.
    package struct Operand {
        package let elementType: ElementType
        package let shape: [Int]
        package let slot: Int
        /// The value when it is part of the model or follows from the shapes.
        package let constant: Tensor?
        /// The value's identity in the program when it is part of the model.
        package let weight: Graph.ValueID?
        /// Whether the value is the same in every run of the plan.
        package var isFixed = false
        package var count: Int { shape.reduce(1, *) }
    }

    package let inputs: [Operand?]
    package let outputs: [Operand?]
    let program: Program
    /// The threads that may share the step.
    let sharing: Sharing
    /// The node's place in the program's graph.
    let node: Int
    /// For each slot that the step alone uses: its bytes of working memory, for each thread where it says so, or what lies there
    /// for good.
    private(set) var ownSlots: [(byteCount: Int, isPrivate: Bool, tensor: Tensor?, isKept: Bool)] = []
    /// Work on fixed inputs, done once before the first run, whose results are kept, and the inputs that it alone reads.
    private(set) var preparation: (work: Step, inputs: [Int])?
    let firstOwnSlot: Int
    private(set) var retained: [Storage] = []
    /// Outputs that lie within something else, so that nothing computes them.
    var views: [View] = []
    /// Whether views are all there is, and the step does nothing.
    var isFree = false

    /// A slot whose address is that of another one and some bytes.
    struct View {
        let slot: Int
        let source: Int
        let byteOffset: Int
    }
    /// Bytes of packed values that no other plan shares.
    private(set) var unsharedByteCount = 0

    init(
        inputs: [Operand?], outputs: [Operand?], program: Program, sharing: Sharing, node: Int, firstOwnSlot: Int
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.program = program
        self.sharing = sharing
        self.node = node
        self.firstOwnSlot = firstOwnSlot
    }

    /// The same node with other operands; `adopt` takes over what its lowering asks for.
    func replacing(inputs: [Operand?], outputs: [Operand?]) -> LoweringSite {
        LoweringSite(
            inputs: inputs, outputs: outputs, program: program, sharing: sharing, node: node,
            firstOwnSlot: firstOwnSlot + ownSlots.count)
    }

    mutating func adopt(_ other: LoweringSite) {
        ownSlots += other.ownSlots
        retained += other.retained
        unsharedByteCount += other.unsharedByteCount
    }

    /// An input, nil when omitted.
    package func input(_ index: Int) -> Operand? { inputs.indices.contains(index) ? inputs[index] : nil }

    /// An output, nil when nobody uses it.
    package func output(_ index: Int) -> Operand? { outputs.indices.contains(index) ? outputs[index] : nil }

    /// The input and the output when all operands given are float32, nil otherwise.
    package func float32(_ index: Int = 0) -> (input: Operand, output: Operand)? {
        guard let input = input(index), let output = output(0), input.elementType == .float32, output.elementType == .float32
        else { return nil }
        return (input, output)
    }

    /// Working memory for the step alone, or for each thread that works at it; returns its slot.
    package mutating func scratch(byteCount: Int, forEachThread isPrivate: Bool = false) -> Int {
        ownSlots.append((byteCount, isPrivate && sharing.threads > 1, nil, false))
        return firstOwnSlot + ownSlots.count - 1
    }

    /// Lets work on fixed inputs be done once before the first run; the step itself does not read them.
    package mutating func prepare(_ work: @escaping Step, reading inputs: [Int]) { preparation = (work, inputs) }

    /// Memory that keeps from run to run what the preparation puts there; returns its slot.
    package mutating func kept(byteCount: Int) -> Int {
        ownSlots.append((byteCount, false, nil, true))
        return firstOwnSlot + ownSlots.count - 1
    }

    /// A tensor made when planning that the step reads; returns its slot.
    package mutating func resident(_ tensor: Tensor) -> Int {
        ownSlots.append((0, false, tensor, false))
        return firstOwnSlot + ownSlots.count - 1
    }

    /// What the node's kernel needs for every shape, made once for all contexts; nil when `make` gives nil.
    package func shared<T: AnyObject & Sendable>(
        _ kind: String, _ make: () throws(ModelError) -> T?
    ) throws(ModelError) -> T? {
        try program.shared(.init(kind: kind, index: node), make)
    }

    /// A weight in the layout a kernel wants, packed once for all contexts; nil when the operand is no weight.
    package mutating func packed(
        _ operand: Operand, _ layout: String, byteCount: Int, _ pack: (UnsafeRawPointer, UnsafeMutableRawPointer) -> Void
    ) throws(ModelError) -> UnsafeRawPointer? {
        guard let constant = operand.constant else { return nil }
        func make() throws(ModelError) -> Storage {
            let storage = try Storage(byteCount: byteCount)
            if let source = constant.bytes.baseAddress, let target = storage.bytes.baseAddress { pack(source, target) }
            constant.storage.forgetPages(constant.bytes)
            return storage
        }
        let key = operand.weight.map { Program.SharedKey(kind: layout, index: $0.index) }
        guard let storage = if let key { try program.shared(key, make) } else { try make() } else { return nil }
        if key == nil { unsharedByteCount += byteCount }
        retained.append(storage)
        return UnsafeRawPointer(storage.bytes.baseAddress)
    }
}

extension Operator {
    /// Whether the output has the elements of the first input in the same order, under another shape.
    var isView: Bool {
        let kind = type(of: self) as Any.Type
        return kind == Op.Reshape.self || kind == Op.Unsqueeze.self || kind == Op.Squeeze.self || kind == Op.Flatten.self
            || kind == Op.Identity.self
    }
}

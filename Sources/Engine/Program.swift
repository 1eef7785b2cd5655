public import SeptumIR
import SeptumKernels
import SeptumOperators
public import SeptumTensor
import Synchronization

/// A graph compiled once, immutable and shared by all threads; each thread runs it in a `Context` of its own.
///
/// For one model the output bits depend on the input bits alone, not on the thread, the batch or the processor.
public final class Program: Sendable {
    /// The graph that runs: the given one after the standard passes and the engine's fusions.
    public let graph: Graph
    public let inputs: [Port]
    public let outputs: [Port]
    let outline: Outline
    /// Mapped files from which weights are read when a plan is made.
    private let sources: [any PageOwner]
    private let plans = Mutex<[SharedPlan]>([])
    /// By place of the value or node that something was made for.
    private let cache: Mutex<[[(kind: String, object: any AnyObject & Sendable)]]>

    /// A named, typed end of the graph.
    public struct Port: Sendable {
        public let name: String
        public let type: ValueType
    }

    /// Compiles a graph.
    ///
    /// - Throws: `invalidModel` when the graph breaks a rule; `unsupported` when `SEPTUM_ISA` names kernels that cannot run here.
    public convenience init(_ graph: Graph) throws(ModelError) {
        try self.init(graph, early: IntegerFusion.early(graph), fusions: Graph.fusions)
    }

    /// Compiles a graph with other fusions than the engine's; `early` ones come before the standard passes.
    package init(_ graph: Graph, early: [any Pass] = [], fusions: [any Pass]) throws(ModelError) {
        if let kernelRefusal { throw ModelError(.unsupported, kernelRefusal, remedy: "unset SEPTUM_ISA") }
        let simplified = try graph.simplified(early).simplified().simplified(fusions)
        self.graph = simplified
        outline = Outline(simplified)
        sources = simplified.sources
        cache = Mutex(Array(repeating: [], count: max(simplified.values.count, simplified.nodes.count)))
        inputs = simplified.inputs.map { Port(name: simplified[$0].name, type: simplified.type($0)) }
        outputs = simplified.outputs.map { Port(name: simplified[$0].name, type: simplified.type($0)) }
    }

    /// Compiles a model's graph.
    ///
    /// - Throws: `invalidModel` when the graph breaks a rule.
    public convenience init(_ model: Model) throws(ModelError) { try self.init(model.graph) }

    /// What one thread needs to run the program. The threads of a pool share the large steps of a run, such as a matrix product;
    /// the bits stay the same. Contexts may have a pool in common: who finds it at work goes on alone.
    public func makeContext(sharing pool: WorkPool? = nil) -> Context { makeContext(sharing: pool, leastWork: Sharing.usualWork) }

    /// With another size from which on steps are shared.
    package func makeContext(sharing pool: WorkPool?, leastWork: Double) -> Context { Context(self, pool, leastWork) }

    /// What a context's plan for the given input shapes is made of, planned by the first context that asks.
    ///
    /// - Throws: `ModelError` naming the node whose inputs do not fit; `file` when the file of the weights was changed in place.
    func plan(_ shapes: [[Int]], _ sharing: Sharing) throws(ModelError) -> PlanDraft {
        let known = plans.withLock { $0.first { $0.draft.inputShapes == shapes && $0.sharing == sharing } }
        if let known { return known.draft }
        try sources.check()
        var builder = PlanBuilder(self, shapes: shapes, sharing)
        let draft = try builder.build()
        // A plan that stops holds what the context computed.
        if draft.breakpoint != nil { return draft }
        let shared = SharedPlan(draft: draft, sharing: sharing)
        plans.withLock { plans in
            if plans.count >= Context.planLimit { plans.removeAll() }
            plans.append(shared)
        }
        return draft
    }

    /// Steps keep no state: what they work on are the addresses that each run gives them.
    private struct SharedPlan: @unchecked Sendable {
        let draft: PlanDraft
        let sharing: Sharing
    }

    /// The bytes of the weights, shared by all contexts; those of a `.septum` file stay in it, and their pages are given back
    /// to the system once the weights are packed.
    public var weightByteCount: Int { graph.constants.values.reduce(0) { $0 + $1.byteCount } }

    /// The bytes that packed copies of weights take, shared by all contexts.
    public var packedByteCount: Int {
        cache.withLock { table in
            table.joined().reduce(0) { sum, made in
                sum + ((made.object as? Storage)?.bytes.count ?? (made.object as? ForestPlan)?.byteCount ?? 0)
            }
        }
    }

    /// The splits and leaves of the forests, and the bytes that they take in the layouts of the kernels once a plan was made.
    public var forests: (nodeCount: Int, byteCount: Int) {
        let nodes = graph.nodes.reduce(0) { sum, node in
            guard let forest = node.op.cast(Op.Forest.self) else { return sum }
            return sum + forest.layout.splitCount + forest.layout.leafCount
        }
        return (nodes, cache.withLock { $0.joined().reduce(0) { $0 + (($1.object as? ForestPlan)?.byteCount ?? 0) } })
    }

    /// Identifies what is made once for all contexts: a packed value or what a node's kernel needs.
    struct SharedKey {
        let kind: String
        let index: Int
    }

    /// The object of a key, made by the first thread that asks.
    func shared<T: AnyObject & Sendable>(_ key: SharedKey, _ make: () throws(ModelError) -> T?) throws(ModelError) -> T? {
        func find(_ table: [[(kind: String, object: any AnyObject & Sendable)]]) -> T? {
            table[key.index].first { $0.kind == key.kind }?.object as? T
        }
        if let known = cache.withLock({ find($0) }) { return known }
        guard let made = try make() else { return nil }
        return cache.withLock { table in
            if let known = find(table) { return known }
            table[key.index].append((key.kind, made))
            return made
        }
    }
}

public import SeptumIR
import SeptumOperators
public import SeptumTensor
import Synchronization

/// A graph compiled once, immutable and shared by all threads; each thread runs it in a `Context` of its own.
///
/// For one model the output bits depend on the input bits alone, not on the thread, the batch or the processor.
public final class Program: Sendable {
    /// The graph that runs: the given one after the standard passes.
    public let graph: Graph
    public let inputs: [Port]
    public let outputs: [Port]
    private let packed = Mutex<[PackingKey: Storage]>([:])

    /// A named, typed end of the graph.
    public struct Port: Sendable {
        public let name: String
        public let type: ValueType
    }

    /// Compiles a graph.
    ///
    /// - Throws: `invalidModel` when the graph breaks a rule.
    public init(_ graph: Graph) throws(ModelError) {
        try graph.verify()
        let simplified = try graph.simplified()
        self.graph = simplified
        inputs = simplified.inputs.map { Port(name: simplified[$0].name, type: simplified.type($0)) }
        outputs = simplified.outputs.map { Port(name: simplified[$0].name, type: simplified.type($0)) }
    }

    /// Compiles a model's graph.
    ///
    /// - Throws: `invalidModel` when the graph breaks a rule.
    public convenience init(_ model: Model) throws(ModelError) { try self.init(model.graph) }

    /// What one thread needs to run the program.
    public func makeContext() -> Context { Context(self) }

    /// The bytes that packed copies of weights take, shared by all contexts.
    public var packedByteCount: Int { packed.withLock { $0.values.reduce(0) { $0 + $1.bytes.count } } }

    struct PackingKey: Hashable {
        let value: Graph.ValueID
        let layout: String
    }

    /// A constant in a layout that a kernel wants, made by the first thread that asks.
    func packing(
        _ value: Graph.ValueID, _ layout: String, byteCount: Int, _ pack: (UnsafeMutableRawPointer) -> Void
    ) throws(ModelError) -> Storage {
        let key = PackingKey(value: value, layout: layout)
        if let known = packed.withLock({ $0[key] }) { return known }
        let storage = try Storage(byteCount: byteCount)
        if let base = storage.bytes.baseAddress { pack(base) }
        return packed.withLock { table in
            if let known = table[key] { return known }
            table[key] = storage
            return storage
        }
    }
}

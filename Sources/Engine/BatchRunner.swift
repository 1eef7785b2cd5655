public import SeptumTensor
import Synchronization

/// Runs batches of rows on the threads of a pool; the bits are those of the whole batch at once.
///
/// For models that compute each row by itself, where every input and output has the same symbol as its first dimension.
/// A model that mixes rows, such as a softmax over the batch, must run in one `Context`.
public final class BatchRunner {
    public let program: Program
    public let pool: WorkPool
    private let contexts: [Context]
    private let rows: Int

    /// - Parameters:
    ///   - program: What runs.
    ///   - pool: The threads, which a runner uses for itself while it runs.
    ///   - rows: Rows that run together.
    /// - Throws: `unsupported` when the first dimensions are not one and the same symbol.
    public init(_ program: Program, _ pool: WorkPool, rows: Int = 256) throws(ModelError) {
        let symbols = (program.inputs + program.outputs).map { $0.type.tensor?.shape?.first?.symbolName }
        guard let first = symbols.first, let symbol = first, symbols.allSatisfy({ $0 == symbol }) else {
            throw ModelError(
                .unsupported, "inputs and outputs do not all start with the same symbolic dimension",
                remedy: "run the model in a Context")
        }
        self.program = program
        self.pool = pool
        self.rows = max(1, rows)
        contexts = (0..<pool.threadCount).map { _ in program.makeContext() }
    }

    /// The bytes that the contexts of all threads take.
    public var byteCount: Int { contexts.reduce(0) { $0 + $1.byteCount } }

    /// Shape: `[n, ...], ... -> [n, ...], ...`. Runs the program on tensors in the order of its inputs.
    ///
    /// - Throws: `invalidInput` when a tensor does not fit its input or the numbers of rows differ; what operators throw.
    public func run(_ inputs: [Tensor]) throws(ModelError) -> [Tensor] {
        let count = inputs.first?.shape.first ?? 0
        guard inputs.allSatisfy({ $0.shape.first == count }) else {
            throw ModelError(.invalidInput, "inputs have different numbers of rows: \(inputs.map { $0.shape.first ?? 0 })")
        }
        guard count > rows else { return try contexts[0].run(inputs) }
        let results = Mutex<[Tensor]>([])
        let (rows, outputCount) = (rows, program.outputs.count)
        // No two threads have a slot at once.
        nonisolated(unsafe) let contexts = contexts
        try pool.run((count + rows - 1) / rows) { part, slot throws(ModelError) in
            let range = part * rows..<min(count, (part + 1) * rows)
            let binding = try contexts[slot].bind(inputs.map { [range.count] + $0.shape.dropFirst() })
            for (index, tensor) in inputs.enumerated() {
                guard let base = tensor.bytes.baseAddress else { continue }
                binding.setInput(index, base + tensor.byteCount / count * range.lowerBound)
            }
            try binding.run()
            let places = try results.withLock { results throws(ModelError) in
                if results.isEmpty {
                    for index in 0..<outputCount {
                        let shape = [count] + binding.outputShape(index).dropFirst()
                        results.append(try Tensor(zeros: try binding.outputBytes(index).elementType, shape))
                    }
                }
                return results
            }
            for (index, place) in places.enumerated() {
                let part = try binding.outputBytes(index).bytes
                let width = place.byteCount / count
                guard part.count == width * range.count, let source = part.baseAddress else {
                    throw ModelError(.invalidInput, "output \(index) has a different shape for different rows")
                }
                place.storage.bytes.baseAddress?.advanced(by: width * range.lowerBound)
                    .copyMemory(from: source, byteCount: part.count)
            }
        }
        return results.withLock { $0 }
    }
}

import SeptumEngine
import SeptumIR
import SeptumTensor
import Synchronization

/// Runs a program on rows, those of equal length together, and puts the results back in the order of the rows.
struct RowScorer {
    private let program: Program
    private let contract: InputContract
    private let batch: Int
    private let pool: WorkPool
    /// One for each thread of the pool.
    private let contexts: [Context]
    /// For each input of the program, its place in the contract.
    private let inputOrder: [Int]

    init(_ program: Program, _ contract: InputContract, batch: Int, pool: WorkPool) {
        self.program = program
        self.contract = contract
        self.pool = pool
        contexts = (0..<pool.threadCount).map { _ in program.makeContext() }
        inputOrder = program.inputs.map { port in contract.inputs.firstIndex { $0.tensor == port.name } ?? 0 }
        let isFixed = program.inputs.contains { $0.type.tensor?.shape?.first?.number != nil }
        self.batch = isFixed ? 1 : max(1, batch)
    }

    /// The output columns of all rows and the time spent in the program.
    ///
    /// - Throws: what the program throws; `invalidInput` when an output has not one row for each row.
    func score(_ rows: RowBatch) throws(ModelError) -> (columns: [(name: String, values: Tensor)], time: Duration) {
        let groups = groups(of: rows)
        let results = Mutex<[Int: [Tensor]]>([:])
        let total = Mutex<Duration>(.zero)
        // No two threads have a slot at once.
        nonisolated(unsafe) let scorer = self
        try pool.run(groups.count) { index, slot throws(ModelError) in
            let inputs = try scorer.tensors(rows, groups[index])
            let clock = ContinuousClock()
            let start = clock.now
            let outputs = try scorer.contexts[slot].run(inputs)
            let time = clock.now - start
            total.withLock { $0 += time }
            results.withLock { $0[index] = outputs }
        }
        let outputs = results.withLock { $0 }
        var columns: [(name: String, values: Tensor)] = []
        for (index, port) in program.outputs.enumerated() {
            let parts = groups.indices.compactMap { outputs[$0]?[index] }
            columns += try gathered(parts, groups, rows.rowCount, port)
        }
        return (columns, total.withLock { $0 })
    }

    /// Rows with the same number of particles in every input, in groups of few different sizes, so that plans are used again.
    private func groups(of rows: RowBatch) -> [[Int]] {
        var byLength: [[Int]: [Int]] = [:]
        for row in 0..<rows.rowCount { byLength[rows.inputs.map { $0.length(row) }, default: []].append(row) }
        var groups: [[Int]] = []
        for (_, members) in byLength.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var start = 0
            var size = batch
            while start < members.count {
                while size > members.count - start { size = max(1, size / 8) }
                groups.append(Array(members[start..<start + size]))
                start += size
            }
        }
        return groups
    }

    private func tensors(_ rows: RowBatch, _ group: [Int]) throws(ModelError) -> [Tensor] {
        var tensors: [Tensor] = []
        for (port, place) in zip(program.inputs, inputOrder) {
            let features = rows.inputs[place]
            let length = group.first.map(features.length) ?? 0
            let width = features.width
            let shape = features.items == nil ? [group.count, width] : [group.count, length, width]
            let tensor = try Tensor(shape, of: Float.self) { target in
                for (position, row) in group.enumerated() {
                    let items = features.items.map { $0[row] } ?? [Int32(truncatingIfNeeded: row)]
                    for (order, item) in items.enumerated() {
                        let start = (position * length + order) * width
                        for column in 0..<width { target[start + column] = features.values[Int(item) * width + column] }
                    }
                }
            }
            if port.type.tensor?.elementType == .float64 {
                let wide = try tensor.array(of: Float.self).map(Double.init)
                tensors.append(try Tensor(shape, wide))
            } else {
                tensors.append(tensor)
            }
        }
        return tensors
    }

    /// One tensor a column, in the order of the rows.
    private func gathered(
        _ parts: [Tensor], _ groups: [[Int]], _ rowCount: Int, _ port: Program.Port
    ) throws(ModelError) -> [(name: String, values: Tensor)] {
        for (part, group) in zip(parts, groups) where part.shape.first != group.count {
            throw ModelError(
                .invalidInput, "output '\(port.name)' has shape \(part.shape) for \(group.count) rows, expected one entry a row")
        }
        let declared = try Tensor.elementCount(port.type.tensor?.shape?.dropFirst().map { $0.number ?? 0 } ?? [])
        var width = declared
        if let part = parts.first, let group = groups.first { width = part.count / max(1, group.count) }
        guard zip(parts, groups).allSatisfy({ $0.count == width * $1.count }) else {
            throw ModelError(.invalidInput, "output '\(port.name)' has a different width for different rows")
        }
        let given = contract.outputs.first { $0.tensor == port.name }?.columns ?? []
        let names = given.count == width ? given : width == 1 ? [port.name] : (0..<width).map { "\(port.name)_\($0)" }
        let element = port.type.tensor?.elementType ?? .float32
        var columns: [(name: String, values: Tensor)] = []
        for (column, name) in names.enumerated() {
            if element == .string {
                var texts = [String](repeating: "", count: rowCount)
                for (part, group) in zip(parts, groups) {
                    for (position, row) in group.enumerated() { texts[row] = part.strings[position * width + column] }
                }
                columns.append((name, try Tensor([rowCount], strings: texts)))
                continue
            }
            let size = element.byteWidth
            let target = try Storage(byteCount: rowCount * size)
            for (part, group) in zip(parts, groups) {
                for (position, row) in group.enumerated() {
                    let source = (position * width + column) * size
                    target.bytes[row * size..<(row + 1) * size].copyBytes(from: part.bytes[source..<source + size])
                }
            }
            columns.append((name, try Tensor(element, [rowCount], storage: target)))
        }
        return columns
    }
}

import SeptumEngine
import SeptumIR
import SeptumTensor

/// Runs a program on rows, those of equal length together, and puts the results back in the order of the rows; for one thread at a time.
final class RowScorer {
    private let program: Program
    private let contract: InputContract
    private let batch: Int
    private let context: Context
    /// For each input of the program, its place in the contract.
    private let inputOrder: [Int]
    /// Runs for the numbers of rows and lengths that have come up.
    private var bindings: [[Int]: Binding] = [:]
    /// Memory for the inputs of one run, used again.
    private var given: [Storage?]
    private(set) var rowCount = 0
    /// Time spent in the program alone.
    private(set) var runTime: Duration = .zero

    private static let bindingLimit = 512

    init(_ program: Program, _ contract: InputContract, batch: Int) {
        self.program = program
        self.contract = contract
        context = program.makeContext()
        inputOrder = program.inputs.map { port in contract.inputs.firstIndex { $0.tensor == port.name } ?? 0 }
        given = program.inputs.map { _ in nil }
        let isFixed = program.inputs.contains { $0.type.tensor?.shape?.first?.number != nil }
        self.batch = isFixed ? 1 : max(1, batch)
    }

    /// The bytes kept between chunks.
    var byteCount: Int { given.reduce(context.byteCount) { $0 + ($1?.bytes.count ?? 0) } }

    /// The output columns of all rows.
    ///
    /// - Throws: what the program throws; `invalidInput` when an output has not one row for each row.
    func score(_ rows: RowBatch) throws(ModelError) -> [(name: String, values: Tensor)] {
        let jagged = rows.inputs.indices.filter { rows.inputs[$0].items != nil }
        let groups = RowGroups(count: rows.rowCount, inputs: jagged.count) { row, input in
            rows.inputs[jagged[input]].length(row)
        }
        var results: [RowResult] = []
        for (_, range) in groups.groups {
            var start = range.lowerBound
            var size = batch
            while start < range.upperBound {
                // Few different sizes, so that plans are used again.
                while size > range.upperBound - start { size = max(1, size / 8) }
                let members = groups.order[start..<start + size]
                let binding = try run(rows, members)
                if results.isEmpty {
                    for (index, port) in program.outputs.enumerated() {
                        results.append(try RowResult(port, rowCount: rows.rowCount, binding, index, members.count))
                    }
                }
                for index in results.indices { try results[index].take(binding, members) }
                start += size
            }
        }
        if results.isEmpty {
            for port in program.outputs { results.append(try RowResult(port)) }
        }
        rowCount += rows.rowCount
        var columns: [(name: String, values: Tensor)] = []
        for result in results {
            for (name, values) in zip(contract.columns(of: result.port.name, width: result.width), try result.columns()) {
                columns.append((name, values))
            }
        }
        return columns
    }

    /// Runs rows of equal length.
    private func run(_ rows: RowBatch, _ members: ArraySlice<Int>) throws(ModelError) -> Binding {
        var key = [members.count]
        for place in inputOrder { key.append(rows.inputs[place].length(members.first ?? 0)) }
        let binding: Binding
        if let known = bindings[key] {
            binding = known
        } else {
            if bindings.count >= RowScorer.bindingLimit { bindings = [:] }
            var shapes: [[Int]] = []
            for (index, place) in inputOrder.enumerated() {
                let features = rows.inputs[place]
                shapes.append(features.items == nil ? [key[0], features.width] : [key[0], key[index + 1], features.width])
            }
            binding = try context.bind(shapes)
            bindings[key] = binding
        }
        for (index, place) in inputOrder.enumerated() {
            try fill(index, rows.inputs[place], members, length: key[index + 1], binding)
        }
        let clock = ContinuousClock()
        let start = clock.now
        try withExtendedLifetime(rows) { () throws(ModelError) in try binding.run() }
        runTime += clock.now - start
        return binding
    }

    /// Gives an input its rows: where they lie when they lie there one after another, otherwise copied.
    private func fill(
        _ index: Int, _ features: RowBatch.Features, _ members: ArraySlice<Int>, length: Int, _ binding: Binding
    ) throws(ModelError) {
        let width = features.width
        let source = features.values.bytes.assumingMemoryBound(to: Float.self)
        let isWide = program.inputs[index].type.tensor?.elementType == .float64
        let count = members.count * length * width
        let first = members.first ?? 0
        let isRun = features.items == nil && (members.last ?? 0) - first == members.count - 1
        if isRun, !isWide, let base = source.baseAddress {
            return binding.setInput(index, UnsafeRawPointer(base + first * width))
        }
        let size = count * (isWide ? MemoryLayout<Double>.size : MemoryLayout<Float>.size)
        if given[index].map({ $0.bytes.count < size }) ?? true {
            given[index] = nil
            given[index] = try Storage(byteCount: size)
        }
        guard let bytes = given[index]?.bytes, let base = bytes.baseAddress else { return }
        let narrow = bytes.assumingMemoryBound(to: Float.self)
        let wide = bytes.assumingMemoryBound(to: Double.self)
        var place = 0
        func put(_ item: Int) {
            for column in 0..<width {
                let value = source[item * width + column]
                if isWide { wide[place + column] = Double(value) } else { narrow[place + column] = value }
            }
            place += width
        }
        for row in members {
            guard let items = features.items else {
                put(row)
                continue
            }
            let own = items.items(row)
            for item in own { put(Int(item)) }
            for _ in own.count..<max(own.count, length) {
                for column in 0..<width { if isWide { wide[place + column] = 0 } else { narrow[place + column] = 0 } }
                place += width
            }
        }
        binding.setInput(index, UnsafeRawPointer(base))
    }
}

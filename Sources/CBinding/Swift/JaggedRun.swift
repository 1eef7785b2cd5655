import CSeptum
import Septum

/// Runs on rows of different lengths: rows of equal lengths together, results in the order of the rows.
final class JaggedRun {
    private let ports: [Program.Port]
    private let outputPorts: [Program.Port]
    /// Memory that is used again: inputs of one group, and outputs of all rows.
    private var given: [Storage?]
    private var made: [Storage?]
    private var results: [ResultDescription]
    private var offsets: [UnsafeMutableBufferPointer<Int64>]

    /// Rows of one group run in parts of at most this many, so that plans are used again and memory stays bounded.
    private static let groupLimit = 256

    init(_ program: Program) {
        ports = program.inputs
        outputPorts = program.outputs
        given = ports.map { _ in nil }
        made = outputPorts.map { _ in nil }
        results = outputPorts.map { _ in ResultDescription() }
        offsets = outputPorts.map { _ in UnsafeMutableBufferPointer(start: nil, count: 0) }
    }

    deinit { for buffer in offsets { buffer.deallocate() } }

    /// One input as checked: where each row's entry lies.
    private struct Input {
        let start: UnsafeRawPointer?
        /// The bytes of one item.
        let itemSize: Int
        /// The dimensions of one item.
        let item: [Int]
        let offsets: UnsafePointer<Int64>?
        /// Whether the model's input has a dimension for the batch before that for the items.
        let isBatched: Bool

        func range(_ row: Int) -> Range<Int> {
            guard let offsets else { return row..<row + 1 }
            return Int(offsets[row])..<Int(offsets[row + 1])
        }

        /// The shape for `count` rows of `length` items.
        func shape(_ count: Int, _ length: Int) -> [Int] {
            offsets == nil ? [count] + item : (isBatched ? [count, length] : [length]) + item
        }
    }

    /// What one group of rows gave.
    private struct Part {
        let rows: ArraySlice<Int>
        /// For each output its shape and bytes.
        let outputs: [(shape: [Int], bytes: [UInt8])]
    }

    func run(
        _ context: Context, _ rowCount: Int64, _ inputs: UnsafeBufferPointer<septum_jagged>,
        _ outputs: UnsafeMutableBufferPointer<septum_jagged>
    ) throws(ModelError) {
        guard inputs.count == ports.count, outputs.count == outputPorts.count else {
            throw ModelError(
                .invalidInput,
                "\(inputs.count) inputs and \(outputs.count) outputs given, expected \(ports.count) and \(outputPorts.count)")
        }
        guard rowCount >= 0, rowCount < Int32.max else { throw ModelError(.invalidInput, "found \(rowCount) rows") }
        let count = Int(rowCount)
        var checked: [Input] = []
        for (input, port) in zip(inputs, ports) { checked.append(try check(input, port, count)) }
        let isBatched = checked.allSatisfy(\.isBatched)
        var parts: [Part] = []
        let sorted = RowGroups(count: count, inputs: checked.count) { row, input in checked[input].range(row).count }
        let limit = isBatched ? JaggedRun.groupLimit : 1
        for (lengths, range) in sorted.groups {
            for start in stride(from: range.lowerBound, to: range.upperBound, by: limit) {
                let part = sorted.order[start..<min(start + limit, range.upperBound)]
                parts.append(Part(rows: part, outputs: try run(context, checked, part, lengths)))
            }
        }
        for index in outputs.indices { outputs[index] = try gathered(parts, index, count, isBatched) }
    }

    private func check(_ input: septum_jagged, _ port: Program.Port, _ rowCount: Int) throws(ModelError) -> Input {
        func refuse(_ message: String) -> ModelError { ModelError(.invalidInput, "input '\(port.name)': \(message)") }
        try input.values.check(port)
        guard input.values.isDense else { throw refuse("the values of a jagged run must be dense") }
        guard port.type.tensor?.elementType != .string else { throw refuse("strings cannot be jagged") }
        let dims = input.values.shape
        guard let items = dims.first else { throw refuse("found a scalar, expected [items, ...]") }
        let rank = port.type.tensor?.shape?.count ?? dims.count
        guard let offsets = input.offsets else {
            guard items == rowCount else { throw refuse("found \(items) entries for \(rowCount) rows") }
            return Input(
                start: input.values.data, itemSize: input.values.byteCount / max(items, 1), item: Array(dims.dropFirst()),
                offsets: nil, isBatched: true)
        }
        guard rank == dims.count || rank == dims.count + 1 else {
            throw refuse("found values \(dims), expected \(port.type) with one dimension less, or as many for one row at a time")
        }
        guard offsets[0] == 0, offsets[rowCount] == Int64(items) else {
            throw refuse("offsets run from \(offsets[0]) to \(offsets[rowCount]), expected 0 to the \(items) items")
        }
        for row in 0..<rowCount where offsets[row + 1] < offsets[row] || offsets[row + 1] > Int64(items) {
            throw refuse("the offset \(offsets[row + 1]) after row \(row) does not follow \(offsets[row]) within \(items) items")
        }
        return Input(
            start: input.values.data, itemSize: input.values.byteCount / max(items, 1), item: Array(dims.dropFirst()),
            offsets: offsets, isBatched: rank == dims.count + 1)
    }

    private func run(
        _ context: Context, _ inputs: [Input], _ rows: ArraySlice<Int>, _ lengths: [Int]
    ) throws(ModelError) -> [(shape: [Int], bytes: [UInt8])] {
        let binding = try context.bind(zip(inputs, lengths).map { $0.shape(rows.count, $1) })
        for (index, input) in inputs.enumerated() {
            let rowSize = lengths[index] * input.itemSize
            if given[index].map({ $0.bytes.count < rows.count * rowSize }) ?? true {
                given[index] = nil
                given[index] = try Storage(byteCount: rows.count * rowSize)
            }
            guard let target = given[index]?.bytes.baseAddress else { continue }
            for (place, row) in rows.enumerated() {
                guard let start = input.start, rowSize > 0 else { break }
                (target + place * rowSize).copyMemory(
                    from: start + input.range(row).lowerBound * input.itemSize, byteCount: rowSize)
            }
            binding.setInput(index, UnsafeRawPointer(target))
        }
        try binding.run()
        var made: [(shape: [Int], bytes: [UInt8])] = []
        for index in outputPorts.indices {
            made.append((binding.outputShape(index), Array(try binding.outputBytes(index).bytes)))
        }
        return made
    }

    /// Puts the parts of one output in the order of the rows.
    ///
    /// Whether it has offsets follows from the model alone: where the first dimension of a row's result is no number.
    private func gathered(
        _ parts: [Part], _ output: Int, _ count: Int, _ isBatched: Bool
    ) throws(ModelError) -> septum_jagged {
        let port = outputPorts[output]
        guard let type = port.type.tensor else {
            throw ModelError(.unsupported, "output '\(port.name)' is \(port.type), which a jagged run cannot hand over")
        }
        // Where each row's bytes lie in the parts, and the shape of one row's result.
        var rows = [(part: Int, start: Int, size: Int, shape: ArraySlice<Int>)](repeating: (0, 0, 0, []), count: count)
        for (index, part) in parts.enumerated() {
            let (shape, bytes) = part.outputs[output]
            guard !isBatched || shape.first == part.rows.count else {
                throw ModelError(
                    .invalidInput,
                    "output '\(port.name)' has shape \(shape) for \(part.rows.count) rows, expected one entry a row")
            }
            let size = bytes.count / max(part.rows.count, 1)
            for (place, row) in part.rows.enumerated() {
                rows[row] = (index, place * size, size, isBatched ? shape.dropFirst() : shape[...])
            }
        }
        let declared = type.shape.map { isBatched ? $0.dropFirst() : $0[...] }
        let first = rows.first?.shape ?? declared?.map { $0.number ?? 0 }[...] ?? []
        let isJagged = !first.isEmpty && declared?.first?.number == nil
        for row in rows where Array(row.shape.dropFirst(isJagged ? 1 : 0)) != Array(first.dropFirst(isJagged ? 1 : 0)) {
            throw ModelError(
                .unsupported, "output '\(port.name)' has the shapes \(first) and \(row.shape), which do not fit in one array")
        }
        let total = rows.reduce(0) { $0 + $1.size }
        if made[output].map({ $0.bytes.count < total }) ?? true {
            made[output] = nil
            made[output] = try Storage(byteCount: total)
        }
        guard let storage = made[output] else { return septum_jagged() }
        var position = 0
        for row in rows {
            parts[row.part].outputs[output].bytes.withUnsafeBytes { bytes in
                storage.bytes[position..<position + row.size].copyBytes(from: bytes[row.start..<row.start + row.size])
            }
            position += row.size
        }
        let items = rows.reduce(0) { $0 + ($1.shape.first ?? 0) }
        let shape = isJagged ? [items] + first.dropFirst() : [count] + first
        results[output].describe(type.elementType, shape, at: UnsafeRawPointer(storage.bytes.baseAddress))
        guard isJagged else { return septum_jagged(values: results[output].tensor, offsets: nil) }
        offsets[output].deallocate()
        offsets[output] = .allocate(capacity: count + 1)
        offsets[output].initialize(repeating: 0)
        for (row, entry) in rows.enumerated() { offsets[output][row + 1] = offsets[output][row] + Int64(entry.shape.first ?? 0) }
        return septum_jagged(values: results[output].tensor, offsets: UnsafePointer(offsets[output].baseAddress))
    }
}

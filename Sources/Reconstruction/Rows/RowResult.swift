import SeptumEngine
import SeptumIR
import SeptumTensor

/// One output for all rows of a chunk, column by column.
struct RowResult {
    let port: Program.Port
    /// The number of columns.
    let width: Int
    private let index: Int
    private let rowCount: Int
    private let element: ElementType
    private var storages: [Storage] = []
    private var texts: [[String]] = []

    /// For no rows.
    ///
    /// - Throws: `limit` when the output's shape overflows.
    init(_ port: Program.Port) throws(ModelError) {
        let width = try Tensor.elementCount(port.type.tensor?.shape?.dropFirst().map { $0.number ?? 0 } ?? [])
        try self.init(port, 0, rowCount: 0, width, port.type.tensor?.elementType ?? .float32)
    }

    /// For rows of which some have run.
    ///
    /// - Throws: `unsupported` when the output is no tensor.
    init(_ port: Program.Port, rowCount: Int, _ binding: Binding, _ index: Int, _ count: Int) throws(ModelError) {
        let shape = binding.outputShape(index)
        let width = try Tensor.elementCount(shape) / max(1, count)
        try self.init(port, index, rowCount: rowCount, width, port.type.tensor?.elementType ?? .float32)
    }

    private init(
        _ port: Program.Port, _ index: Int, rowCount: Int, _ width: Int, _ element: ElementType
    ) throws(ModelError) {
        self.port = port
        self.index = index
        self.width = width
        self.rowCount = rowCount
        self.element = element
        if element == .string {
            texts = [[String]](repeating: [String](repeating: "", count: rowCount), count: width)
        } else {
            for _ in 0..<width { storages.append(try Storage(byteCount: rowCount * element.byteWidth)) }
        }
    }

    /// Takes what a run gave for some rows.
    ///
    /// - Throws: `invalidInput` unless there is one entry of the same width for each row.
    mutating func take(_ binding: Binding, _ members: ArraySlice<Int>) throws(ModelError) {
        let shape = binding.outputShape(index)
        guard shape.first == members.count else {
            throw ModelError(
                .invalidInput, "output '\(port.name)' has shape \(shape) for \(members.count) rows, expected one entry a row")
        }
        guard try Tensor.elementCount(shape) == width * members.count else {
            throw ModelError(.invalidInput, "output '\(port.name)' has a different width for different rows")
        }
        guard element != .string else {
            let strings = try binding.outputTensor(index).tensor?.strings ?? []
            for column in 0..<width {
                for (position, row) in members.enumerated() { texts[column][row] = strings[position * width + column] }
            }
            return
        }
        let found = try binding.outputBytes(index)
        guard found.elementType == element else {
            throw ModelError(.invalidInput, "output '\(port.name)' is \(found.elementType), expected \(element)")
        }
        switch element.byteWidth {
        case 4: scatter(found.bytes, members, UInt32.self)
        case 8: scatter(found.bytes, members, UInt64.self)
        case 2: scatter(found.bytes, members, UInt16.self)
        case 1: scatter(found.bytes, members, UInt8.self)
        default: throw ModelError(.unsupported, "output '\(port.name)' is \(element), which cannot be a column")
        }
    }

    private func scatter<Word>(_ bytes: UnsafeRawBufferPointer, _ members: ArraySlice<Int>, _ word: Word.Type) {
        let source = bytes.assumingMemoryBound(to: Word.self)
        for (column, storage) in storages.enumerated() {
            let target = storage.bytes.assumingMemoryBound(to: Word.self)
            var position = column
            for row in members {
                target[row] = source[position]
                position += width
            }
        }
    }

    /// Shape: `[rows]` each. The columns.
    func columns() throws(ModelError) -> [Tensor] {
        var tensors: [Tensor] = []
        for text in texts { tensors.append(try Tensor([rowCount], strings: text)) }
        for storage in storages { tensors.append(try Tensor(element, [rowCount], storage: storage)) }
        return tensors
    }
}

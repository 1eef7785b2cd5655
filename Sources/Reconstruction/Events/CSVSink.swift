import SeptumTensor

/// Writes flat columns as a table of numbers; jagged columns become one line an item with the event's number before it.
struct CSVSink: EventSink {
    private let file: PartFile
    private var event = 0
    private var hasHeader = false

    init(_ path: String) throws(ModelError) { file = try PartFile(path) }

    mutating func append(_ columns: [(name: String, column: Column)]) throws(ModelError) {
        let jagged = columns.filter { $0.column.offsets != nil }
        let flat = columns.filter { $0.column.offsets == nil }
        var text = ""
        if !hasHeader { text = (["entry"] + (flat + jagged).map(\.name)).joined(separator: ",") + "\n" }
        hasHeader = true
        var cells: [[String]] = []
        for (_, column) in flat + jagged { cells.append(try CSVSink.cells(column.values)) }
        let offsets = jagged.first?.column.offsets
        guard jagged.allSatisfy({ $0.column.offsets == offsets }) else {
            throw ModelError(
                .unsupported, "columns of different collections do not fit one table", remedy: "write .root or .parquet")
        }
        let events = offsets.map { $0.count - 1 } ?? (cells.first?.count ?? 0)
        for index in 0..<max(0, events) {
            let items = offsets.map { $0[index]..<$0[index + 1] } ?? index..<index + 1
            for item in items {
                text += "\(event)"
                for (place, column) in cells.enumerated() {
                    text += ","
                    text += column[place < flat.count ? index : item]
                }
                text += "\n"
            }
            event += 1
        }
        text.withUTF8 { file.write(UnsafeRawBufferPointer($0)) }
        try file.check()
    }

    private static func cells(_ tensor: Tensor) throws(ModelError) -> [String] {
        switch tensor.elementType {
        case .float64: return try tensor.array(of: Double.self).map { "\($0)" }
        case .string: return tensor.strings.map { "\"" + $0.replacing("\"", with: "'") + "\"" }
        default:
            if let integers = tensor.integers { return integers.map { "\($0)" } }
            guard let floats = tensor.floats else {
                throw ModelError(.unsupported, "\(tensor.elementType) cannot be written to a table")
            }
            return floats.map { "\($0)" }
        }
    }

    mutating func close() throws(ModelError) { try file.close() }
}

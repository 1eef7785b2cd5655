#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumIR
import SeptumTensor

/// A table of numbers with a header line; an empty cell is NaN. One line is one event.
struct CSVEvents: EventSource {
    let path: String
    let eventCount: Int
    let columns: [ColumnInfo]
    private let values: [String: [Double]]
    private let texts: Set<String>

    init(_ path: String) throws(ModelError) {
        self.path = path
        let source = try ModelSource(path: path)
        guard let text = String(validating: source.bytes, as: UTF8.self) else {
            throw ModelError(.malformed, "is no UTF-8 text", file: path)
        }
        var lines = text.split(whereSeparator: \.isNewline)[...]
        guard let header = lines.popFirst() else { throw ModelError(.malformed, "has no header line", file: path) }
        let names = CSVEvents.cells(header)
        guard Set(names).count == names.count else {
            throw ModelError(.malformed, "the header names a column twice", file: path)
        }
        var table = [[Double]](repeating: [], count: names.count)
        var isText = [Bool](repeating: false, count: names.count)
        for (number, line) in lines.enumerated() {
            let cells = CSVEvents.cells(line)
            guard cells.count == names.count else {
                throw ModelError(
                    .malformed, "line \(number + 2) has \(cells.count) cells, the header has \(names.count)", file: path)
            }
            for (index, cell) in cells.enumerated() {
                if cell.isEmpty {
                    table[index].append(.nan)
                } else if let value = Double(cell) {
                    table[index].append(value)
                } else {
                    isText[index] = true
                    table[index].append(.nan)
                }
            }
        }
        eventCount = lines.count
        columns = zip(names, isText).map { ColumnInfo(name: $0, elementType: $1 ? .string : .float64, isJagged: false) }
        values = Dictionary(zip(names, table), uniquingKeysWith: { first, _ in first })
        texts = Set(zip(names, isText).filter(\.1).map(\.0))
    }

    /// Cells of one line; a cell in double quotes may hold commas.
    private static func cells(_ line: Substring) -> [String] {
        var cells: [String] = []
        var cell = ""
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                cells.append(trimmed(cell))
                cell = ""
            default: cell.append(character)
            }
        }
        return cells + [trimmed(cell)]
    }

    private static func trimmed(_ cell: String) -> String {
        let start = cell.drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }

    func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
        var result: [String: Column] = [:]
        for name in names {
            let info = try column(name)
            guard info.elementType != .string, let all = values[name], all.indices.contains(events) || events.isEmpty else {
                throw ModelError(.invalidInput, "column '\(name)' holds text, expected numbers", file: path)
            }
            let part = Array(all[events])
            result[name] = Column(values: try Tensor([part.count], part))
        }
        return result
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool { lowerBound <= other.lowerBound && other.upperBound <= upperBound }
}

/// Writes flat columns as a table of numbers; jagged columns become one line an item with the event's number before it.
struct CSVSink: EventSink {
    private let path: String
    private var text = ""
    private var event = 0

    init(_ path: String) { self.path = path }

    mutating func append(_ columns: [(name: String, column: Column)]) throws(ModelError) {
        let jagged = columns.filter { $0.column.offsets != nil }
        let flat = columns.filter { $0.column.offsets == nil }
        if text.isEmpty { text = (["entry"] + (flat + jagged).map(\.name)).joined(separator: ",") + "\n" }
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
                let flatCells = cells.prefix(flat.count).map { $0[index] }
                let jaggedCells = cells.dropFirst(flat.count).map { $0[item] }
                text += (["\(event)"] + flatCells + jaggedCells).joined(separator: ",") + "\n"
            }
            event += 1
        }
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

    mutating func close() throws(ModelError) {
        let temporary = path + ".part\(getpid())"
        let bytes = Array(text.utf8)
        guard let file = fopen(temporary, "wb") else {
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))", file: path)
        }
        let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
        guard fclose(file) == 0, isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw ModelError(.file, "cannot be written", file: path)
        }
    }
}

import SeptumTensor

/// A numpy archive: one array a column; a jagged column `x` has its offsets in `x.offsets`.
struct NpzEvents: EventSource {
    let path: String
    let eventCount: Int
    let columns: [ColumnInfo]
    private let content: [String: Column]

    static let offsetsSuffix = ".offsets"

    init(_ path: String) throws(ModelError) {
        self.path = path
        var tensors: [String: Tensor] = [:]
        let entries = try Npz.read(path: path)
        for (name, tensor) in entries { tensors[name] = tensor }
        var content: [String: Column] = [:]
        var columns: [ColumnInfo] = []
        var count: Int?
        for (name, tensor) in entries where !name.hasSuffix(NpzEvents.offsetsSuffix) {
            guard tensor.shape.count == 1 else { continue }
            var column = Column(values: tensor)
            if let offsets = tensors[name + NpzEvents.offsetsSuffix] {
                guard let starts = offsets.integers, NpzEvents.isPartition(starts, of: tensor.count) else {
                    throw ModelError(.malformed, "'\(name).offsets' does not cut '\(name)' into events", file: path)
                }
                column.offsets = starts
            }
            let events = column.offsets.map { $0.count - 1 } ?? tensor.count
            guard count ?? events == events else {
                throw ModelError(.malformed, "column '\(name)' has \(events) events, those before have \(count ?? 0)", file: path)
            }
            count = events
            content[name] = column
            columns.append(ColumnInfo(name: name, elementType: tensor.elementType, isJagged: column.offsets != nil))
        }
        self.content = content
        self.columns = columns
        eventCount = count ?? 0
    }

    private static func isPartition(_ starts: [Int], of count: Int) -> Bool {
        starts.first == 0 && starts.last == count && zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 }
    }

    func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
        var result: [String: Column] = [:]
        for name in names {
            guard let column = content[name] else { _ = try self.column(name); continue }
            guard events.lowerBound >= 0, events.upperBound <= eventCount else {
                throw ModelError(.invalidInput, "events \(events) were asked for, there are \(eventCount)", file: path)
            }
            guard let offsets = column.offsets else {
                result[name] = Column(values: try column.values.rows(events))
                continue
            }
            let items = offsets[events.lowerBound]..<offsets[events.upperBound]
            let starts = offsets[events.lowerBound...events.upperBound].map { $0 - items.lowerBound }
            result[name] = Column(values: try column.values.rows(items), offsets: starts)
        }
        return result
    }
}

/// Collects columns and writes them as one numpy archive.
struct NpzSink: EventSink {
    private let path: String
    private var parts: [(name: String, columns: [Column])] = []

    init(_ path: String) { self.path = path }

    mutating func append(_ columns: [(name: String, column: Column)]) throws(ModelError) {
        for (name, column) in columns {
            if let index = parts.firstIndex(where: { $0.name == name }) {
                parts[index].columns.append(column)
            } else {
                parts.append((name, [column]))
            }
        }
    }

    mutating func close() throws(ModelError) {
        var entries: [(name: String, tensor: Tensor)] = []
        for (name, columns) in parts {
            entries.append((name, try Tensor.concatenated(columns.map(\.values))))
            guard columns.first?.offsets != nil else { continue }
            var offsets: [Int64] = [0]
            for column in columns {
                let base = offsets.last ?? 0
                offsets += (column.offsets ?? [0]).dropFirst().map { base + Int64($0) }
            }
            entries.append((name + NpzEvents.offsetsSuffix, try Tensor([offsets.count], offsets)))
        }
        try Npz.write(entries, path: path)
    }
}

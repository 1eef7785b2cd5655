public import SeptumTensor

/// Columns of a range of events: algorithms read what is there and add what they make.
public struct EventChunk: Sendable {
    /// The numbers of the events in the source; those that were left out are still counted.
    public let events: Range<Int>
    /// The number of events that the columns hold.
    public private(set) var count: Int
    public private(set) var columns: [String: Column]
    /// The names of the columns that algorithms have added, in that order.
    public private(set) var added: [String] = []

    /// - Parameters:
    ///   - events: The numbers of the events in the source.
    ///   - columns: What was read of them.
    public init(events: Range<Int>, _ columns: [String: Column]) {
        self.events = events
        self.columns = columns
        count = events.count
    }

    /// A chunk of which nothing is left.
    init(leavingOut events: Range<Int>) {
        self.events = events
        columns = [:]
        count = 0
    }

    /// The bytes of all columns.
    var byteCount: Int {
        columns.values.reduce(0) { $0 + $1.values.byteCount + ($1.offsets?.count ?? 0) * MemoryLayout<Int>.size }
    }

    public subscript(name: String) -> Column? { columns[name] }

    /// Adds a column, in place of one of that name that was read.
    ///
    /// - Throws: `invalidInput` when one of that name was added before, or its events are not those of the chunk.
    public mutating func add(_ name: String, _ column: Column) throws(ModelError) {
        guard !added.contains(name) else {
            throw ModelError(
                .invalidInput, "two columns are called '\(name)'",
                remedy: "rename the output's column in the contract, or do not keep the branch")
        }
        let found = column.offsets.map { $0.count - 1 } ?? column.values.shape.first ?? 0
        guard found == count, column.offsets.map({ $0.last == column.values.shape.first }) ?? true else {
            throw ModelError(.invalidInput, "column '\(name)' has \(found) events, expected \(count)")
        }
        columns[name] = column
        added.append(name)
    }

    /// A part of a chunk in which nothing was left out.
    ///
    /// - Throws: `invalidInput` when the range is outside.
    func part(_ range: Range<Int>) throws(ModelError) -> EventChunk {
        var parts: [String: Column] = [:]
        for (name, column) in columns {
            guard let offsets = column.offsets else {
                parts[name] = Column(values: try column.values.rows(range))
                continue
            }
            let items = offsets[range.lowerBound]..<offsets[range.upperBound]
            let starts = offsets[range.lowerBound...range.upperBound].map { $0 - items.lowerBound }
            parts[name] = Column(values: try column.values.rows(items), offsets: starts)
        }
        return EventChunk(events: events.lowerBound + range.lowerBound..<events.lowerBound + range.upperBound, parts)
    }

    /// Chunks that follow each other, as one.
    ///
    /// - Throws: `invalidInput` when their columns differ in type.
    static func joined(_ parts: [EventChunk]) throws(ModelError) -> EventChunk {
        guard let first = parts.first(where: { $0.count > 0 }) ?? parts.first, let last = parts.last else {
            return EventChunk(events: 0..<0, [:])
        }
        let full = parts.filter { $0.count > 0 }
        var joined = first
        if full.count > 1 {
            for name in first.columns.keys {
                let columns = full.compactMap { $0.columns[name] }
                var offsets: [Int]?
                if first.columns[name]?.offsets != nil {
                    var all = [0]
                    for column in columns {
                        let base = all.last ?? 0
                        all += (column.offsets ?? []).dropFirst().map { base + $0 }
                    }
                    offsets = all
                }
                joined.columns[name] = Column(values: try Tensor.concatenated(columns.map(\.values)), offsets: offsets)
            }
        }
        var whole = EventChunk(events: parts[0].events.lowerBound..<last.events.upperBound, joined.columns)
        whole.added = joined.added
        whole.count = parts.reduce(0) { $0 + $1.count }
        return whole
    }
}

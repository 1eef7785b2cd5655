import SeptumIR
import SeptumTensor
import Synchronization

/// A table of numbers with a header line; an empty cell is NaN. One line is one event.
///
/// The table is gone through once to count lines and learn which columns hold numbers; reading parses the lines asked for.
final class CSVEvents: EventSource {
    let path: String
    let eventCount: Int
    let columns: [ColumnInfo]
    private let file: Mapping
    /// Where every `markDistance`th line starts.
    private let marks: [Int]
    /// The line that was read last, and where the next one starts.
    private let last = Mutex<(event: Int, offset: Int)>((0, 0))

    private static let markDistance = 4096
    private static let forgetDistance = 1 << 22

    init(_ path: String) throws(ModelError) {
        self.path = path
        do throws(ModelError) {
            file = try Mapping(path: path)
            var lines = CSVLines(file.bytes)
            guard let header = lines.next() else { throw ModelError(.malformed, "has no header line") }
            let names = try CSVEvents.cells(header).map { cell throws(ModelError) in try cell.text }
            guard Set(names).count == names.count else { throw ModelError(.malformed, "the header names a column twice") }
            var isText = [Bool](repeating: false, count: names.count)
            var (count, marks, forgotten) = (0, [Int](), 0)
            while true {
                let start = lines.offset
                guard let line = lines.next() else { break }
                if count % CSVEvents.markDistance == 0 { marks.append(start) }
                count += 1
                var index = 0
                var walk = CSVCells(line)
                while let cell = walk.next() {
                    if index < names.count, !isText[index], cell.number == nil { isText[index] = true }
                    if cell.isText { _ = try cell.text }
                    index += 1
                }
                guard index == names.count else {
                    throw ModelError(.malformed, "line \(lines.number) has \(index) cells, the header has \(names.count)")
                }
                if lines.offset - forgotten > CSVEvents.forgetDistance {
                    file.forget(UnsafeRawBufferPointer(rebasing: file.bytes[forgotten..<lines.offset]))
                    forgotten = lines.offset
                }
            }
            eventCount = count
            self.marks = marks
            columns = zip(names, isText).map { ColumnInfo(name: $0, elementType: $1 ? .string : .float64, isJagged: false) }
        } catch {
            throw error.inFile(path)
        }
    }

    private static func cells(_ line: UnsafeRawBufferPointer) -> [CSVCells.Cell] {
        var walk = CSVCells(line)
        var cells: [CSVCells.Cell] = []
        while let cell = walk.next() { cells.append(cell) }
        return cells
    }

    func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
        guard events.lowerBound >= 0, events.upperBound <= eventCount else {
            throw ModelError(.invalidInput, "events \(events) were asked for, there are \(eventCount)", file: path)
        }
        guard file.isUnchanged else { throw ModelError(.file, "was changed while it was read", file: path) }
        // For each column of the table, its place among those asked for.
        var places = [Int?](repeating: nil, count: columns.count)
        for (place, name) in names.enumerated() {
            guard try column(name).elementType != .string, let index = columns.firstIndex(where: { $0.name == name }) else {
                throw ModelError(.invalidInput, "column '\(name)' holds text, expected numbers", file: path)
            }
            places[index] = place
        }
        var values = [[Double]](repeating: [], count: names.count)
        for index in values.indices { values[index].reserveCapacity(events.count) }
        let start = offset(of: events.lowerBound)
        var lines = CSVLines(file.bytes, from: start)
        for _ in events {
            guard let line = lines.next() else { throw ModelError(.malformed, "has changed while it was read", file: path) }
            var (walk, index) = (CSVCells(line), 0)
            while let cell = walk.next() {
                if index < places.count, let place = places[index] { values[place].append(cell.number ?? .nan) }
                index += 1
            }
        }
        last.withLock { $0 = (events.upperBound, lines.offset) }
        file.forget(UnsafeRawBufferPointer(rebasing: file.bytes[start..<lines.offset]))
        var result: [String: Column] = [:]
        for (name, numbers) in zip(names, values) {
            result[name] = Column(values: try Tensor([events.count], numbers))
        }
        return result
    }

    /// Where a line starts.
    private func offset(of event: Int) -> Int {
        let known = last.withLock { $0 }
        if known.event == event, event > 0 { return known.offset }
        guard event / CSVEvents.markDistance < marks.count else { return file.bytes.count }
        var lines = CSVLines(file.bytes, from: marks[event / CSVEvents.markDistance])
        for _ in 0..<event % CSVEvents.markDistance { _ = lines.next() }
        return lines.offset
    }
}

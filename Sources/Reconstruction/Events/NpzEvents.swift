import SeptumIR
import SeptumTensor

/// A numpy archive: one array a column; a jagged column `x` has its offsets in `x.offsets`.
///
/// Stored arrays are read where they lie, deflated ones unpacked from first to last as they are asked for.
struct NpzEvents: EventSource {
    let path: String
    let eventCount: Int
    let columns: [ColumnInfo]
    private let content: [String: Arrays]

    /// The array of a column, and that of the offsets of a jagged one.
    fileprivate struct Arrays {
        let values: NpzMember
        let offsets: NpzMember?
    }

    static let offsetsSuffix = ".offsets"
    private static let block = 1 << 16

    init(_ path: String) throws(ModelError) {
        self.path = path
        do throws(ModelError) {
            let file = try Mapping(path: path)
            let members = try NpzEvents.members(file)
            var content: [String: Arrays] = [:]
            var columns: [ColumnInfo] = []
            var count: Int?
            for (name, member) in members where !name.hasSuffix(NpzEvents.offsetsSuffix) {
                guard member.shape.count == 1 else { continue }
                let offsets = members.first { $0.name == name + NpzEvents.offsetsSuffix }?.member
                if let offsets, try !NpzEvents.isPartition(offsets, of: member.shape[0]) {
                    throw ModelError(.malformed, "'\(name).offsets' does not cut '\(name)' into events")
                }
                let events = offsets.map { $0.shape[0] - 1 } ?? member.shape[0]
                guard count ?? events == events else {
                    throw ModelError(.malformed, "column '\(name)' has \(events) events, those before have \(count ?? 0)")
                }
                count = events
                content[name] = Arrays(values: member, offsets: offsets)
                columns.append(ColumnInfo(name: name, elementType: member.elementType, isJagged: offsets != nil))
            }
            self.content = content
            self.columns = columns
            eventCount = count ?? 0
        } catch {
            throw error.inFile(path)
        }
    }

    private static func members(_ file: Mapping) throws(ModelError) -> [(name: String, member: NpzMember)] {
        var members: [(name: String, member: NpzMember)] = []
        for entry in try NpzArchive.entries(file.bytes, unpackedLimit: .max) {
            guard entry.name.hasSuffix(".npy") else {
                throw ModelError(.unsupported, "the archive's entry '\(entry.name)' is no .npy array")
            }
            let name = String(entry.name.dropLast(4))
            do throws(ModelError) {
                members.append((name, try NpzMember(entry, in: file.bytes, owner: file)))
            } catch {
                var named = error
                named.message = "array '\(name)': \(error.message)"
                throw named
            }
        }
        return members
    }

    private static func isPartition(_ offsets: NpzMember, of count: Int) throws(ModelError) -> Bool {
        guard offsets.shape.count == 1, offsets.shape[0] > 0 else { return false }
        var last = 0
        var start = 0
        while start < offsets.shape[0] {
            let part = start..<min(start + block, offsets.shape[0])
            guard let starts = try offsets.read(part).integers else { return false }
            if start == 0, starts.first != 0 { return false }
            for next in starts {
                guard next >= last else { return false }
                last = next
            }
            start = part.upperBound
        }
        return last == count
    }

    func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
        var result: [String: Column] = [:]
        for name in names {
            guard let arrays = content[name] else { _ = try self.column(name); continue }
            guard events.lowerBound >= 0, events.upperBound <= eventCount else {
                throw ModelError(.invalidInput, "events \(events) were asked for, there are \(eventCount)", file: path)
            }
            do throws(ModelError) {
                result[name] = try arrays.read(events)
            } catch {
                throw error.inFile(path)
            }
        }
        return result
    }
}

extension NpzEvents.Arrays {
    fileprivate func read(_ events: Range<Int>) throws(ModelError) -> Column {
        guard let offsets else { return Column(values: try values.read(events)) }
        let starts = try offsets.read(events.lowerBound..<events.upperBound + 1).integers ?? []
        guard let first = starts.first, let last = starts.last, first <= last else {
            throw ModelError(.malformed, "offsets have changed while they were read")
        }
        return Column(values: try values.read(first..<last), offsets: starts.map { $0 - first })
    }
}

/// Keeps columns in files beside the archive, which is written when all is known.
struct NpzSink: EventSink {
    private let path: String
    private var arrays: [(name: String, spool: NpySpool)] = []
    private var ends: [String: Int64] = [:]

    init(_ path: String) { self.path = path }

    mutating func append(_ columns: [(name: String, column: Column)]) throws(ModelError) {
        for (name, column) in columns {
            try spool(name, column.values)
            guard let offsets = column.offsets else { continue }
            let base = ends[name]
            let rest = offsets.dropFirst(base == nil ? 0 : 1).map { (base ?? 0) + Int64($0) }
            try spool(name + NpzEvents.offsetsSuffix, try Tensor([rest.count], rest))
            ends[name] = (base ?? 0) + Int64(offsets.last ?? 0)
        }
    }

    private mutating func spool(_ name: String, _ values: Tensor) throws(ModelError) {
        do throws(ModelError) {
            if let known = arrays.first(where: { $0.name == name }) { return try known.spool.append(values) }
            let spool = try NpySpool(beside: path, values.elementType)
            try spool.append(values)
            arrays.append((name, spool))
        } catch {
            throw error.inFile(path)
        }
    }

    mutating func close() throws(ModelError) {
        try Npz.write(spools: arrays, path: path)
        arrays = []
    }
}

package import SeptumTensor

/// Values of one column for a range of events.
package struct EventColumn: Sendable {
    /// Shape: [entries, ...] for flat columns, [all items, ...] for jagged ones.
    package var values: Tensor
    /// Where the items of each entry start in `values`, and the end of the last; nil for flat columns.
    package var offsets: [Int]?

    package init(values: Tensor, offsets: [Int]? = nil) {
        self.values = values
        self.offsets = offsets
    }
}

/// Reads columns of a ROOT tree (TTree, RNTuple), a Parquet, Arrow or HDF5 file by means of uproot, awkward, pyarrow and h5py.
///
/// Fields of records are columns named with a dot, such as `Muon.pt`. Nulls among floats are read as NaN. Reads may come from
/// any thread; reads of the same columns from first to last unpack each part of the file once.
package final class PythonEventReader: Sendable {
    package struct Column: Sendable {
        package let name: String
        package let elementType: ElementType
        /// The shape of one item: empty for numbers, `[3]` for a column of triples.
        package let itemShape: [Int]
        package let isJagged: Bool
    }

    package let path: String
    /// Nil for Parquet and Arrow, and for HDF5 unless one was given.
    package let tree: String?
    package let entryCount: Int
    /// In the order of the file.
    package let columns: [Column]
    /// Columns whose type cannot be read, with that type.
    package let unreadable: [(name: String, type: String)]

    private let host: PythonHost
    private let handle: PlainValue
    static let source = PythonSource(name: "events", bytes: PackageResources.events_py)

    /// Opens a file; `tree` may be left out when the file holds one tree.
    ///
    /// - Throws: `environment` when Python or a package is missing, `file` when the file cannot be opened, `malformed` when it
    ///   is none of these files or has no such tree.
    package init(_ path: String, tree: String? = nil, executable: String? = nil) throws(ModelError) {
        self.path = path
        host = try PythonHost.shared(executable: executable)
        let arguments: [PlainValue] = [.string(path), tree.map { .string($0) } ?? .none]
        let opened = try host.run(PythonEventReader.source, "open_reader", arguments, file: path)
        handle = opened["handle"] ?? .none
        self.tree = opened["tree"]?.string
        entryCount = opened["count"]?.int ?? 0
        columns = (opened["columns"]?.list ?? []).compactMap { item in
            guard let name = item["name"]?.string, let empty = item["empty"]?.tensor else { return nil }
            return Column(
                name: name, elementType: empty.elementType, itemShape: Array(empty.shape.dropFirst()),
                isJagged: item["jagged"]?.bool ?? false)
        }
        unreadable = (opened["unreadable"]?.list ?? []).map { ($0["name"]?.string ?? "", $0["type"]?.string ?? "") }
    }

    deinit { _ = try? host.run(PythonEventReader.source, "close_reader", [handle]) }

    /// Reads the given columns for the entries of `range`.
    ///
    /// - Throws: `invalidInput` for a column that does not exist or cannot be read and for a range beyond the end; `malformed`
    ///   when the file is damaged or a column that is not of floats holds nulls.
    package func read(_ names: [String], _ range: Range<Int>) throws(ModelError) -> [String: EventColumn] {
        guard range.lowerBound >= 0, range.upperBound <= entryCount else {
            throw ModelError(.invalidInput, "entries \(range) were asked for, there are \(entryCount)", file: path)
        }
        for name in names where !columns.contains(where: { $0.name == name }) { throw missing(name) }
        let arguments: [PlainValue] = [
            handle, .list(names.map { .string($0) }), .int(Int64(range.lowerBound)), .int(Int64(range.upperBound)),
        ]
        let found = try host.run(PythonEventReader.source, "read", arguments, file: path)
        var result: [String: EventColumn] = [:]
        for name in names {
            guard let column = found[name], let values = column["values"]?.tensor else { throw missing(name) }
            result[name] = EventColumn(values: values, offsets: column["offsets"]?.tensor?.integers)
        }
        return result
    }

    private func missing(_ name: String) -> ModelError {
        if let found = unreadable.first(where: { $0.name == name }) {
            return ModelError(.invalidInput, "column '\(name)' cannot be read, its type is \(found.type)", file: path)
        }
        let names = columns.prefix(40).map(\.name).joined(separator: ", ")
        return ModelError(.invalidInput, "there is no column '\(name)'; the columns are \(names)", file: path)
    }
}

/// Writes columns batch by batch to a ROOT file (one TTree or RNTuple), a Parquet, Arrow or HDF5 file.
///
/// The file appears under its name when it is complete; without `close` nothing is left behind.
package final class PythonEventWriter: Sendable {
    package let path: String
    private let host: PythonHost
    private let handle: PlainValue

    static let source = PythonSource(name: "sinks", bytes: PackageResources.sinks_py)

    /// Starts a file; the suffix of `path` is `.root`, `.parquet`, `.pq`, `.arrow`, `.feather`, `.h5` or `.hdf5`.
    ///
    /// - Throws: `environment` when Python or a package is missing, `file` when the file cannot be created, `malformed` for
    ///   another suffix.
    package init(
        _ path: String, tree: String? = nil, isNTuple: Bool = false, executable: String? = nil
    ) throws(ModelError) {
        self.path = path
        host = try PythonHost.shared(executable: executable)
        let arguments: [PlainValue] = [.string(path), tree.map { .string($0) } ?? .none, .bool(isNTuple)]
        handle = try host.run(PythonEventWriter.source, "open_writer", arguments, file: path)
    }

    deinit { _ = try? host.run(PythonEventWriter.source, "close_writer", [handle, .bool(false)]) }

    /// Appends a batch; the first one fixes names and types, the order is that given.
    ///
    /// - Throws: `malformed` when lengths or types do not fit, `file` when the disk does not take it.
    package func append(_ columns: [(name: String, column: EventColumn)]) throws(ModelError) {
        var entries: [(key: String, value: PlainValue)] = []
        for (name, column) in columns {
            var offsets = PlainValue.none
            if let given = column.offsets { offsets = .array(try Tensor([given.count], given.map(Int64.init))) }
            entries.append((name, .dictionary([("values", .array(column.values)), ("offsets", offsets)])))
        }
        _ = try host.run(PythonEventWriter.source, "append", [handle, .dictionary(entries)], file: path)
    }

    /// Completes the file.
    ///
    /// - Throws: `malformed` when no batch was written (an empty one will do), `file` when the disk does not take it.
    package func close() throws(ModelError) {
        _ = try host.run(PythonEventWriter.source, "close_writer", [handle, .bool(true)], file: path)
    }
}

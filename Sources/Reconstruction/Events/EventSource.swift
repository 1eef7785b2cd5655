#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor

/// The values of one column for a range of events.
public struct Column: Sendable {
    /// Shape: `[events]` for flat columns, `[all items]` for jagged ones.
    public var values: Tensor
    /// Where the items of each event start, and the end of the last; nil for flat columns.
    public var offsets: [Int]?

    public init(values: Tensor, offsets: [Int]? = nil) {
        self.values = values
        self.offsets = offsets
    }
}

/// The name and type of a column.
public struct ColumnInfo: Sendable, Hashable {
    public var name: String
    public var elementType: ElementType
    public var isJagged: Bool

    public init(name: String, elementType: ElementType, isJagged: Bool) {
        self.name = name
        self.elementType = elementType
        self.isJagged = isJagged
    }
}

/// Events column by column: a ROOT tree, a Parquet file, a table.
public protocol EventSource: Sendable {
    /// The file's path.
    var path: String { get }
    var eventCount: Int { get }
    var columns: [ColumnInfo] { get }

    /// Reads columns for a range of events.
    ///
    /// - Throws: `invalidInput` for a column that does not exist, `malformed` for a damaged file.
    func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column]
}

/// Takes columns batch by batch; the file appears under its name when it is closed.
public protocol EventSink {
    /// - Throws: `file` when the disk does not take it.
    mutating func append(_ columns: [(name: String, column: Column)]) throws(ModelError)
    /// - Throws: `file` when the disk does not take it.
    mutating func close() throws(ModelError)
}

extension EventSource {
    /// The description of a column.
    ///
    /// - Throws: `invalidInput` naming the column and those that resemble it.
    public func column(_ name: String) throws(ModelError) -> ColumnInfo { try ColumnList(path: path, columns).column(name) }
}

/// How a ROOT file holds events.
public enum RootLayout: String, Sendable, CaseIterable {
    case ttree, rntuple
}

/// Opens event files: for reading by their content where Python reads them, otherwise by their suffix.
public enum EventFiles {
    /// Suffixes that can be read and written.
    public static let suffixes = python + ["npz", "csv"]
    private static let python = ["root", "parquet", "pq", "arrow", "feather", "h5", "hdf5"]

    /// Opens a file for reading.
    ///
    /// - Parameters:
    ///   - path: A file with one of `suffixes`.
    ///   - tree: The tree in a ROOT file, or the group or dataset in an HDF5 file; may be nil when there is one only.
    ///   - python: The interpreter for all but `.npz` and `.csv`.
    /// - Returns: The opened events.
    /// - Throws: `file`, `malformed`, or `environment` when Python or one of its packages is missing.
    public static func open(_ path: String, tree: String? = nil, python: String? = nil) throws(ModelError) -> any EventSource {
        switch suffix(path) {
        case "npz": return try NpzEvents(path)
        case "csv": return try CSVEvents(path)
        #if SEPTUM_PYTHON
            case let suffix where EventFiles.python.contains(suffix): return try PythonEvents(path, tree: tree, python: python)
        #endif
        default: throw unknown(path)
        }
    }

    /// Starts a file for writing.
    ///
    /// - Parameters:
    ///   - path: A file with one of `suffixes`.
    ///   - tree: The tree to write in a ROOT file, `Events` by default, or the group in an HDF5 file.
    ///   - layout: What the tree of a ROOT file is.
    ///   - python: The interpreter for all but `.npz` and `.csv`.
    /// - Returns: The sink.
    /// - Throws: `file`, or `environment` when Python or one of its packages is missing.
    public static func create(
        _ path: String, tree: String? = nil, layout: RootLayout = .ttree, python: String? = nil
    ) throws(ModelError) -> any EventSink {
        try checkFolder(of: path)
        switch suffix(path) {
        case "npz": return NpzSink(path)
        case "csv": return try CSVSink(path)
        #if SEPTUM_PYTHON
            case let suffix where EventFiles.python.contains(suffix):
                return try PythonSink(path, tree: tree, layout: layout, python: python)
        #endif
        default: throw unknown(path)
        }
    }

    /// A result that cannot be written should be known before it is computed.
    static func checkFolder(of path: String) throws(ModelError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard access(folder, W_OK) == 0 else {
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))", file: path)
        }
    }

    private static func suffix(_ path: String) -> String { path.split(separator: ".").last.map { $0.lowercased() } ?? "" }

    private static func unknown(_ path: String) -> ModelError {
        ModelError(
            .unsupported, "events cannot be read from or written to a file with this suffix",
            remedy: "use one of .\(suffixes.joined(separator: ", ."))", file: path)
    }
}

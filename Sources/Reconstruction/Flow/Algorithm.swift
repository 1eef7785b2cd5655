public import SeptumTensor

/// A step that events go through: it reads columns and adds others.
///
/// A scheduler calls `initialise` once, then `execute` for each chunk of events, from several threads at once but one for each slot,
/// and `finalise` at the end. What is made of an event must not depend on the others of its chunk, nor on the order of the calls.
public protocol Algorithm: Sendable {
    /// Stands in reports and messages.
    var name: String { get }
    /// The columns that it reads.
    var inputs: [String] { get }
    /// What it has done so far, while no other thread is at work in it.
    var statistics: AlgorithmStatistics { get }

    /// Prepares for chunks.
    ///
    /// - Parameters:
    ///   - columns: What the source and the algorithms before it give.
    ///   - slots: Calls of `execute` that may run at once.
    /// - Returns: The columns that each chunk gets.
    /// - Throws: `invalidInput` when a column is missing or of the wrong type.
    func initialise(_ columns: ColumnList, slots: Int) throws(ModelError) -> [ColumnInfo]

    /// Adds its columns to a chunk; after it threw, it may be called again with parts of the chunk.
    ///
    /// - Throws: `invalidInput` and the like for an event that cannot be used; `file` and `environment` end the run.
    func execute(_ chunk: inout EventChunk, slot: Int) throws(ModelError)

    /// Is called after the last chunk.
    ///
    /// - Throws: What keeps its results from being complete.
    func finalise() throws(ModelError)
}

extension Algorithm {
    public var statistics: AlgorithmStatistics { AlgorithmStatistics() }
    public func finalise() throws(ModelError) {}
}

/// What an algorithm has done.
public struct AlgorithmStatistics: Sendable {
    /// The rows that it made results for.
    public var rows = 0
    /// Time in a model alone.
    public var modelTime: Duration = .zero
    /// Bytes that it holds between chunks.
    public var byteCount = 0

    public init() {}
}

/// The columns that there are, by name.
public struct ColumnList: Sendable {
    /// The file, for messages.
    public let path: String
    public private(set) var columns: [ColumnInfo]

    public init(path: String, _ columns: [ColumnInfo]) {
        self.path = path
        self.columns = columns
    }

    /// The description of a column.
    ///
    /// - Throws: `invalidInput` naming the column and those that resemble it.
    public func column(_ name: String) throws(ModelError) -> ColumnInfo {
        if let found = columns.first(where: { $0.name == name }) { return found }
        let stem = name.lowercased().split(separator: "_").first.map(String.init) ?? name
        let similar = columns.map(\.name).filter { $0.lowercased().contains(stem) }
        let shown = (similar.isEmpty ? columns.map(\.name) : similar).prefix(12).joined(separator: ", ")
        throw ModelError(
            .invalidInput, "there is no branch '\(name)'", remedy: "name one of the file's branches in the contract: \(shown)",
            file: path)
    }

    /// Puts a column in place of one of the same name.
    mutating func add(_ column: ColumnInfo) {
        columns.removeAll { $0.name == column.name }
        columns.append(column)
    }
}

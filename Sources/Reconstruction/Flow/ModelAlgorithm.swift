public import SeptumEngine
public import SeptumIR
public import SeptumTensor

/// Scores each row of each event by a program, whose inputs a contract takes from columns.
public final class ModelAlgorithm: Algorithm {
    public let name: String
    public let program: Program
    public let contract: InputContract
    /// Rows of equal length that run together; the bits of a row do not depend on it.
    private let batch: Int
    /// One for each slot; written before the first chunk.
    private nonisolated(unsafe) var scorers: [RowScorer] = []

    /// - Parameters:
    ///   - program: What scores.
    ///   - contract: Which columns its inputs are.
    ///   - name: Stands in reports; the contract's own by default.
    ///   - batch: Rows of equal length that run together; the bits of a row do not depend on it.
    public init(_ program: Program, _ contract: InputContract, name: String? = nil, batch: Int = 128) {
        self.program = program
        self.contract = contract
        self.name = name ?? contract.name
        self.batch = batch
    }

    /// In the order of the contract.
    public var inputs: [String] {
        var seen: Set<String> = []
        return contract.inputs.flatMap(\.branches).filter { seen.insert($0).inserted }
    }

    public var statistics: AlgorithmStatistics {
        var statistics = AlgorithmStatistics()
        statistics.byteCount = program.packedByteCount
        for scorer in scorers {
            statistics.rows += scorer.rowCount
            statistics.modelTime += scorer.runTime
            statistics.byteCount += scorer.byteCount
        }
        return statistics
    }

    public func initialise(_ columns: ColumnList, slots: Int) throws(ModelError) -> [ColumnInfo] {
        try contract.check(program, columns)
        var made: [RowScorer] = []
        for _ in 0..<slots { made.append(RowScorer(program, contract, batch: batch)) }
        scorers = made
        var added: [ColumnInfo] = []
        for port in program.outputs {
            let width = port.type.tensor?.shape?.dropFirst().reduce(1) { $0 * ($1.number ?? 1) } ?? 1
            for name in contract.columns(of: port.name, width: width) {
                added.append(
                    ColumnInfo(
                        name: name, elementType: port.type.tensor?.elementType ?? .float32, isJagged: contract.row != nil))
            }
        }
        return added
    }

    public func execute(_ chunk: inout EventChunk, slot: Int) throws(ModelError) {
        let rows = try RowBatch(contract, chunk)
        for (name, values) in try scorers[slot].score(rows) { try chunk.add(name, Column(values: values, offsets: rows.offsets)) }
    }
}

extension InputContract {
    /// The names of the columns that an output becomes, with that of the collection of its rows before them.
    func columns(of output: String, width: Int) -> [String] {
        let given = outputs.first { $0.tensor == output }?.columns ?? []
        let names = given.count == width ? given : width == 1 ? [output] : (0..<width).map { "\(output)_\($0)" }
        return names.map { (row.map { $0 + "_" } ?? "") + $0 }
    }
}

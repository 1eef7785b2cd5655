public import SeptumEngine
public import SeptumIR
public import SeptumTensor

/// Scores every row of every event of a source with a program and hands the results to a sink.
public struct EventLoop: Sendable {
    public let program: Program
    public let contract: InputContract
    public let source: any EventSource
    /// Threads that run the program, when no pool is given; reading and writing stay on the caller's.
    public var threads = 1
    /// The caller's threads, which run the program.
    public var pool: WorkPool?
    /// Events that are read at once.
    public var chunk = 1000
    /// Rows of equal length that run together; the bits of a row do not depend on it.
    public var batch = 128
    /// Branches that are copied to the output, such as `run` and `event`.
    public var keep: [String] = []

    /// - Throws: `invalidInput` naming what does not fit between contract, program and source.
    public init(_ program: Program, _ contract: InputContract, _ source: any EventSource) throws(ModelError) {
        try contract.check(program, source)
        self.program = program
        self.contract = contract
        self.source = source
    }

    /// What a loop has done.
    public struct Summary: Sendable {
        public var events = 0
        public var rows = 0
        /// Time spent in the program alone, summed over threads.
        public var runTime: Duration = .zero
        /// The name of each output column and how its values are distributed.
        public var scores: [(name: String, histogram: Histogram)] = []
    }

    /// Runs over all events.
    ///
    /// - Parameters:
    ///   - sink: Takes the output columns batch by batch.
    ///   - progress: Is told how many events are done.
    /// - Returns: What was done.
    /// - Throws: `invalidInput` for values the contract does not allow; what reading, running and writing throw.
    public func run(into sink: inout any EventSink, progress: (Int) -> Void = { _ in }) throws(ModelError) -> Summary {
        for name in keep { _ = try source.column(name) }
        var summary = Summary()
        let pool = if let pool { pool } else { try WorkPool(threads: max(1, threads)) }
        let scorer = RowScorer(program, contract, batch: batch, pool: pool)
        var start = 0
        repeat {
            let events = start..<min(start + max(1, chunk), source.eventCount)
            let rows = try RowBatch(contract, source, events)
            let (columns, time) = try scorer.score(rows)
            var written: [(name: String, column: Column)] = []
            for (name, column) in try source.read(keep, events).sorted(by: { $0.key < $1.key }) { written.append((name, column)) }
            let prefix = contract.row.map { $0 + "_" } ?? ""
            for (name, tensor) in columns { written.append((prefix + name, Column(values: tensor, offsets: rows.offsets))) }
            for (index, entry) in written.enumerated() where written[..<index].contains(where: { $0.name == entry.name }) {
                throw ModelError(
                    .invalidInput, "two output columns are called '\(entry.name)'",
                    remedy: "rename the output's column in the contract, or do not keep the branch")
            }
            try sink.append(written)
            summary.add(columns, prefix)
            summary.events += events.count
            summary.rows += rows.rowCount
            summary.runTime += time
            start = events.upperBound
            progress(start)
        } while start < source.eventCount
        try sink.close()
        return summary
    }
}

extension EventLoop.Summary {
    fileprivate mutating func add(_ columns: [(name: String, values: Tensor)], _ prefix: String) {
        for (name, tensor) in columns {
            let values = (try? tensor.array(of: Double.self)) ?? tensor.floats?.map(Double.init) ?? []
            let index = scores.firstIndex { $0.name == prefix + name } ?? scores.count
            if index == scores.count { scores.append((prefix + name, Histogram())) }
            for value in values { scores[index].histogram.add(value) }
        }
    }
}

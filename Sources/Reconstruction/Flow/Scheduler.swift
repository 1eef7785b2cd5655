public import SeptumEngine
public import SeptumIR
public import SeptumTensor

/// Takes the events of a source through algorithms, one after another, and hands what they make to a sink in the order of the source.
///
/// Events go in chunks, several of which are under way at once: while one is read, others are worked on, and one is written. What is
/// written does not depend on how many threads and slots there are, nor on the size of the chunks.
public struct Scheduler: Sendable {
    public let algorithms: [any Algorithm]
    public let source: any EventSource
    /// Threads that read, execute algorithms and write, when no pool is given.
    public var threads = 1
    /// The caller's threads, which do so.
    public var pool: WorkPool?
    /// Chunks under way at once, which bound the memory; one more than there are threads by default.
    public var slots: Int?
    /// Events of a chunk; by default as many as take about 4 MB.
    public var chunk: Int?
    /// Branches that are copied to the output, such as `run` and `event`.
    public var keep: [String] = []
    public var onBadEvent = BadEventPolicy.stop
    /// Ends the run early when it is requested.
    public var interruption: Interruption?

    /// - Parameters:
    ///   - algorithms: What is done with each event, in this order; one may read what those before it add.
    ///   - source: The events.
    public init(_ algorithms: [any Algorithm], _ source: any EventSource) {
        self.algorithms = algorithms
        self.source = source
    }

    /// Scores each row of each event.
    ///
    /// - Throws: `invalidInput` naming what does not fit between contract, program and source.
    public init(_ program: Program, _ contract: InputContract, _ source: any EventSource) throws(ModelError) {
        try contract.check(program, ColumnList(path: source.path, source.columns))
        self.init([ModelAlgorithm(program, contract)], source)
    }

    /// Runs over all events.
    ///
    /// - Parameters:
    ///   - sink: Takes the output columns chunk by chunk.
    ///   - progress: Is told how many events of the source are done.
    /// - Returns: What was done.
    /// - Throws: `invalidInput` for what does not fit, and for a bad event, with its number, unless such are skipped; what reading,
    ///   algorithms and writing throw.
    public func run(into sink: inout any EventSink, progress: @escaping (Int) -> Void = { _ in }) throws(ModelError) -> Summary {
        let clock = ContinuousClock()
        let start = clock.now
        let pool = if let pool { pool } else { try WorkPool(threads: max(1, threads)) }
        let names = try prepare(slots: pool.threadCount)
        let writer = Writer(sink, keep: keep, progress)
        defer { sink = writer.sink }
        let inFlight = max(1, slots ?? pool.threadCount + 1)
        let flight = Flight(self, names, inFlight: inFlight)
        // One thread at a time writes.
        nonisolated(unsafe) let shared = writer
        try pool.run(pool.threadCount) { _, slot throws(ModelError) in try flight.work(slot, shared) }
        var summary = flight.summary
        if summary.events == 0, let bad = summary.badEvents.first { throw bad.error }
        for algorithm in algorithms { try algorithm.finalise() }
        try writer.sink.close()
        summary.scores = writer.scores
        for (index, algorithm) in algorithms.enumerated() {
            summary.algorithms[index].statistics = algorithm.statistics
        }
        summary.rows = algorithms.first?.statistics.rows ?? 0
        summary.total = clock.now - start
        return summary
    }

    /// Lets the algorithms prepare.
    ///
    /// - Returns: What has to be read.
    private func prepare(slots: Int) throws(ModelError) -> [String] {
        var known = ColumnList(path: source.path, source.columns)
        var read: Set<String> = []
        var made: Set<String> = []
        for name in keep {
            _ = try known.column(name)
            read.insert(name)
        }
        for algorithm in algorithms {
            for name in algorithm.inputs where !made.contains(name) {
                _ = try known.column(name)
                read.insert(name)
            }
            for column in try algorithm.initialise(known, slots: slots) {
                guard !keep.contains(column.name), made.insert(column.name).inserted else {
                    throw ModelError(
                        .invalidInput, "two columns are called '\(column.name)'",
                        remedy: "rename the output's column in the contract, or do not keep the branch")
                }
                known.add(column)
            }
        }
        return read.sorted()
    }
}

/// What is done about an event that an algorithm cannot use.
public enum BadEventPolicy: String, Sendable, CaseIterable {
    /// The run ends with an error that names the event.
    case stop
    /// The event is left out and counted.
    case skip
}

/// An event that was left out.
public struct BadEvent: Sendable {
    public var number: Int
    public var error: ModelError
}

extension Scheduler {
    /// What a scheduler has done.
    public struct Summary: Sendable {
        /// Events that were written.
        public var events = 0
        /// Rows that the first algorithm made results for.
        public var rows = 0
        /// Events that were left out.
        public var badEventCount = 0
        /// The first of them.
        public var badEvents: [BadEvent] = []
        /// Whether the run was ended early.
        public var isInterrupted = false
        /// The name of each column that was added and how its values are distributed.
        public var scores: [(name: String, histogram: Histogram)] = []
        /// In the order of the algorithms.
        public var algorithms: [AlgorithmReport] = []
        public var readTime: Duration = .zero
        public var writeTime: Duration = .zero
        /// From start to end.
        public var total: Duration = .zero

        /// Bad events beyond this number are counted only.
        static let badEventLimit = 100

        /// What an algorithm has done.
        public struct AlgorithmReport: Sendable {
            public var name: String
            /// Summed over threads.
            public var time: Duration = .zero
            public var statistics = AlgorithmStatistics()
        }
    }
}

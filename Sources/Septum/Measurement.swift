#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumEngine
public import SeptumTensor
import Synchronization

/// How long a program takes for one event.
public struct Measurement: Sendable {
    /// Nanoseconds per event.
    public let median: Double
    public let minimum: Double
    public let p99: Double
    public let repetitions: Int
    /// How long single runs took.
    public let latency: Latency
    /// Calls of the allocator in a run that is warm; nil unless a library that counts them is preloaded.
    public let allocationsPerRun: Double?
    /// Working memory of one context.
    public let arenaByteCount: Int

    /// Nanoseconds of single runs, without the time that reading the clock takes.
    public struct Latency: Sendable {
        public let median: Double
        public let p99: Double
        public let p999: Double
        public let maximum: Double
        public let runs: Int
    }

    private static let latencyLimit = 1 << 20

    /// Runs a program again and again on the same inputs: half of the time many runs between two readings of the clock, half of
    /// it one.
    ///
    /// What was measured while another process took the processor is left out. Where little remains, as on a busy machine when a
    /// run is longer than the scheduler's slices, the thread's own processor time stands for the clock's.
    ///
    /// - Parameters:
    ///   - program: What is measured.
    ///   - inputs: Tensors in the order of its inputs.
    ///   - batch: Events in one run.
    ///   - threads: Threads that run at the same time, each with its own context.
    ///   - runThreads: Threads that share the large steps of each run.
    ///   - seconds: How long to measure.
    /// - Returns: Time per event of one thread, divided by the number of threads; latencies as they are.
    /// - Throws: What the program throws.
    public static func measure(
        _ program: Program, _ inputs: [Tensor], batch: Int, threads: Int, runThreads: Int = 1, seconds: Double
    ) throws(ModelError) -> Measurement {
        let collected = Mutex(Samples())
        try WorkPool(threads: max(1, threads)).run(max(1, threads)) { _, _ throws(ModelError) in
            let pool = runThreads > 1 ? try WorkPool(threads: runThreads) : nil
            let samples = try sample(program.makeContext(sharing: pool), inputs, seconds: seconds)
            collected.withLock { $0.add(samples) }
        }
        let samples = collected.withLock { $0 }
        let times = samples.times.map { $0 / Double(batch) }.sorted()
        let reading = readingTime
        let latencies = samples.latencies.sorted().map { max(0, $0 - reading) }
        return Measurement(
            median: quantile(0.5, times) / Double(threads), minimum: quantile(0, times) / Double(threads),
            p99: quantile(0.99, times) / Double(threads), repetitions: times.count,
            latency: Latency(
                median: quantile(0.5, latencies), p99: quantile(0.99, latencies), p999: quantile(0.999, latencies),
                maximum: latencies.last ?? 0, runs: latencies.count),
            allocationsPerRun: samples.allocations, arenaByteCount: samples.arena)
    }

    /// What one thread measures.
    private static func sample(_ context: Context, _ inputs: [Tensor], seconds: Double) throws(ModelError) -> Samples {
        let binding = try context.bind(inputs)
        let clock = ContinuousClock()
        try binding.run()
        let once = max(1, (try clock.time { () throws(ModelError) in try binding.run() }) / .nanoseconds(1))
        let inner = max(1, Int(100_000 / once))
        var samples = Samples()
        var end = clock.now + .seconds(seconds / 2)
        repeat {
            let before = Usage.now
            let time = try clock.time { () throws(ModelError) in for _ in 0..<inner { try binding.run() } }
            samples.add(time / .nanoseconds(1), from: before, runs: inner)
        } while clock.now < end
        let counted = min(inner, 100)
        let before = AllocationCount.now
        for _ in 0..<counted { try binding.run() }
        if let before, let after = AllocationCount.now { samples.allocations = Double(after - before) / Double(counted) }
        // Written once before: the first touch of a page takes longer than many a run.
        var latencies = [Double](repeating: 0, count: min(latencyLimit, Int(seconds * 1e9 / once) + 1000))
        var count = 0
        end = clock.now + .seconds(seconds / 2)
        repeat {
            let before = Usage.now
            let first = count
            var now = clock.now
            let pause = now + .microseconds(20)
            repeat {
                let start = now
                try binding.run()
                now = clock.now
                latencies[count] = (now - start) / .nanoseconds(1)
                count += 1
            } while now < pause && count < latencies.count
            if Usage.now.interruptions != before.interruptions { count = max(1, first) }
        } while clock.now < end && count < latencies.count
        samples.latencies = Array(latencies.prefix(count))
        samples.arena = context.arenaByteCount
        return samples
    }

    private static func quantile(_ fraction: Double, _ sorted: [Double]) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]
    }

    /// The median time between two readings of the clock, in nanoseconds.
    private static var readingTime: Double {
        let clock = ContinuousClock()
        var readings: [Double] = []
        for _ in 0..<1001 {
            let start = clock.now
            readings.append((clock.now - start) / .nanoseconds(1))
        }
        return quantile(0.5, readings.sorted())
    }
}

/// What threads have measured.
private struct Samples {
    /// Nanoseconds of a run, without those of `disturbed`.
    private var quiet: [Double] = []
    private var disturbed: [Double] = []
    var latencies: [Double] = []
    var allocations: Double?
    var arena = 0

    var times: [Double] { quiet.count < 3 ? quiet + disturbed : quiet }

    mutating func add(_ nanoseconds: Double, from before: Usage, runs: Int) {
        let after = Usage.now
        if after.interruptions == before.interruptions {
            quiet.append(nanoseconds / Double(runs))
        } else {
            disturbed.append(min(nanoseconds, after.nanoseconds - before.nanoseconds) / Double(runs))
        }
    }

    mutating func add(_ other: Samples) {
        quiet += other.quiet
        disturbed += other.disturbed
        latencies += other.latencies
        if let more = other.allocations { allocations = max(allocations ?? 0, more) }
        arena = max(arena, other.arena)
    }
}

/// What this thread has had of the processor.
private struct Usage {
    /// How often another process took it away.
    let interruptions: Int
    let nanoseconds: Double

    static var now: Usage {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Usage(interruptions: interruptions, nanoseconds: Double(time.tv_sec) * 1e9 + Double(time.tv_nsec))
    }

    #if canImport(Glibc)
        /// RUSAGE_THREAD is 1, which Swift does not see.
        private static var interruptions: Int {
            var usage = rusage()
            getrusage(__rusage_who_t(1), &usage)
            return usage.ru_nivcsw
        }
    #else
        private static let interruptions = 0
    #endif
}

/// Calls of the allocator in this thread, as a preloaded library counts them; see `Benchmarks`.
private enum AllocationCount {
    private static let count: (@convention(c) () -> Int64)? = dlsym(
        UnsafeMutableRawPointer(bitPattern: 0), "bench_allocation_count"
    ).map { unsafeBitCast($0, to: (@convention(c) () -> Int64).self) }

    static var now: Int64? { count?() }
}

extension Context {
    /// A run that reads its inputs from tensors, which the context keeps.
    ///
    /// - Throws: `invalidInput` when a shape does not fit its input; `unsupported` when an input is no numeric tensor.
    public func bind(_ inputs: [Tensor]) throws(ModelError) -> Binding {
        let binding = try bind(inputs.map(\.shape))
        for (index, tensor) in inputs.enumerated() { binding.setInput(index, tensor) }
        return binding
    }
}

extension ContinuousClock {
    fileprivate func time(_ work: () throws(ModelError) -> Void) throws(ModelError) -> Duration {
        let start = now
        try work()
        return now - start
    }
}

extension Program {
    private static let randomElementLimit = 1 << 28

    /// Random inputs: normally distributed floats, integers 0 and 1.
    ///
    /// - Parameters:
    ///   - batch: The size of the first dimension, where that is a symbol.
    ///   - sizes: Sizes of other symbols; 1 for those not named.
    /// - Returns: One tensor an input.
    /// - Throws: `unsupported` for inputs that are no numeric tensors.
    public func randomInputs(batch: Int, sizes: [String: Int]) throws(ModelError) -> [Tensor] {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        var tensors: [Tensor] = []
        for port in inputs {
            guard let type = port.type.tensor, let shape = type.shape else {
                throw ModelError(.unsupported, "input '\(port.name)' is \(port.type), no random values can be made for it")
            }
            let extents = shape.enumerated().map { axis, dimension in
                dimension.number ?? dimension.value(sizes) ?? (axis == 0 ? batch : 1)
            }
            let count = try Tensor.elementCount(extents)
            guard count <= Program.randomElementLimit else {
                throw ModelError(
                    .limit, "input '\(port.name)' would have shape \(extents), beyond \(Program.randomElementLimit) elements")
            }
            func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }
            switch type.elementType {
            case .float32: tensors.append(try Tensor(extents, (0..<count).map { _ in Float(normal()) }))
            case .float64: tensors.append(try Tensor(extents, (0..<count).map { _ in normal() }))
            case .int64: tensors.append(try Tensor(extents, (0..<count).map { _ in Int64(uniform() * 2) }))
            case .int32: tensors.append(try Tensor(extents, (0..<count).map { _ in Int32(uniform() * 2) }))
            case .bool: tensors.append(try Tensor(extents, (0..<count).map { _ in Bool8(uniform() < 0.5) }))
            default: throw ModelError(.unsupported, "input '\(port.name)' is \(port.type), no random values can be made for it")
            }
        }
        return tensors
    }
}

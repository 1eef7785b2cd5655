#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumEngine
public import SeptumTensor

/// A program bound to fixed shapes, for calls that must not wait: each is timed and held against a budget.
///
/// All memory is there and has been touched before the first call. A call allocates nothing, takes no lock and makes no system call
/// (the clock is read without one), unless the program has steps whose shapes depend on data. For one thread at a time.
public final class RealTimeRun {
    public let binding: Binding
    /// Shape: as given. The inputs, to be filled before a call.
    public let inputs: [UnsafeMutableRawBufferPointer]
    /// What calls took.
    public private(set) var latencies = LatencyHistogram()
    /// Calls that took longer than the budget.
    public private(set) var overrunCount = 0
    private let budget: Budget?
    private let limit: UInt64
    private let storages: [Storage]

    /// - Parameters:
    ///   - program: What runs.
    ///   - inputs: The first values of the inputs, whose shapes hold for all calls.
    ///   - budget: The time that a call may take.
    ///   - warmUp: Calls made now, which are not counted.
    /// - Throws: `invalidInput` when an input does not fit; what the program throws.
    public init(_ program: Program, _ inputs: [Tensor], budget: Budget? = nil, warmUp: Int = 10) throws(ModelError) {
        self.budget = budget
        let nanoseconds = budget.map { $0.latency / .nanoseconds(1) } ?? .infinity
        limit = nanoseconds < Double(UInt64.max / 2) ? UInt64(max(0, nanoseconds)) : .max
        binding = try program.makeContext().bind(inputs.map(\.shape))
        var storages: [Storage] = []
        for (index, tensor) in inputs.enumerated() {
            let storage = try Storage(byteCount: tensor.byteCount)
            storage.bytes.copyMemory(from: tensor.bytes)
            if let base = storage.bytes.baseAddress { binding.setInput(index, UnsafeRawPointer(base)) }
            storages.append(storage)
        }
        self.storages = storages
        self.inputs = storages.map(\.bytes)
        for _ in 0..<max(2, warmUp) { try binding.run() }
        latencies.add(nanoseconds: 0)
        latencies = LatencyHistogram()
    }

    /// Runs on what the inputs hold now.
    ///
    /// - Throws: `limit` after a call that took longer than a budget that asks for it; what the program throws.
    public func run() throws(ModelError) {
        let start = RealTimeRun.now
        try binding.run()
        let time = RealTimeRun.now &- start
        latencies.add(nanoseconds: time)
        if time > limit { try overrun(time) }
    }

    private func overrun(_ time: UInt64) throws(ModelError) {
        overrunCount += 1
        switch budget?.onOverrun {
        case .call(let body): body(time)
        case .fail:
            throw ModelError(
                .limit, "the call took \(time) ns, its budget is \(limit)", remedy: "its results are complete and may be used")
        case .report, nil: break
        }
    }

    /// Keeps all memory of the process, that of now and of later, in main memory, so that no call waits for a page.
    ///
    /// - Throws: `environment` when the system does not allow it.
    public static func lockMemory() throws(ModelError) {
        guard mlockall(MCL_CURRENT | MCL_FUTURE) == 0 else {
            throw ModelError(
                .environment, "memory cannot be locked: \(String(cString: strerror(errno)))",
                remedy: "raise the limit (ulimit -l), or run as a user who may")
        }
    }

    /// Nanoseconds of a clock that only goes forward.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

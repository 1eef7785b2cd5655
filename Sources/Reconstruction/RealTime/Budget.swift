/// The time that a call may take, and what happens when it took longer.
public struct Budget: Sendable {
    public var latency: Duration
    public var onOverrun: Overrun

    /// What happens after a call that took too long; its results are complete all the same.
    public enum Overrun: Sendable {
        /// It is counted.
        case report
        /// It is counted, and the closure is told the time in nanoseconds on the thread that ran.
        case call(@Sendable (_ nanoseconds: UInt64) -> Void)
        /// It is counted, and the call throws `limit`.
        case fail
    }

    /// - Parameters:
    ///   - latency: The time that a call may take.
    ///   - onOverrun: What happens when it took longer.
    public init(latency: Duration, onOverrun: Overrun = .report) {
        self.latency = latency
        self.onOverrun = onOverrun
    }
}

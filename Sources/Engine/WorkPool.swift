internal import CSeptumCPU

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor
import Synchronization

/// A fixed number of threads that share work: the caller's own, and others that the pool starts once.
///
/// Between calls the others look for work for some microseconds and then sleep; they end with the pool. A call allocates nothing
/// but the closure that it is given.
public final class WorkPool: Sendable {
    /// How many threads work, the caller's being one.
    public let threadCount: Int
    private let team: Team
    private let handles: [Handle]

    /// More threads than this are refused.
    public static let threadLimit = 1024

    /// - Throws: `invalidInput` unless `threads` is 1 to `threadLimit`; `limit` when the system gives no more threads.
    public init(threads: Int) throws(ModelError) {
        guard (1...WorkPool.threadLimit).contains(threads) else {
            throw ModelError(.invalidInput, "\(threads) threads asked for, expected 1 to \(WorkPool.threadLimit)")
        }
        threadCount = threads
        team = Team(spins: Int(septum_processor_count()) >= threads ? 2000 : 0)
        var started: [Handle] = []
        for slot in 1..<threads {
            guard let handle = Handle(Member(team: team, slot: slot)) else {
                team.stop()
                for handle in started { handle.join() }
                throw ModelError(.limit, "the system gave \(started.count) of \(threads - 1) threads", remedy: "ask for fewer")
            }
            started.append(handle)
        }
        handles = started
    }

    deinit {
        team.stop()
        for handle in handles { handle.join() }
    }

    /// Does a piece of work for each number below `count`; threads take the numbers one by one.
    ///
    /// - Parameters:
    ///   - count: The number of parts.
    ///   - body: Is given a part and the slot of the thread, 0 up to `threadCount`, which no two threads have at once.
    /// - Throws: The first error that a part threw; parts not yet begun are left out then. `invalidInput` when called from
    ///   within a part or by two threads at once.
    public func run(
        _ count: Int, _ body: @escaping @Sendable (_ part: Int, _ slot: Int) throws(ModelError) -> Void
    ) throws(ModelError) {
        guard try team.run(count, body) else {
            throw ModelError(.invalidInput, "the pool is at work", remedy: "give each caller, and work within work, its own pool")
        }
    }

    /// As `run`; false, with nothing done, when the pool is at work.
    func runIfFree(
        _ count: Int, _ body: @escaping @Sendable (_ part: Int, _ slot: Int) throws(ModelError) -> Void
    ) throws(ModelError) -> Bool { try team.run(count, body) }
}

/// The state that the threads share.
///
/// `state` is one word: the number of the call, whether it is open, and how many of the pool's threads work at it. A thread
/// joins by counting itself in while the call is open; the caller closes the call when no parts are left and waits for those
/// who joined. Who sleeps through a call is not waited for.
private final class Team: Sendable {
    private static let open: UInt64 = 1 << 31
    private static let workers: UInt64 = open - 1

    private let spins: Int
    private let state = Atomic<UInt64>(0)
    private let isBusy = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    private let next = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let waitingCaller = Atomic<Bool>(false)
    private let firstError = Mutex<ModelError?>(nil)
    /// Written while the call is closed and nobody works at it, read by those who joined.
    private nonisolated(unsafe) var count = 0
    private nonisolated(unsafe) var body: (@Sendable (Int, Int) throws(ModelError) -> Void)?
    private let lock = Condition()
    private let done = Condition()

    init(spins: Int) { self.spins = spins }

    /// False when the pool is at work.
    func run(_ count: Int, _ body: @escaping @Sendable (Int, Int) throws(ModelError) -> Void) throws(ModelError) -> Bool {
        guard !isBusy.exchange(true, ordering: .acquiring) else { return false }
        defer { isBusy.store(false, ordering: .releasing) }
        self.count = count
        self.body = body
        next.store(0, ordering: .relaxed)
        let call = (state.load(ordering: .relaxed) >> 32) &+ 1
        state.store(call << 32 | (count > 1 ? Team.open : 0), ordering: .sequentiallyConsistent)
        let asleep = sleepers.load(ordering: .sequentiallyConsistent)
        if count > 1, asleep > 0 { lock.signal(min(asleep, count - 1)) }
        work(slot: 0)
        close()
        self.body = nil
        let error = firstError.withLock { error in
            defer { error = nil }
            return error
        }
        if let error { throw error }
        return true
    }

    /// Ends the call: nobody joins any more, and who joined has left.
    private func close() {
        var left = state.bitwiseAnd(~Team.open, ordering: .sequentiallyConsistent).newValue & Team.workers
        var turns = 0
        while left > 0, turns < spins {
            septum_pause()
            turns += 1
            left = state.load(ordering: .acquiring) & Team.workers
        }
        while left > 0 {
            done.wait {
                waitingCaller.store(true, ordering: .sequentiallyConsistent)
                return state.load(ordering: .sequentiallyConsistent) & Team.workers == 0
            }
            waitingCaller.store(false, ordering: .relaxed)
            left = state.load(ordering: .acquiring) & Team.workers
        }
    }

    private func work(slot: Int) {
        guard let body else { return }
        while true {
            let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard part < count else { return }
            do throws(ModelError) {
                try body(part, slot)
            } catch {
                next.store(count, ordering: .relaxed)
                firstError.withLock { if $0 == nil { $0 = error } }
            }
        }
    }

    /// The life of one of the pool's threads.
    func serve(slot: Int) {
        var seen: UInt64 = 0
        while let call = awaitCall(after: seen) {
            seen = call
            guard join(call) else { continue }
            work(slot: slot)
            let left = state.subtract(1, ordering: .sequentiallyConsistent).newValue
            if left & (Team.open | Team.workers) == 0, waitingCaller.load(ordering: .sequentiallyConsistent) { done.signal(1) }
        }
    }

    /// Counts the thread in; false when the call is over.
    private func join(_ call: UInt64) -> Bool {
        var current = state.load(ordering: .acquiring)
        while current >> 32 == call, current & Team.open != 0 {
            let (exchanged, original) = state.compareExchange(
                expected: current, desired: current + 1, ordering: .acquiringAndReleasing)
            if exchanged { return true }
            current = original
        }
        return false
    }

    /// The number of an open call after the given one; nil when the pool ends.
    private func awaitCall(after seen: UInt64) -> UInt64? {
        var turns = 0
        while !isStopped.load(ordering: .acquiring) {
            if let call = openCall(after: seen) { return call }
            if turns < spins {
                septum_pause()
                turns += 1
                continue
            }
            lock.wait {
                sleepers.add(1, ordering: .sequentiallyConsistent)
                return openCall(after: seen) != nil || isStopped.load(ordering: .sequentiallyConsistent)
            }
            sleepers.subtract(1, ordering: .sequentiallyConsistent)
            turns = 0
        }
        return nil
    }

    private func openCall(after seen: UInt64) -> UInt64? {
        let current = state.load(ordering: .sequentiallyConsistent)
        return current & Team.open != 0 && current >> 32 != seen ? current >> 32 : nil
    }

    func stop() {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        lock.signal(.max)
    }
}

/// A mutex and a condition of the system.
package final class Condition: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Sleeps until a signal, which may come without reason, unless what it waits for is there.
    package func wait(unless isThere: () -> Bool) {
        pthread_mutex_lock(mutex)
        if !isThere() { pthread_cond_wait(condition, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// Wakes some of the threads that wait.
    package func signal(_ count: Int) {
        pthread_mutex_lock(mutex)
        if count == .max { pthread_cond_broadcast(condition) } else { for _ in 0..<count { pthread_cond_signal(condition) } }
        pthread_mutex_unlock(mutex)
    }
}

/// What a thread of the pool is started with.
private final class Member: Sendable {
    let team: Team
    let slot: Int

    init(team: Team, slot: Int) {
        self.team = team
        self.slot = slot
    }
}

/// A running thread.
private struct Handle: @unchecked Sendable {
    private var thread = pthread_t()

    /// Nil when the system starts no thread.
    init?(_ member: Member) {
        var started = pthread_t()
        let box = Unmanaged.passRetained(member)
        let status = pthread_create(
            &started, nil,
            { argument in
                if let argument {
                    let member = Unmanaged<Member>.fromOpaque(argument).takeRetainedValue()
                    member.team.serve(slot: member.slot)
                }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            return nil
        }
        thread = started
    }

    func join() { pthread_join(thread, nil) }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor
import Synchronization

/// Runs `count` pieces of work on exactly the given number of threads, the caller's being one; parts are given out one by one.
///
/// - Parameters:
///   - threads: How many threads work; no more than there are pieces are started.
///   - count: The number of pieces.
///   - makeWorker: Is called once on each thread and gives what does a piece.
/// - Throws: The first error that a piece threw; pieces not yet begun are left out then.
public func concurrently(
    threads: Int, count: Int, _ makeWorker: @escaping @Sendable () -> (Int) throws(ModelError) -> Void
) throws(ModelError) {
    let state = SharedCounter()
    let work: @Sendable () -> Void = {
        let worker = makeWorker()
        while let index = state.next(below: count) {
            do throws(ModelError) {
                try worker(index)
            } catch {
                state.fail(error)
            }
        }
    }
    var handles: [pthread_t] = []
    for _ in 1..<max(1, min(threads, count)) {
        var handle = pthread_t()
        let box = Unmanaged.passRetained(WorkBox(work))
        let status = pthread_create(
            &handle, nil,
            { argument in
                if let argument { Unmanaged<WorkBox>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, box.toOpaque())
        if status == 0 { handles.append(handle) } else { box.release() }
    }
    work()
    for handle in handles { pthread_join(handle, nil) }
    if let error = state.error { throw error }
}

private final class WorkBox: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}

private final class SharedCounter: Sendable {
    private let state = Mutex<(next: Int, error: ModelError?)>((0, nil))

    func next(below count: Int) -> Int? {
        state.withLock { state in
            guard state.error == nil, state.next < count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    func fail(_ error: ModelError) { state.withLock { if $0.error == nil { $0.error = error } } }

    var error: ModelError? { state.withLock { $0.error } }
}

import SeptumEngine
import SeptumTensor
import Synchronization

/// One run of a scheduler: the chunks under way, and what a thread that is free should do next.
///
/// Writing what is ready comes first, then reading, then the algorithms. One thread at a time reads, one writes.
final class Flight: Sendable {
    private let scheduler: Scheduler
    private let names: [String]
    private let inFlight: Int
    private let state: Mutex<State>
    private let change = Condition()

    /// Events of the first chunk, by which the size of the others is chosen, and their bounds.
    private static let firstChunk = 1024
    private static let chunkLimits = 256...1 << 17
    private static let chunkBytes = 1 << 22

    private enum Stage: Sendable {
        case ready(EventChunk)
        case working
        case done(EventChunk)
        case failed(ModelError)
    }

    private struct State: Sendable {
        /// By number, those that have been read and not been written.
        var chunks: [Int: Stage] = [:]
        var nextRead = 0
        var nextWrite = 0
        var nextEvent = 0
        var isReading = false
        var isWriting = false
        var isOver = false
        var bytesPerEvent: Int?
        var summary = Scheduler.Summary()
    }

    private enum Duty {
        case write(EventChunk)
        case fail(ModelError)
        case read(Int, Range<Int>)
        case execute(Int, EventChunk)
        case wait
        case end
    }

    init(_ scheduler: Scheduler, _ names: [String], inFlight: Int) {
        self.scheduler = scheduler
        self.names = names
        self.inFlight = inFlight
        var state = State()
        state.summary.algorithms = scheduler.algorithms.map { Scheduler.Summary.AlgorithmReport(name: $0.name) }
        self.state = Mutex(state)
    }

    var summary: Scheduler.Summary { state.withLock { $0.summary } }

    /// Does what there is to do until the run is over.
    func work(_ slot: Int, _ writer: Writer) throws(ModelError) {
        let clock = ContinuousClock()
        while true {
            let start = clock.now
            switch state.withLock({ take(&$0) }) {
            case .end:
                change.signal(.max)
                return
            case .wait:
                change.wait(unless: { state.withLock { !isIdle($0) } })
                continue
            case .fail(let error):
                change.signal(.max)
                throw error
            case .write(let chunk):
                do throws(ModelError) {
                    try writer.write(chunk)
                } catch {
                    state.withLock { $0.isOver = true }
                    change.signal(.max)
                    throw error
                }
                state.withLock {
                    $0.isWriting = false
                    $0.nextWrite += 1
                    $0.summary.events += chunk.count
                    $0.summary.writeTime += clock.now - start
                }
            case .read(let number, let events):
                let stage = read(events)
                state.withLock {
                    $0.isReading = false
                    $0.chunks[number] = stage
                    $0.summary.readTime += clock.now - start
                    if case .ready(let chunk) = stage { $0.bytesPerEvent = chunk.byteCount / max(1, chunk.count) }
                }
            case .execute(let number, let chunk):
                let stage = execute(chunk, slot)
                state.withLock { $0.chunks[number] = stage }
            }
            change.signal(.max)
        }
    }

    private func isIdle(_ state: State) -> Bool {
        var copy = state
        if case .wait = take(&copy) { return true }
        return false
    }

    /// Chooses what to do and marks it as being done.
    private func take(_ state: inout State) -> Duty {
        if state.isOver { return .end }
        if !state.isWriting {
            switch state.chunks[state.nextWrite] {
            case .done(let chunk):
                state.isWriting = true
                state.chunks[state.nextWrite] = nil
                return .write(chunk)
            case .failed(let error):
                state.isOver = true
                return .fail(error)
            default: break
            }
        }
        let total = scheduler.source.eventCount
        let isAsked = scheduler.interruption?.isRequested ?? false
        let isRead = state.nextRead > 0 && (state.nextEvent >= total || isAsked)
        if !isRead, !state.isReading, state.nextRead - state.nextWrite < inFlight {
            let end = state.nextEvent + min(size(state), total - state.nextEvent)
            defer { (state.nextEvent, state.nextRead, state.isReading) = (end, state.nextRead + 1, true) }
            return .read(state.nextRead, state.nextEvent..<end)
        }
        for number in state.nextWrite..<state.nextRead {
            guard case .ready(let chunk) = state.chunks[number] else { continue }
            state.chunks[number] = .working
            return .execute(number, chunk)
        }
        if isRead, state.nextWrite == state.nextRead {
            state.isOver = true
            state.summary.isInterrupted = isAsked && state.nextEvent < total
            return .end
        }
        return .wait
    }

    private func size(_ state: State) -> Int {
        if let chunk = scheduler.chunk { return max(1, chunk) }
        guard let bytes = state.bytesPerEvent else { return Flight.firstChunk }
        return min(max(Flight.chunkBytes / max(1, bytes), Flight.chunkLimits.lowerBound), Flight.chunkLimits.upperBound)
    }

    private func read(_ events: Range<Int>) -> Stage {
        do throws(ModelError) {
            return .ready(EventChunk(events: events, try scheduler.source.read(names, events)))
        } catch {
            return .failed(error.inFile(scheduler.source.path))
        }
    }

    private func execute(_ chunk: EventChunk, _ slot: Int) -> Stage {
        var times = [Duration](repeating: .zero, count: scheduler.algorithms.count)
        var bad: [BadEvent] = []
        let stage: Stage
        do throws(ModelError) {
            stage = .done(try processed(chunk, slot, &times, &bad))
        } catch {
            stage = .failed(error)
        }
        state.withLock {
            for (index, time) in times.enumerated() { $0.summary.algorithms[index].time += time }
            $0.summary.badEventCount += bad.count
            $0.summary.badEvents = Array(
                ($0.summary.badEvents + bad).sorted { $0.number < $1.number }.prefix(Scheduler.Summary.badEventLimit))
        }
        return stage
    }

    /// Takes a chunk through the algorithms; when one fails, halves find the events that made it fail.
    private func processed(
        _ chunk: EventChunk, _ slot: Int, _ times: inout [Duration], _ bad: inout [BadEvent]
    ) throws(ModelError) -> EventChunk {
        do throws(ModelError) {
            var result = chunk
            let clock = ContinuousClock()
            for (index, algorithm) in scheduler.algorithms.enumerated() {
                let start = clock.now
                defer { times[index] += clock.now - start }
                try algorithm.execute(&result, slot: slot)
            }
            return result
        } catch {
            guard [.invalidInput, .malformed, .unsupported, .limit].contains(error.code), chunk.count > 0 else {
                throw error.inFile(scheduler.source.path)
            }
            guard chunk.count > 1 else {
                var named = error.inFile(scheduler.source.path)
                named.message = "event \(chunk.events.lowerBound): \(error.message)"
                guard scheduler.onBadEvent == .skip else { throw named }
                bad.append(BadEvent(number: chunk.events.lowerBound, error: named))
                return EventChunk(leavingOut: chunk.events)
            }
            let middle = chunk.count / 2
            let first = try processed(try chunk.part(0..<middle), slot, &times, &bad)
            let second = try processed(try chunk.part(middle..<chunk.count), slot, &times, &bad)
            return try EventChunk.joined([first, second])
        }
    }
}

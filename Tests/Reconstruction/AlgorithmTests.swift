import SeptumEngine
import SeptumIR
import SeptumReconstruction
import SeptumTensor
import Synchronization
import Testing

/// Several algorithms, bad events, and runs that end early.
@Suite struct AlgorithmTests {
    /// The square of a column of numbers; refuses those below zero.
    private final class Square: Algorithm {
        let name = "square"
        let input: String
        let output: String
        let calls = Mutex<(initialised: Int, finalised: Int, byEvent: [Int: Int])>((0, 0, [:]))
        private let inSlot = Mutex<Set<Int>>([])

        init(_ input: String, _ output: String) { (self.input, self.output) = (input, output) }

        var inputs: [String] { [input] }

        func initialise(_ columns: ColumnList, slots: Int) throws(ModelError) -> [ColumnInfo] {
            calls.withLock { $0.initialised += 1 }
            return [ColumnInfo(name: output, elementType: .float32, isJagged: try columns.column(input).isJagged)]
        }

        func execute(_ chunk: inout EventChunk, slot: Int) throws(ModelError) {
            let isFree = inSlot.withLock { $0.insert(slot).inserted }
            defer { inSlot.withLock { _ = $0.remove(slot) } }
            guard isFree, let column = chunk[input] else { throw ModelError(.plugin, "a slot is used twice") }
            let values = try column.values.array(of: Float.self)
            guard values.allSatisfy({ $0 >= 0 }) else { throw ModelError(.invalidInput, "a number is below zero") }
            try chunk.add(output, Column(values: try Tensor([values.count], values.map { $0 * $0 }), offsets: column.offsets))
            calls.withLock { for event in chunk.events { $0.byEvent[event, default: 0] += 1 } }
        }

        func finalise() throws(ModelError) { calls.withLock { $0.finalised += 1 } }
    }

    private func events(_ values: [Float]) throws -> Memory {
        Memory(
            values.count,
            [
                ("x", Column(values: try Tensor([values.count], values))),
                ("n", Column(values: try Tensor([values.count], values))),
            ])
    }

    private let numbers = (0..<100).map(Float.init)

    @Test(arguments: [(1, 1), (1, 4), (3, 1), (3, 2), (4, 9)])
    func oneReadsWhatAnotherMade(_ threads: Int, _ slots: Int) throws {
        let (first, second) = (Square("x", "y"), Square("y", "z"))
        let contract = InputContract(
            name: "identity", inputs: [.init(tensor: "x", features: [.init(name: "z", scale: 2)])],
            outputs: [.init(tensor: "y", columns: ["w"])])
        let model = ModelAlgorithm(try Programs.identity(1), contract)
        var scheduler = Scheduler([first, second, model], try events(numbers))
        (scheduler.threads, scheduler.slots, scheduler.chunk) = (threads, slots, 7)
        let (sink, summary) = try scheduler.collected()
        #expect(sink.columns.map(\.name) == ["y", "z", "w"])
        #expect(sink["y"] == numbers.map { $0 * $0 })
        #expect(sink["w"] == numbers.map { 2 * ($0 * $0) * ($0 * $0) })
        #expect(sink.isClosed)
        for algorithm in [first, second] {
            let calls = algorithm.calls.withLock { $0 }
            #expect(calls.initialised == 1 && calls.finalised == 1)
            #expect(calls.byEvent == Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, 1) }))
        }
        #expect(summary.algorithms.map(\.name) == ["square", "square", "identity"])
        #expect(summary.algorithms[2].statistics.rows == 100 && summary.algorithms[2].statistics.byteCount > 0)
        #expect(summary.algorithms.allSatisfy { $0.time > .zero } && summary.total > .zero)
        #expect(!summary.isInterrupted && summary.events == 100)
    }

    @Test func namesMustBeOneColumnEach() throws {
        for (algorithms, keep, name) in [
            ([Square("x", "y"), Square("x", "y")], [], "y"), ([Square("x", "n")], ["n"], "n"),
        ] {
            var scheduler = Scheduler(algorithms, try events(numbers))
            scheduler.keep = keep
            let error = #expect(throws: ModelError.self) { try scheduler.collected() }
            #expect(error?.message == "two columns are called '\(name)'")
        }
        let missing = #expect(throws: ModelError.self) { try Scheduler([Square("q", "y")], events(numbers)).collected() }
        #expect(missing?.message == "there is no branch 'q'")
        // A column that is not copied may be replaced, and those after it read the new one.
        for name in ["n", "x"] {
            let sink = try Scheduler([Square("x", name), Square(name, "z")], events(numbers)).collected().sink
            #expect(sink[name] == numbers.map { $0 * $0 } && sink["z"] == numbers.map { ($0 * $0) * ($0 * $0) })
        }
    }

    @Test(arguments: [1, 3]) func theFirstBadEventStopsTheRun(_ threads: Int) throws {
        var values = numbers
        for bad in [93, 41, 57] { values[bad] = -1 }
        for chunk in [1, 10, 1000] {
            var scheduler = Scheduler([Square("x", "y")], try events(values))
            (scheduler.threads, scheduler.chunk) = (threads, chunk)
            let error = #expect(throws: ModelError.self) { try scheduler.collected() }
            #expect(error?.description == "memory: event 41: a number is below zero")
        }
    }

    @Test(arguments: [1, 3]) func badEventsAreLeftOutAndCounted(_ threads: Int) throws {
        var values = numbers
        let bad = [0, 41, 42, 43, 57, 99]
        for event in bad { values[event] = -1 }
        for chunk in [1, 10, 1000] {
            var scheduler = Scheduler([Square("x", "y")], try events(values))
            (scheduler.threads, scheduler.chunk, scheduler.onBadEvent, scheduler.keep) = (threads, chunk, .skip, ["n"])
            let (sink, summary) = try scheduler.collected()
            let good = values.filter { $0 >= 0 }
            #expect(sink["n"] == good && sink["y"] == good.map { $0 * $0 })
            #expect(summary.events == 94 && summary.badEventCount == 6)
            #expect(summary.badEvents.map(\.number) == bad)
            #expect(summary.badEvents[1].error.description == "memory: event 41: a number is below zero")
            #expect(summary.scores[0].histogram.count == 94)
        }
        var none = Scheduler([Square("x", "y")], try events([-1, -2]))
        none.onBadEvent = .skip
        let error = #expect(throws: ModelError.self) { try none.collected() }
        #expect(error?.description == "memory: event 0: a number is below zero")
    }

    /// Jets of three events of which the second is bad.
    @Test func jaggedColumnsCloseUp() throws {
        let offsets = [0, 2, 3, 6]
        let memory = Memory(3, [("J_x", Column(values: try Tensor([6], [Float(1), 2, -3, 4, 5, 6]), offsets: offsets))])
        var scheduler = Scheduler([Square("J_x", "J_y")], memory)
        scheduler.onBadEvent = .skip
        let sink = try scheduler.collected().sink
        #expect(sink["J_y"] == [1, 4, 16, 25, 36] && sink.columns[0].offsets == [0, 2, 5])
    }

    @Test(arguments: [1, 3]) func endsEarlyWhenAsked(_ threads: Int) throws {
        let interruption = Interruption()
        var scheduler = Scheduler([Square("x", "y")], try events(numbers))
        (scheduler.threads, scheduler.chunk, scheduler.interruption) = (threads, 5, interruption)
        var sink: any EventSink = MemorySink()
        let summary = try scheduler.run(into: &sink) { if $0 >= 20 { interruption.request() } }
        let found = try #require(sink as? MemorySink)
        #expect(summary.isInterrupted && found.isClosed)
        #expect(summary.events >= 20 && summary.events < 100 && summary.events % 5 == 0)
        #expect(found["y"] == numbers.prefix(summary.events).map { $0 * $0 })
        // Asked before the start, one chunk still shows which columns there are.
        let first = try scheduler.collected()
        #expect(first.summary.events == 5 && first.summary.isInterrupted)
    }

    @Test func failuresOfSourceAndSinkEndTheRun() throws {
        struct Full: EventSink {
            func append(_ columns: [(name: String, column: Column)]) throws(ModelError) {
                throw ModelError(.file, "the disk is full")
            }
            func close() throws(ModelError) {}
        }
        struct Broken: EventSource {
            let path = "broken"
            let eventCount = 100
            let columns = [ColumnInfo(name: "x", elementType: .float32, isJagged: false)]
            func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
                guard events.upperBound <= 50 else { throw ModelError(.malformed, "the basket is damaged") }
                return ["x": Column(values: try Tensor([events.count], events.map(Float.init)))]
            }
        }
        for threads in [1, 4] {
            var full = Scheduler([Square("x", "y")], try events(numbers))
            (full.threads, full.chunk) = (threads, 5)
            var sink: any EventSink = Full()
            let error = #expect(throws: ModelError.self) { try full.run(into: &sink) }
            #expect(error?.message == "the disk is full")
            var broken = Scheduler([Square("x", "y")], Broken())
            (broken.threads, broken.chunk, broken.onBadEvent) = (threads, 10, .skip)
            let damaged = #expect(throws: ModelError.self) { try broken.collected() }
            #expect(damaged?.description == "broken: the basket is damaged")
        }
    }
}

import CSeptumCounters
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Synchronization
import Testing

@Suite struct WorkPoolTests {
    /// How often each part was done.
    private final class Marks: Sendable {
        let done: Mutex<[Int]>
        init(_ count: Int) { done = Mutex(Array(repeating: 0, count: count)) }
        func mark(_ part: Int) { done.withLock { $0[part] += 1 } }
        var all: [Int] { done.withLock { $0 } }
    }

    @Test(arguments: [1, 2, 5]) func doesEachPartOnce(_ threads: Int) throws {
        let pool = try WorkPool(threads: threads)
        for count in [0, 1, 2, 3, 100] {
            let marks = Marks(count)
            try pool.run(count) { part, slot throws(ModelError) in
                #expect((0..<threads).contains(slot))
                marks.mark(part)
            }
            #expect(marks.all == Array(repeating: 1, count: count))
        }
        try pool.run(-3) { _, _ throws(ModelError) in Issue.record("there are no parts") }
    }

    @Test func noSlotIsUsedTwiceAtOnce() throws {
        let pool = try WorkPool(threads: 4)
        let busy = Mutex<Set<Int>>([])
        for _ in 0..<200 {
            try pool.run(16) { _, slot throws(ModelError) in
                #expect(busy.withLock { $0.insert(slot).inserted })
                #expect(busy.withLock { $0.remove(slot) } == slot)
            }
        }
    }

    @Test func throwsTheFirstErrorAndGoesOn() throws {
        let pool = try WorkPool(threads: 3)
        for round in 0..<50 {
            let marks = Marks(1000)
            do throws(ModelError) {
                try pool.run(1000) { part, _ throws(ModelError) in
                    marks.mark(part)
                    if part == 5 { throw ModelError(.invalidInput, "part 5 of \(round)") }
                }
                Issue.record("no error")
            } catch {
                #expect(error.message == "part 5 of \(round)")
            }
            #expect(marks.all.allSatisfy { $0 <= 1 })
            let again = Marks(10)
            try pool.run(10) { part, _ throws(ModelError) in again.mark(part) }
            #expect(again.all == Array(repeating: 1, count: 10))
        }
    }

    @Test func refusesWhatItCannotDo() throws {
        for threads in [0, -1, WorkPool.threadLimit + 1, .max] {
            #expect(throws: ModelError.self) { try WorkPool(threads: threads) }
        }
        let pool = try WorkPool(threads: 2)
        let errors = Mutex(0)
        try pool.run(4) { _, _ throws(ModelError) in
            do throws(ModelError) {
                try pool.run(1) { _, _ throws(ModelError) in }
            } catch {
                errors.withLock { $0 += error.message.contains("at work") ? 1 : 0 }
            }
        }
        #expect(errors.withLock { $0 } == 4)
    }

    @Test func allocatesNothing() throws {
        let pool = try WorkPool(threads: 2)
        let sum = Atomic(0)
        let add: @Sendable (Int, Int) throws(ModelError) -> Void = { part, _ in sum.add(part, ordering: .relaxed) }
        try pool.run(100, add)
        let found = try counts { for _ in 0..<10 { try pool.run(100, add) } }
        #expect(found.allocations == 0 && found.threads == 0, "\(found)")
        #expect(sum.load(ordering: .relaxed) == 11 * 4950)
    }

    /// x, softmaxed and squared by a matrix product, for each row.
    private func program() throws -> Program {
        var graph = Graph()
        var numbers = Numbers()
        let x = try graph.addInput("x", .tensor(.float32, [.symbol("n"), .fixed(19)]))
        let weight = try graph.addConstant(try numbers.tensor([19, 7]))
        let soft = try graph.append(Op.Softmax(), inputs: [x])[0]
        let product = try graph.append(Op.MatMul(), inputs: [soft, weight])[0]
        try graph.addOutput(product, name: "y")
        try graph.addOutput(soft, name: "s")
        return try Program(graph)
    }

    @Test func batchesGiveTheSameBits() throws {
        let program = try program()
        var numbers = Numbers()
        for count in [0, 1, 63, 64, 65, 1000] {
            let x = try numbers.tensor([count, 19])
            let expected = try program.makeContext().run([x])
            for threads in [1, 2, 3] {
                let runner = try BatchRunner(program, try WorkPool(threads: threads), rows: 64)
                for _ in 0..<3 {
                    let found = try runner.run([x])
                    #expect(found.count == 2 && zip(found, expected).allSatisfy { $0.isIdentical(to: $1) })
                }
                #expect(runner.byteCount > 0)
            }
        }
    }

    @Test func batchesAreRefused() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, [.fixed(4), .fixed(19)]))
        try graph.addOutput(try graph.append(Op.Relu(), inputs: [x])[0])
        let pool = try WorkPool(threads: 2)
        let fixed = try Program(graph)
        #expect(throws: ModelError.self) { try BatchRunner(fixed, pool) }
        let runner = try BatchRunner(try program(), pool, rows: 2)
        #expect(throws: ModelError.self) { try runner.run([try Tensor([5, 18], [Float](repeating: 0, count: 90))]) }
        #expect(throws: ModelError.self) { try runner.run([]) }
        #expect(try runner.run([try Tensor([5, 19], [Float](repeating: 0, count: 95))])[0].shape == [5, 7])
    }
}

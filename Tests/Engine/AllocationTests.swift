import CSeptumCounters
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// What a piece of work asked of the system on this thread.
func counts(_ work: () throws -> Void) rethrows -> septum_counts {
    let before = septum_counts_now()
    try work()
    let after = septum_counts_now()
    return septum_counts(
        allocations: after.allocations - before.allocations, frees: after.frees - before.frees,
        bytes: after.bytes - before.bytes, locks: after.locks - before.locks, threads: after.threads - before.threads)
}

/// Runs of a bound program, once it is warm, ask nothing of the system.
@Suite(.enabled(if: septum_counts_are_kept() != 0)) struct AllocationTests {
    /// Operators, or forms of them, that run their definition, which allocates.
    static let allocating: Set = [
        "Det float32 [[3, 3]]", "GRU float32 [[4, 2, 5], [1, 9, 5], [1, 9, 3]]", "GlobalLpPool float32 [[1, 2, 4, 4]]",
        "GridSample float32 [[1, 2, 4, 4], [1, 3, 3, 2]]", "LpPool float32 [[1, 2, 4, 4]]", "MaxPool float32 [[1, 2, 4, 4]]",
        "Pow int64 [[5], []]", "RNN float32 [[4, 2, 5], [1, 3, 5], [1, 3, 3]]",
    ]

    @Test func countsWhatIsAllocated() {
        var kept: [[Int]] = []
        let found = counts { kept.append([Int](repeating: kept.count, count: 100)) }
        #expect(found.allocations >= 2 && kept.count == 1)
        #expect(counts {}.allocations == 0)
    }

    @Test(arguments: FusionTests.cases) func allocatesNothingWhenFused(_ testCase: FusionCase) throws {
        var (graph, numbers) = (Graph(), Numbers())
        try testCase.build(&graph, &numbers)
        let binding = try Program(graph).makeContext().bind(testCase.shapes)
        let values = try testCase.shapes.map { try numbers.tensor($0) }
        for (index, value) in values.enumerated() {
            if let pointer = UnsafeRawPointer(value.bytes.baseAddress) { binding.setInput(index, pointer) }
        }
        for _ in 0..<2 { try binding.run() }
        let found = try counts { for _ in 0..<3 { try binding.run() } }
        #expect(found.allocations == 0 && found.locks == 0 && found.threads == 0, "\(found)")
    }

    @Test(arguments: LoweringTests.cases + LoweringTests.furtherCases) func allocatesNothing(_ testCase: LoweringCase) throws {
        let (graph, values) = try testCase.graph()
        let context = try Program(graph).makeContext()
        let binding = try context.bind(values.map(\.shape))
        for (index, value) in values.enumerated() {
            if let pointer = UnsafeRawPointer(value.bytes.baseAddress) { binding.setInput(index, pointer) }
        }
        for _ in 0..<2 { try binding.run() }
        let found = try counts { for _ in 0..<3 { try binding.run() } }
        let isListed = Self.allocating.contains(testCase.testDescription)
        #expect((found.allocations == 0) == !isListed, "\(found)")
        #expect(found.locks == 0 && found.threads == 0 || isListed, "\(found)")
    }
}

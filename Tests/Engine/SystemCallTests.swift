import CSeptumCounters
import Glibc
import SeptumEngine
import SeptumTensor
import Testing

/// The system calls that a piece of work tries; nil where they cannot be counted.
func systemCalls(_ work: () -> Void) -> Int? {
    withoutActuallyEscaping(work) { work in
        withUnsafePointer(to: work) { work in
            let count = septum_count_system_calls(
                { argument in argument?.assumingMemoryBound(to: (() -> Void).self).pointee() },
                UnsafeMutableRawPointer(mutating: work))
            return count < 0 ? nil : Int(count)
        }
    }
}

/// Runs of a bound program, once it is warm, make no system call; so no lock makes them wait either.
@Suite(.enabled(if: systemCalls {} != nil)) struct SystemCallTests {
    @Test func countsCalls() {
        #expect(systemCalls { for _ in 0..<3 { _ = getppid() } } == 3)
        #expect(systemCalls {} == 0)
    }

    @Test(arguments: LoweringTests.cases + LoweringTests.furtherCases) func makesNone(_ testCase: LoweringCase) throws {
        // Those that allocate may ask the system for memory.
        if AllocationTests.allocating.contains(testCase.testDescription) { return }
        let (graph, values) = try testCase.graph()
        let binding = try Program(graph).makeContext().bind(values.map(\.shape))
        for (index, value) in values.enumerated() {
            if let pointer = UnsafeRawPointer(value.bytes.baseAddress) { binding.setInput(index, pointer) }
        }
        for _ in 0..<2 { try binding.run() }
        var failure: (any Error)?
        let found = systemCalls {
            do { for _ in 0..<3 { try binding.run() } } catch { failure = error }
        }
        #expect(found == 0 && failure == nil)
    }
}

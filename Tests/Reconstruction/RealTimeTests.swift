import CSeptumCounters
import Glibc
import SeptumEngine
import SeptumReconstruction
import SeptumTensor
import Synchronization
import Testing

/// Calls that must not wait, and what is known of their times.
@Suite struct RealTimeTests {
    private func run(_ budget: Budget? = nil) throws -> RealTimeRun {
        let inputs = [
            try Tensor([1, 3, 10], [Float](repeating: 0.5, count: 30)), try Tensor([1, 5], [Float](repeating: 1, count: 5)),
        ]
        return try RealTimeRun(try Programs.tagger(), inputs, budget: budget)
    }

    @Test func resultsAreThoseOfTheProgram() throws {
        let run = try run()
        try run.run()
        let jet: [Float] = [3, -1, 2, 0.5, 7]
        run.inputs[1].copyBytes(from: jet.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
        try run.run()
        let expected = try Programs.tagger().makeContext().run([
            try Tensor([1, 3, 10], [Float](repeating: 0.5, count: 30)), try Tensor([1, 5], jet),
        ])
        #expect(try Array(run.binding.output(0, of: Float.self)) == expected[0].array(of: Float.self))
        #expect(run.latencies.count == 2 && run.overrunCount == 0)
    }

    /// Reading the clock is no system call either.
    @Test func callsAskNothingOfTheSystem() throws {
        for budget in [nil, Budget(latency: .nanoseconds(0)), Budget(latency: .nanoseconds(0), onOverrun: .call { _ in })] {
            let run = try run(budget)
            let before = septum_counts_now()
            for _ in 0..<100 { try run.run() }
            let after = septum_counts_now()
            #expect(septum_counts_are_kept() == 1)
            #expect(after.allocations == before.allocations && after.locks == before.locks)
            var failure: (any Error)?
            let calls = systemCalls { do { for _ in 0..<1000 { try run.run() } } catch { failure = error } }
            #expect(calls == 0 && failure == nil)
            #expect(run.latencies.count == 1100 && run.overrunCount == (budget == nil ? 0 : 1100))
        }
        #expect(systemCalls { _ = getppid() } == 1)
    }

    @Test func overrunsAreReportedCalledOrThrown() throws {
        let generous = try run(Budget(latency: .seconds(1000), onOverrun: .fail))
        for _ in 0..<10 { try generous.run() }
        #expect(generous.overrunCount == 0)
        let reported = try run(Budget(latency: .nanoseconds(0)))
        for _ in 0..<10 { try reported.run() }
        #expect(reported.overrunCount == 10)
        let times = Mutex<[UInt64]>([])
        let called = try run(Budget(latency: .nanoseconds(0), onOverrun: .call { time in times.withLock { $0.append(time) } }))
        for _ in 0..<10 { try called.run() }
        #expect(times.withLock { $0.count } == 10 && times.withLock { $0.max() } == called.latencies.maximum)
        let failing = try run(Budget(latency: .nanoseconds(0), onOverrun: .fail))
        let error = #expect(throws: ModelError.self) { try failing.run() }
        #expect(error?.code == .limit && error?.message.hasSuffix(" ns, its budget is 0") == true)
        #expect(failing.latencies.count == 1)
        #expect(try failing.binding.output(0, of: Float.self).allSatisfy(\.isFinite))
    }

    /// Quantiles against sorted times.
    @Test func quantilesAreRightToTheWidthOfABucket() {
        var state: UInt64 = 7
        let times: [UInt64] = (0..<50_000).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 40) >> UInt64(index % 24)
        }
        var histogram = LatencyHistogram()
        for time in times { histogram.add(nanoseconds: time) }
        let sorted = times.sorted()
        #expect(histogram.minimum == sorted.first && histogram.maximum == sorted.last && histogram.count == times.count)
        for fraction in [0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
            let exact = sorted[max(0, Int((fraction * Double(times.count)).rounded(.up)) - 1)]
            let found = histogram.quantile(fraction)
            #expect(
                found >= exact && Double(found) <= Double(exact) * (1 + 1.0 / 128), "\(fraction): \(found), expected \(exact)")
        }
        for limit in [0, 1, 100, 5000, 1 << 20] as [UInt64] {
            let above = Double(times.count { $0 > limit + limit / 128 }) / Double(times.count)
            let atLeast = Double(times.count { $0 >= limit }) / Double(times.count)
            #expect((above...atLeast).contains(histogram.fraction(above: limit)))
        }
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == 50_000)
        for (a, b) in zip(histogram.buckets, histogram.buckets.dropFirst()) { #expect(a.range.upperBound < b.range.lowerBound) }
    }

    @Test func histogramsMergeAndStaySmall() {
        var (whole, merged) = (LatencyHistogram(), LatencyHistogram())
        for part in 0..<10 {
            var histogram = LatencyHistogram()
            for index in 0..<1000 {
                let time = UInt64(index * index * (part + 1))
                histogram.add(nanoseconds: time)
                whole.add(nanoseconds: time)
            }
            merged.merge(histogram)
        }
        #expect(merged == whole)
        for time in [0, .max, 1 << 40, 1 << 50] as [UInt64] { whole.add(nanoseconds: time) }
        #expect(whole.maximum == .max && whole.quantile(1) == .max && whole.byteCount < 40_000)
        let empty = LatencyHistogram()
        #expect(empty.quantile(0.5) == 0 && empty.mean == 0 && empty.buckets.isEmpty && empty.fraction(above: 0) == 0)
    }

    @Test func plotsShowQuantilesAndBudget() throws {
        var histogram = LatencyHistogram()
        for time in [300, 310, 320, 2000, 45_000] as [UInt64] { histogram.add(nanoseconds: time) }
        let plot = LatencyPlot(title: "a < b", histogram, budget: 1_000_000)
        #expect(plot.svg.contains(">p50 ") && plot.svg.contains(">budget 1000000 ns<") && plot.svg.contains("a &lt; b"))
        #expect(plot.svg.contains(">100ns<") && plot.svg.contains(">1ms<") && plot.svg.contains(">10ms<"))
        #expect(plot.svg.split(separator: "fill=\"#1f6fb4\"").count == 5)
        let folder = try TemporaryFolder()
        try plot.write(to: folder("p.svg"))
        #expect(String(decoding: try folder.read("p.svg"), as: UTF8.self) == plot.svg)
        let other = #expect(throws: ModelError.self) { try plot.write(to: folder("p.pdf")) }
        #expect(other?.code == .unsupported)
        for empty in [
            LatencyHistogram(),
            {
                var one = LatencyHistogram(); one.add(nanoseconds: .max); return one
            }(),
        ] {
            let svg = LatencyPlot(title: "", empty).svg
            #expect(svg.hasSuffix("</svg>") && !svg.contains("nan") && !svg.contains("inf"))
        }
    }

    /// The system calls that a piece of work tries; nil where they cannot be counted.
    private func systemCalls(_ work: () -> Void) -> Int? {
        withoutActuallyEscaping(work) { work in
            withUnsafePointer(to: work) { work in
                let count = septum_count_system_calls(
                    { argument in argument?.assumingMemoryBound(to: (() -> Void).self).pointee() },
                    UnsafeMutableRawPointer(mutating: work))
                return count < 0 ? nil : Int(count)
            }
        }
    }
}

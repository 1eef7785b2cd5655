import Septum

extension Bench {
    /// Times single calls for as long as was asked.
    func measureCalls(_ program: Program, _ tensors: [Tensor]) throws(ModelError) {
        if let plot { try ScorePlot.check(plot) }
        let run = try RealTimeRun(
            program, tensors, budget: budgetUs.map { Budget(latency: .nanoseconds(Int64($0 * 1000))) }, warmUp: 1000)
        if lockMemory { try RealTimeRun.lockMemory() }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        repeat {
            for _ in 0..<100 { try run.run() }
        } while clock.now < end
        let latencies = run.latencies
        if let plot {
            try LatencyPlot(
                title: "\(source.model): \(Terminal.grouped(latencies.count)) calls", latencies,
                budget: budgetUs.map { UInt64($0 * 1000) }
            ).write(to: plot)
        }
        guard json else {
            var rows = [["calls", "mean ns", "p50", "p99", "p99.9", "maximum", "minimum"]]
            rows.append([
                Terminal.grouped(latencies.count), Terminal.short(latencies.mean, digits: 4), "\(latencies.quantile(0.5))",
                "\(latencies.quantile(0.99))", "\(latencies.quantile(0.999))", "\(latencies.maximum)",
                "\(latencies.count == 0 ? 0 : latencies.minimum)",
            ])
            print(Terminal.table(rows))
            if let budgetUs {
                let share = Double(run.overrunCount) / Double(max(1, latencies.count)) * 100
                print(
                    "\n\(Terminal.grouped(run.overrunCount)) calls (\(Terminal.short(share)) %) took longer than \(Terminal.short(budgetUs)) us"
                )
            }
            return
        }
        print(
            JSON.object([
                "model": .string(source.model), "calls": .int(latencies.count), "overruns": .int(run.overrunCount),
                "budgetMicroseconds": budgetUs.map { .number("\($0)") } ?? .null, "memoryIsLocked": .bool(lockMemory),
                "latencyNanoseconds": .object([
                    "mean": .number("\(latencies.mean)"), "min": .number("\(latencies.minimum)"),
                    "p50": .number("\(latencies.quantile(0.5))"), "p99": .number("\(latencies.quantile(0.99))"),
                    "p99.9": .number("\(latencies.quantile(0.999))"), "max": .number("\(latencies.maximum)"),
                ]),
            ]).indented)
    }
}

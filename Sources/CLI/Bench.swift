import ArgumentParser
import Septum

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how long a model takes per event.",
        discussion: """
            Inputs are random numbers, or those of --inputs. Symbolic dimensions other than the first take the sizes that --size
            gives, 1 otherwise:
              septum bench tagger.onnx --batch 1 --size particles=30 --threads 2
            --run-threads is for one run at a time whose large steps several threads share; results do not depend on it.
            --profile adds where the time goes: one line for each kind of operator, then the slowest steps.
            --realtime times every single call after all memory has been touched, and holds it against a budget:
              septum bench trigger.onnx --realtime --budget-us 5 --plot latency.svg
            """)

    @OptionGroup var source: ModelArguments
    @Option(help: "The size of the first symbolic dimension of each input.") var batch = 1
    @Option(help: "Threads, each with a context of its own.") var threads = 1
    @Option(help: "Threads that share the large steps of each run.") var runThreads = 1
    @Option(help: "A symbolic dimension's size, such as particles=30. Can be given again.") var size: [String] = []
    @Option(help: "A .npz file keyed by input names, to measure on. The batch is then the first dimension of the first input.")
    var inputs: String?
    @Option(help: "Seconds to measure.") var seconds = 1.0
    @Flag(help: "Add the time of each step.") var profile = false
    @Flag(help: "Time single calls on one thread: quantiles, the longest, and those over the budget.") var realtime = false
    @Option(help: "Microseconds that a call may take, with --realtime.") var budgetUs: Double?
    @Option(help: "A picture of the times of calls, with --realtime: .svg .html.") var plot: String?
    @Flag(help: "Keep the program's memory in main memory, with --realtime.") var lockMemory = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard batch > 0 else { throw ValidationError("--batch must be positive") }
        guard threads > 0, threads <= 1024 else { throw ValidationError("--threads must be 1 to 1024") }
        guard runThreads > 0, runThreads <= 1024 / threads else {
            throw ValidationError("--run-threads must be at least 1, and 1024 at most with those of --threads")
        }
        guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds must be above 0 and at most 3600") }
        guard realtime || budgetUs == nil && plot == nil && !lockMemory else {
            throw ValidationError("--budget-us, --plot and --lock-memory belong to --realtime")
        }
        guard !realtime || threads == 1 && runThreads == 1 && !profile else {
            throw ValidationError("--realtime measures one thread, without --profile")
        }
        guard budgetUs ?? 1 > 0, budgetUs ?? 1 <= 1e9 else {
            throw ValidationError("--budget-us must be above 0 and at most 1e9")
        }
    }

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let clock = ContinuousClock()
            let start = clock.now
            let model = try source.load()
            let program = try Program(model)
            let tensors =
                if let inputs { try program.inputs(npz: inputs) } else {
                    try program.randomInputs(batch: batch, sizes: try sizes(size))
                }
            if realtime { return try measureCalls(program, tensors) }
            let isBatched = program.inputs.first?.type.tensor?.shape?.first.map { $0.number == nil } ?? false
            let events = inputs == nil ? batch : isBatched ? max(1, tensors.first?.shape.first ?? 1) : 1
            _ = try program.makeContext().run(tensors)
            let cold = clock.now - start
            let result = try Measurement.measure(
                program, tensors, batch: events, threads: threads, runThreads: runThreads, seconds: seconds)
            let perRun = max(1, result.median * Double(events) * Double(threads))
            var steps: [StepTime] = []
            if profile {
                let pool = runThreads > 1 ? try WorkPool(threads: runThreads) : nil
                let binding = try program.makeContext(sharing: pool).bind(tensors)
                steps = try binding.profile(runs: min(1001, Int(seconds * 1e9 / perRun) + 1))
            }
            report(result, events, cold: cold / .milliseconds(1), packed: program.packedByteCount, steps)
        }
    }

    private func report(_ result: Measurement, _ batch: Int, cold: Double, packed: Int, _ steps: [StepTime]) {
        let latency = result.latency
        guard json else {
            print(
                Terminal.table([
                    ["batch", "threads", "median ns/event", "minimum", "p99", "cold start ms", "arena bytes", "packed bytes"],
                    [
                        "\(batch)", "\(threads)", Terminal.short(result.median, digits: 4),
                        Terminal.short(result.minimum, digits: 4),
                        Terminal.short(result.p99, digits: 4), Terminal.short(cold), Terminal.grouped(result.arenaByteCount),
                        Terminal.grouped(packed),
                    ],
                ]))
            print(
                "\nsingle runs, ns: "
                    + [
                        ("median", latency.median), ("p99", latency.p99), ("p99.9", latency.p999), ("maximum", latency.maximum),
                    ].map { "\($0) \(Terminal.short($1, digits: 4))" }.joined(separator: ", "))
            if !steps.isEmpty { print("\n" + Profile.kinds(steps) + "\n\n" + Profile.slowest(steps)) }
            return
        }
        var fields: [JSON.Member] = [
            .init("model", .string(source.model)), .init("batch", .int(batch)), .init("threads", .int(threads)),
            .init("runThreads", .int(runThreads)),
            .init("nanosecondsPerEvent", .number("\(result.median)")), .init("minimum", .number("\(result.minimum)")),
            .init("p99", .number("\(result.p99)")), .init("nanosecondsPerRun", .number("\(result.median * Double(batch))")),
            .init("repetitions", .int(result.repetitions)),
            .init(
                "latencyNanoseconds",
                .object([
                    "p50": .number("\(latency.median)"), "p99": .number("\(latency.p99)"), "p99.9": .number("\(latency.p999)"),
                    "max": .number("\(latency.maximum)"), "runs": .int(latency.runs),
                ])),
            .init("allocationsPerRun", result.allocationsPerRun.map { .number("\($0)") } ?? .null),
            .init("coldStartMilliseconds", .number("\(cold)")), .init("arenaBytes", .int(result.arenaByteCount)),
            .init("packedBytes", .int(packed)),
        ]
        if profile { fields.append(.init("profile", .array(steps.map(Profile.json)))) }
        print(JSON.object(fields).indented)
    }
}

/// The time of steps as tables.
private enum Profile {
    static func kinds(_ steps: [StepTime]) -> String {
        var order: [String] = []
        var sums: [String: (count: Int, nanoseconds: Double)] = [:]
        for step in steps {
            if sums[step.operatorName] == nil { order.append(step.operatorName) }
            let sum = sums[step.operatorName, default: (0, 0)]
            sums[step.operatorName] = (sum.count + 1, sum.nanoseconds + step.nanoseconds)
        }
        let total = steps.reduce(0) { $0 + $1.nanoseconds }
        var rows = [["operator", "steps", "ns/run", "%"]]
        for kind in order.sorted(by: { sums[$0]?.nanoseconds ?? 0 > sums[$1]?.nanoseconds ?? 0 }) {
            guard let sum = sums[kind] else { continue }
            rows.append([
                kind, "\(sum.count)", Terminal.short(sum.nanoseconds, digits: 4), share(sum.nanoseconds, total),
            ])
        }
        return Terminal.table(rows + [["all", "\(steps.count)", Terminal.short(total, digits: 4), ""]])
    }

    static func slowest(_ steps: [StepTime]) -> String {
        let total = steps.reduce(0) { $0 + $1.nanoseconds }
        let rows = steps.enumerated().sorted { $0.element.nanoseconds > $1.element.nanoseconds }.prefix(20).map { index, step in
            [
                "\(index)", Terminal.short(step.nanoseconds, digits: 4), share(step.nanoseconds, total), step.operatorName,
                Terminal.printable(step.output), Terminal.printable(step.node),
            ]
        }
        return Terminal.table([["step", "ns", "%", "operator", "output", "node"]] + rows)
    }

    static func json(_ step: StepTime) -> JSON {
        .object([
            "node": .string(step.node), "operator": .string(step.operatorName), "output": .string(step.output),
            "nanoseconds": .number("\(step.nanoseconds)"),
        ])
    }

    private static func share(_ part: Double, _ total: Double) -> String {
        "\(total > 0 ? (part / total * 1000).rounded() / 10 : 0)"
    }
}

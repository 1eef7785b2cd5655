import ArgumentParser
import Septum

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how long a model takes per event.",
        discussion: """
            Inputs are random numbers, or those of --inputs. Symbolic dimensions other than the first take the sizes that --size
            gives, 1 otherwise:
              septum bench tagger.onnx --batch 1 --size particles=30 --threads 2
            """)

    @OptionGroup var source: ModelArguments
    @Option(help: "The size of the first symbolic dimension of each input.") var batch = 1
    @Option(help: "Threads, each with a context of its own.") var threads = 1
    @Option(help: "A symbolic dimension's size, such as particles=30. Can be given again.") var size: [String] = []
    @Option(help: "A .npz file keyed by input names, to measure on. The batch is then the first dimension of the first input.")
    var inputs: String?
    @Option(help: "Seconds to measure.") var seconds = 1.0
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard batch > 0 else { throw ValidationError("--batch must be positive") }
        guard threads > 0, threads <= 1024 else { throw ValidationError("--threads must be 1 to 1024") }
        guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds must be above 0 and at most 3600") }
    }

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let clock = ContinuousClock()
            let start = clock.now
            let model = try source.load()
            let program = try Program(model)
            var sizes: [String: Int] = [:]
            for text in size {
                let parts = text.split(separator: "=")
                guard parts.count == 2, let value = Int(parts[1]), value >= 0 else {
                    throw ModelError(.invalidInput, "'\(text)' is no size", remedy: "write NAME=NUMBER, such as particles=30")
                }
                sizes[String(parts[0])] = value
            }
            let tensors =
                if let inputs { try program.inputs(npz: inputs) } else { try program.randomInputs(batch: batch, sizes: sizes) }
            let isBatched = program.inputs.first?.type.tensor?.shape?.first.map { $0.number == nil } ?? false
            let events = inputs == nil ? batch : isBatched ? max(1, tensors.first?.shape.first ?? 1) : 1
            _ = try program.makeContext().run(tensors)
            let cold = clock.now - start
            let result = try Measurement.measure(program, tensors, batch: events, threads: threads, seconds: seconds)
            report(result, events, cold: cold / .milliseconds(1))
        }
    }

    private func report(_ result: Measurement, _ batch: Int, cold: Double) {
        if json {
            print(
                JSON.object([
                    "model": .string(source.model), "batch": .int(batch), "threads": .int(threads),
                    "nanosecondsPerEvent": .number("\(result.median)"), "minimum": .number("\(result.minimum)"),
                    "p99": .number("\(result.p99)"), "nanosecondsPerRun": .number("\(result.median * Double(batch))"),
                    "repetitions": .int(result.repetitions),
                    "coldStartMilliseconds": .number("\(cold)"), "arenaBytes": .int(result.arenaByteCount),
                ]).indented)
        } else {
            print(
                Terminal.table([
                    ["batch", "threads", "median ns/event", "minimum", "p99", "cold start ms", "arena bytes"],
                    [
                        "\(batch)", "\(threads)", Terminal.short(result.median, digits: 4),
                        Terminal.short(result.minimum, digits: 4),
                        Terminal.short(result.p99, digits: 4), Terminal.short(cold), Terminal.grouped(result.arenaByteCount),
                    ],
                ]))
        }
    }
}

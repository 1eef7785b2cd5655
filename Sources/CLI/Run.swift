import ArgumentParser
import Septum

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a model on collision events, or on raw tensors.",
        discussion: """
            Events: .root, .parquet, .arrow, .h5, .csv or .npz columns are bound by name through the input contract; each row (each jet of
            each event, say) is scored, and one branch for each output is written.
              septum run tagger.onnx events.root --tree Events --contract tagger.yaml -o scores.root --plot scores.svg
            Raw tensors: a .npz keyed by the model's input names gives a .npz keyed by its output names.
              septum run tagger.onnx in.npz -o out.npz
            """)

    @OptionGroup var source: ModelArguments
    @Argument(help: "Events (.root .parquet .arrow .feather .h5 .csv .npz), or raw tensors (.npz).") var input: String
    @Option(name: .shortAndLong, help: "The file to write: .root .parquet .arrow .feather .h5 .csv .npz.") var output: String
    @Option(help: "The tree in a ROOT file, or the group or dataset in an HDF5 file, for reading and writing.") var tree: String?
    @Option(help: "What to write in a ROOT file: ttree or rntuple.") var rootLayout = "ttree"
    @Option(help: "A picture of the scores: .svg .html .png.") var plot: String?
    @Option(help: "Threads that run the model.") var threads = 1
    @Option(help: "Events that are read at once.") var chunk = 1000
    @Option(help: "Rows of equal length that run together; results do not depend on it.") var batch = 128
    @Option(help: "A branch to copy to the output, such as event. Can be given again.") var keep: [String] = []
    @Flag(help: "Print a summary as one JSON object.") var json = false

    func validate() throws {
        guard threads > 0, threads <= 1024 else { throw ValidationError("--threads must be 1 to 1024") }
        guard chunk > 0 else { throw ValidationError("--chunk must be positive") }
        guard batch > 0 else { throw ValidationError("--batch must be positive") }
        guard RootLayout(rawValue: rootLayout) != nil else { throw ValidationError("--root-layout must be ttree or rntuple") }
    }

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let model = try source.load()
            let program = try Program(model)
            if input.hasSuffix(".npz"), try program.takesTensors(npz: input) || model.contract == nil {
                guard output.lowercased().hasSuffix(".npz") else {
                    throw ModelError(
                        .unsupported, "raw tensors are written to a file with the suffix .npz",
                        remedy: "give --contract FILE.yaml when the input holds events", file: output)
                }
                return try Npz.write(try program.run(npz: input), path: output)
            }
            guard let contract = model.contract else {
                throw ModelError(
                    .invalidInput, "the model does not say which branches its inputs are",
                    remedy: "give an input contract with --contract FILE.yaml", file: source.model)
            }
            try score(program, contract)
        }
    }

    private func score(_ program: Program, _ contract: InputContract) throws(ModelError) {
        if let plot { try ScorePlot.check(plot) }
        let events = try EventFiles.open(input, tree: tree, python: source.python)
        var loop = try EventLoop(program, contract, events)
        loop.threads = threads
        loop.chunk = chunk
        loop.batch = batch
        loop.keep = keep
        var sink = try EventFiles.create(output, tree: tree, layout: RootLayout(rawValue: rootLayout) ?? .ttree, python: source.python)
        let summary = try loop.run(into: &sink) { Terminal.progress($0, of: events.eventCount, "events") }
        if let plot {
            try ScorePlot(title: "\(contract.name): \(Terminal.grouped(summary.rows)) rows", summary.scores)
                .write(to: plot, python: source.python)
        }
        let nanoseconds = summary.rows == 0 ? 0 : summary.runTime / .nanoseconds(1) / Double(summary.rows)
        if json {
            print(
                JSON.object([
                    "events": .int(summary.events), "rows": .int(summary.rows),
                    "nanosecondsPerRow": .number("\(nanoseconds.rounded())"),
                    "outputs": .array(summary.scores.map { .string($0.name) }),
                ]).indented)
        } else {
            let rows = contract.row.map { "\($0) rows" } ?? "rows"
            print(
                "\(output): \(Terminal.grouped(summary.events)) events, \(Terminal.grouped(summary.rows)) \(rows), \(Terminal.grouped(Int(nanoseconds))) ns a row in the model"
            )
        }
    }
}

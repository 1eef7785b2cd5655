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
            Models after the first may read the columns that those before them made:
              septum run tagger.septum events.root --then second.septum -o scores.root
            Interrupted (Ctrl-C), it finishes the events that it has begun, closes the file and leaves with status 130.
            """)

    @OptionGroup var source: ModelArguments
    @Argument(help: "Events (.root .parquet .arrow .feather .h5 .csv .npz), or raw tensors (.npz).") var input: String
    @Option(name: .shortAndLong, help: "The file to write: .root .parquet .arrow .feather .h5 .csv .npz.") var output: String
    @Option(help: "The tree in a ROOT file, or the group or dataset in an HDF5 file, for reading and writing.") var tree: String?
    @Option(help: "What to write in a ROOT file: ttree or rntuple.") var rootLayout = "ttree"
    @Option(help: "A picture of the scores: .svg .html .png.") var plot: String?
    @Option(
        help: "Another model that sees the same events and what was made of them: FILE, or FILE=CONTRACT. Can be given again.")
    var then: [String] = []
    @Option(help: "Threads that read, run models and write; one does it in turn.") var threads = 2
    @Option(help: "Chunks of events under way at once. Default: one more than threads.") var slots: Int?
    @Option(help: "Events of a chunk. Default: as many as take about 4 MB.") var chunk: Int?
    @Option(help: "What to do about an event that a model cannot use: stop, or skip and count it.") var onBadEvent = "stop"
    @Option(help: "Rows of equal length that run together; results do not depend on it.") var batch = 128
    @Option(help: "A branch to copy to the output, such as event. Can be given again.") var keep: [String] = []
    @Flag(help: "Print the time and the memory of each step.") var report = false
    @Flag(help: "Print a summary as one JSON object.") var json = false

    func validate() throws {
        guard threads > 0, threads <= 1024 else { throw ValidationError("--threads must be 1 to 1024") }
        guard chunk ?? 1 > 0 else { throw ValidationError("--chunk must be positive") }
        guard slots ?? 1 > 0 else { throw ValidationError("--slots must be positive") }
        guard BadEventPolicy(rawValue: onBadEvent) != nil else { throw ValidationError("--on-bad-event must be stop or skip") }
        guard batch > 0 else { throw ValidationError("--batch must be positive") }
        guard RootLayout(rawValue: rootLayout) != nil else { throw ValidationError("--root-layout must be ttree or rntuple") }
    }

    func run() throws {
        var isInterrupted = false
        try reportingErrors { () throws(ModelError) in
            let model = try source.load()
            let program = try Program(model)
            if input.hasSuffix(".npz"), try program.takesTensors(npz: input, contract: model.contract) || model.contract == nil {
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
            isInterrupted = try score(program, contract)
        }
        if isInterrupted { throw ExitCode(130) }
    }

    /// Whether the run was interrupted.
    private func score(_ program: Program, _ contract: InputContract) throws(ModelError) -> Bool {
        if let plot { try ScorePlot.check(plot) }
        let events = try EventFiles.open(input, tree: tree, python: source.python)
        var algorithms = [ModelAlgorithm(program, contract, batch: batch)]
        for text in then {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            let model = try source.load(parts.first ?? text, contract: parts.count == 2 ? parts[1] : nil)
            guard let contract = model.contract else {
                throw ModelError(
                    .invalidInput, "the model does not say which branches its inputs are",
                    remedy: "give an input contract with --then FILE=CONTRACT", file: parts.first)
            }
            algorithms.append(ModelAlgorithm(try Program(model), contract, batch: batch))
        }
        var scheduler = Scheduler(algorithms, events)
        scheduler.threads = threads
        scheduler.slots = slots
        scheduler.chunk = chunk
        scheduler.keep = keep
        scheduler.onBadEvent = BadEventPolicy(rawValue: onBadEvent) ?? .stop
        scheduler.interruption = Interrupt.installed()
        let layout = RootLayout(rawValue: rootLayout) ?? .ttree
        var sink = try EventFiles.create(output, tree: tree, layout: layout, python: source.python)
        let summary = try scheduler.run(into: &sink) { Terminal.progress($0, of: events.eventCount, "events") }
        if let plot {
            try ScorePlot(title: "\(contract.name): \(Terminal.grouped(summary.rows)) rows", summary.scores)
                .write(to: plot, python: source.python)
        }
        let shown = RunReport(summary)
        if json {
            print(shown.json.indented)
        } else {
            if report { print(shown.table + "\n") }
            print("\(output): \(shown.line(contract.row))")
        }
        if summary.isInterrupted {
            let (done, all) = (Terminal.grouped(summary.events), Terminal.grouped(events.eventCount))
            Terminal.complain("septum: interrupted: \(done) of \(all) events were written to \(output)")
        }
        return summary.isInterrupted
    }
}

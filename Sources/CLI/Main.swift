import ArgumentParser
import Septum

@main
struct SeptumCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "septum",
        abstract: "Runs machine-learning models trained elsewhere on collision events, natively.",
        discussion: """
            A first round:
              septum inspect tagger.onnx                      what the model takes and gives
              septum doctor tagger.onnx                       where it can run, operator by operator
              septum convert tagger.onnx tagger.septum        one file that loads in milliseconds
              septum verify tagger.septum --inputs in.npz --expected out.npz
              septum certify tagger.septum tagger.septum      probes in the file, for 'septum selftest' elsewhere
              septum run tagger.septum events.root --tree Events --contract tagger.yaml -o scores.root --plot scores.svg
              septum bench tagger.septum --batch 1 --threads 1

            Every command takes a model of any format that 'septum formats' lists, not only .septum files.
            """,
        version: septumVersion,
        subcommands: [
            Inspect.self, Doctor.self, Convert.self, Run.self, Verify.self, Certify.self, SelfTestCommand.self, Bench.self,
            Formats.self,
        ])
}

/// How a model is read; shared by all commands.
struct ModelArguments: ParsableArguments {
    @Argument(help: "The model: a file of any format that 'septum formats' lists.")
    var model: String

    @Option(help: "The format of the model, when the content does not tell.")
    var from: String?

    @Option(help: "The Python interpreter for formats that need their own library. Default: SEPTUM_PYTHON, VIRTUAL_ENV, python3.")
    var python: String?

    @Flag(help: "Allow pickles to be read. Reading one runs the code in it: trust its author first.")
    var trustPickle = false

    @Option(help: "The shape of an input that the source lacks, such as x=batch,30,7 or index=int64:edges. Can be given again.")
    var inputShape: [String] = []

    @Option(help: "An input contract in YAML, instead of the one in the model.")
    var contract: String?

    func load(keepsStatistics: Bool = false) throws(ModelError) -> Model {
        try load(model, contract: contract, format: from, keepsStatistics: keepsStatistics)
    }

    /// Reads another model, with the same options.
    func load(
        _ path: String, contract: String?, format: String? = nil, keepsStatistics: Bool = false
    ) throws(ModelError) -> Model {
        var options = try options()
        options.keepsStatistics = keepsStatistics
        var model = try Model.load(path, format: format, options: options)
        if let contract { model.contract = try InputContract(yamlPath: contract) }
        return model
    }

    func diagnose() throws(ModelError) -> Diagnosis { try Diagnosis(model, format: from, options: try options()) }

    private func options() throws(ModelError) -> ImportOptions {
        var options = ImportOptions()
        options.trustsPickle = trustPickle
        options.pythonExecutable = python
        for text in inputShape { options.inputShapes.append(try ModelArguments.shape(text)) }
        return options
    }

    private static func shape(_ text: String) throws(ModelError) -> (name: String, type: TensorType) {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else {
            throw ModelError(
                .invalidInput, "'\(text)' is no input shape", remedy: "write NAME=DIMENSION,DIMENSION, such as x=batch,30,7")
        }
        let typed = parts[1].split(separator: ":", maxSplits: 1)
        guard let type = typed.count == 2 ? ElementType(name: String(typed[0])) : .float32 else {
            throw ModelError(
                .invalidInput, "'\(typed[0])' is no element type", remedy: "write one such as float32, float64, int64 or bool")
        }
        var dimensions: [Dimension] = []
        for word in typed.last?.split(separator: ",") ?? [] {
            guard let dimension = Dimension(parsing: String(word)) else {
                throw ModelError(.invalidInput, "'\(word)' is no dimension", remedy: "write a number or a name")
            }
            dimensions.append(dimension)
        }
        return (String(parts[0]), TensorType(type, dimensions))
    }
}

/// Runs the body of a command; a `ModelError` becomes one line on the error stream and exit status 1.
func reportingErrors(_ body: () throws(ModelError) -> Void) throws {
    do throws(ModelError) {
        try body()
    } catch {
        Terminal.complain("septum: error: \(error)")
        throw ExitCode(1)
    }
}

import ArgumentParser
import Septum

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a model of any format and writes it in another.",
        discussion: """
            The suffix of DST decides the format, unless --to names one:
              septum convert tagger.onnx tagger.septum
              septum convert bdt.json bdt.onnx --opset 15
              septum convert bdt.onnx bdt.hpp              a C++ header without dependencies
              septum convert pipeline.joblib pipeline.septum --trust-pickle --contract pipeline.yaml
            """)

    @OptionGroup var source: ModelArguments
    @Argument(help: "The file to write.") var destination: String
    @Option(help: "The format to write, when the suffix does not tell.") var to: String?
    @Option(help: "The version of the target format, such as the ONNX opset (13 to 28).") var opset: Int?
    @Flag(help: "Write the weights to DST.data beside an ONNX model, as happens in any case above 2 GiB.")
    var externalData = false

    @Option(help: "Write this output of the model only. Can be given again.") var output: [String] = []
    @Flag(help: "Write also what the format's library computes with other roundings, such as float32 sums of float64 leaves.")
    var approximate = false

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let model = try source.load()
            var options = ExportOptions()
            options.version = opset
            options.externalData = externalData
            options.outputs = output
            options.approximates = approximate
            try model.save(to: destination, format: to, options: options)
            let graph = model.graph
            print(
                "\(destination): \(Terminal.grouped(graph.nodes.count)) nodes, \(Terminal.grouped(graph.parameterCount)) parameters, from \(model.provenance.format)"
            )
        }
    }
}

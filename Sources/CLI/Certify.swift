import ArgumentParser
import Septum

struct Certify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model as .septum together with probes, their results to the bit, and the hash of its weights.",
        discussion: """
            'septum selftest' then shows on any machine that the model still gives those bits:
              septum certify tagger.onnx tagger.septum --inputs jets.npz
              septum selftest tagger.septum
            """)

    @OptionGroup var source: ModelArguments
    @Argument(help: "The .septum file to write.") var destination: String
    @Option(help: "A .npz file keyed by input names, whose tensors are the probe. Can be given again. Default: random ones.")
    var inputs: [String] = []

    func validate() throws {
        guard destination.lowercased().hasSuffix(".septum") else {
            throw ValidationError("only a .septum file can hold a certificate")
        }
    }

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let model = try source.load()
            var probes: [[Tensor]]?
            if !inputs.isEmpty {
                let program = try Program(model)
                probes = try inputs.map { path throws(ModelError) in try program.inputs(npz: path) }
            }
            let certified = try model.certified(probes: probes)
            try certified.save(to: destination, format: "septum")
            let test = try Model.load(destination).selfTest()
            print("\(destination): \(test.probeCount) probes, \(Terminal.grouped(test.valueCount)) values")
        }
    }
}

import Foundation
import Septum
import Testing

/// The command line: converted with Python, run without.
@Suite struct CommandTests {
    @Test(arguments: ["edgeconv", "graph_index_add", "deepsets_program", "lstm_scripted"])
    func convertedModelsRunWithoutPython(_ name: String) throws {
        let test = try Case(name)
        let folder = try TemporaryFolder()
        let converted = folder("m.septum")
        let arguments = ["convert", test.model, converted, "--trust-pickle", "--python", try Case.python] + test.options
        let conversion = try Command(arguments)
        #expect(conversion.status == 0, "\(conversion.errors)")
        #expect(conversion.errors == "")
        #expect(conversion.output.hasPrefix("\(converted): "))
        #expect(conversion.output.hasSuffix(" parameters, from pytorch\n"))
        for (file, _, expected) in try test.events() {
            let run = try Command(
                ["run", converted, file, "-o", folder("out.npz")], ["SEPTUM_PYTHON": "/nowhere/python", "PATH": ""])
            #expect(run.status == 0, "\(run.errors)")
            let results = try Npz.read(path: folder("out.npz"))
            #expect(Set(results.map(\.name)) == Set(expected.keys))
            for result in results {
                let want = try #require(expected[result.name])
                let comparison = try Comparison(result.name, result.tensor, want, rtol: 1e-5, atol: 2e-6)
                #expect(comparison.isWithinTolerance, "\(file): off by \(comparison.maxAbsoluteDifference)")
            }
        }
    }

    /// A model is verified straight from its file.
    @Test func verifiesModules() throws {
        let test = try Case("mlp_traced")
        let folder = URL(filePath: test.model).deletingLastPathComponent().path
        let command = try Command(
            ["verify", test.model, "--inputs", folder + "/inputs_1.npz", "--expected", folder + "/expected_1.npz"]
                + ["--trust-pickle", "--python", try Case.python] + test.options)
        #expect(command.status == 0 && command.errors == "", "\(command.errors)")
    }
}

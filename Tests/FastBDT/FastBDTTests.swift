import Foundation
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumFastBDT
import SeptumTensor
import Testing

@Suite struct FastBDTTests {
    static let folder = #filePath.replacing("Tests/FastBDT/FastBDTTests.swift", with: "Fixtures/fastbdt/")
    static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { FileManager.default.fileExists(atPath: folder + $0 + "/inputs.npz") }.sorted()

    @Test func caseCount() { #expect(FastBDTTests.cases.count == 5) }

    static func read(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + path).map { ($0.name, $0.tensor) })
    }

    static func file(_ name: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + name)
        return folder + name + "/" + (try #require(names.first { $0.hasPrefix("model.") }))
    }

    static func load(_ name: String) throws -> Model {
        let source = try ModelSource(path: try file(name))
        #expect(FastBDTAdapter().recognizes(source))
        let model = try FastBDTAdapter().importModel(source, ImportOptions())
        try model.graph.verify()
        return model
    }

    /// Margins bit for bit, predictions within the tolerance of their case; by definition and on the engine.
    @Test(arguments: cases) func agreesWithTheLibrary(name: String) throws {
        let input = try #require(try FastBDTTests.read(name + "/inputs.npz")["X"])
        let expected = try FastBDTTests.read(name + "/expected.npz")
        let text = try String(contentsOfFile: FastBDTTests.folder + name + "/case.json", encoding: .utf8)
        let tolerances = try #require(try JSON(parsing: text)["tolerance"])
        let model = try FastBDTTests.load(name)
        #expect(model.graph.outputs.map { model.graph[$0].name } == ["prediction", "margin"])
        let outputs = try Interpreter.run(model.graph, [.tensor(input)]).map { try #require($0.tensor) }
        let engine = try Program(model.graph).makeContext().run([input])
        for (index, output) in ["prediction", "margin"].enumerated() {
            let wanted = try #require(expected[output])
            let tolerance = try #require(tolerances[output])
            let (relative, absolute) = (try #require(tolerance["rtol"]?.double), try #require(tolerance["atol"]?.double))
            for (how, result) in [("definition", outputs[index]), ("engine", engine[index])] {
                #expect(result.shape == wanted.shape && result.elementType == wanted.elementType, "\(result.shape)")
                let pairs = zip(try numbers(result), try numbers(wanted))
                let wrong = pairs.filter { found, value in
                    if found.isNaN || value.isNaN || found == value { return found.isNaN != value.isNaN }
                    return !(abs(found - value) <= absolute + relative * abs(value))
                }
                #expect(wrong.isEmpty, "\(output), \(how): \(wrong.count) of \(result.count), first \(wrong.prefix(2))")
            }
        }
    }

    private func numbers(_ tensor: Tensor) throws -> [Double] {
        tensor.elementType == .float32 ? try tensor.array(of: Float.self).map(Double.init) : try tensor.array(of: Double.self)
    }

    @Test func variablesBecomeTheContract() throws {
        let model = try FastBDTTests.load("basf2_classifier")
        let features = try #require(model.contract?.inputs.first?.features)
        #expect(features.map(\.name) == ["M", "chiProb", "daughter(0, p)", "useRestFrame(daughter(1, p))"])
        #expect(features.allSatisfy { $0.missing == .keep })
        #expect(model.metadata["signal_fraction"] == "0.25" && model.contract?.name == "MyClassifier")
        #expect(try FastBDTTests.load("classifier").contract == nil)
    }
}

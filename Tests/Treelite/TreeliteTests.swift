import Foundation
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTreelite
import SeptumTensor
import Testing

@Suite struct TreeliteTests {
    static let folder = #filePath.replacing("Tests/Treelite/TreeliteTests.swift", with: "Fixtures/treelite/")
    static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { FileManager.default.fileExists(atPath: folder + $0 + "/inputs.npz") }.sorted()

    @Test func caseCount() { #expect(TreeliteTests.cases.count == 27) }

    static func read(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + path).map { ($0.name, $0.tensor) })
    }

    static func file(_ name: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + name)
        return folder + name + "/" + (try #require(names.first { $0.hasPrefix("model.") }))
    }

    static func load(_ name: String) throws -> Model {
        let source = try ModelSource(path: try file(name))
        #expect(TreeliteAdapter().recognizes(source))
        let model = try TreeliteAdapter().importModel(source, ImportOptions())
        try model.graph.verify()
        return model
    }

    /// Margins bit for bit, predictions within the tolerance of their case; by definition and on the engine.
    @Test(arguments: cases) func agreesWithTheLibrary(name: String) throws {
        let input = try #require(try TreeliteTests.read(name + "/inputs.npz")["X"])
        let expected = try TreeliteTests.read(name + "/expected.npz")
        let text = try String(contentsOfFile: TreeliteTests.folder + name + "/case.json", encoding: .utf8)
        let tolerances = try #require(try JSON(parsing: text)["tolerance"])
        let model = try TreeliteTests.load(name)
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
}

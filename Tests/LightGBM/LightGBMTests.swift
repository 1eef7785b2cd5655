import Foundation
import SeptumEngine
import SeptumIR
import SeptumLightGBM
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct LightGBMTests {
    static let folder = #filePath.replacing("Tests/LightGBM/LightGBMTests.swift", with: "Fixtures/lightgbm/")
    static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { FileManager.default.fileExists(atPath: folder + $0 + "/inputs.npz") }.sorted()

    @Test func caseCount() { #expect(LightGBMTests.cases.count == 43) }

    static func read(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + path).map { ($0.name, $0.tensor) })
    }

    static func load(_ name: String) throws -> Model {
        let model = try LightGBMAdapter().importModel(try ModelSource(path: folder + name + "/model.txt"), ImportOptions())
        try model.graph.verify()
        return model
    }

    /// Margins bit for bit, predictions within 1e-15 of the library's own, both with its shapes; by definition and on the engine.
    @Test(arguments: cases) func agreesWithTheLibrary(name: String) throws {
        let input = try #require(try LightGBMTests.read(name + "/inputs.npz")["X"])
        let expected = try LightGBMTests.read(name + "/expected.npz")
        let model = try LightGBMTests.load(name)
        #expect(model.graph.outputs.map { model.graph[$0].name } == ["prediction", "margin"])
        let outputs = try Interpreter.run(model.graph, [.tensor(input)]).map { try #require($0.tensor) }
        let engine = try Program(model.graph).makeContext().run([input])
        for results in [outputs, engine] {
            for (result, output) in zip(results, ["prediction", "margin"]) {
                let wanted = try #require(expected[output])
                #expect(result.shape == wanted.shape && result.elementType == wanted.elementType)
                let pairs = zip(try result.array(of: Double.self), try wanted.array(of: Double.self))
                let wrong = pairs.filter { found, value in
                    if found.isNaN, value.isNaN { return false }
                    return output == "margin" ? found.bitPattern != value.bitPattern : abs(found - value) > 1e-15 * abs(value)
                }
                #expect(wrong.isEmpty, "\(output): \(wrong.count) of \(result.count), first \(wrong.prefix(2))")
            }
        }
    }
}

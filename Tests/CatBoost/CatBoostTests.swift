import Foundation
import SeptumCatBoost
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct CatBoostTests {
    static let folder = #filePath.replacing("Tests/CatBoost/CatBoostTests.swift", with: "Fixtures/catboost/")
    static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { FileManager.default.fileExists(atPath: folder + $0 + "/inputs.npz") }.sorted()

    @Test func caseCount() { #expect(CatBoostTests.cases.count == 63) }

    static func read(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + path).map { ($0.name, $0.tensor) })
    }

    static func source(_ name: String) throws -> ModelSource {
        let path = folder + name + "/model."
        return try ModelSource(path: path + (FileManager.default.fileExists(atPath: path + "cbm") ? "cbm" : "json"))
    }

    static func load(_ name: String, _ options: ImportOptions = ImportOptions()) throws -> Model {
        let model = try CatBoostAdapter().importModel(try source(name), options)
        try model.graph.verify()
        return model
    }

    static func inputs(_ model: Model, _ tensors: [String: Tensor]) throws -> [Tensor] {
        try model.graph.inputs.map { try #require(tensors[model.graph[$0].name]) }
    }

    /// Margins bit for bit, predictions within 1e-13 of the library's own, both with its shapes; by definition and on the engine.
    @Test(arguments: cases) func agreesWithTheLibrary(name: String) throws {
        let expected = try CatBoostTests.read(name + "/expected.npz")
        let model = try CatBoostTests.load(name)
        let inputs = try CatBoostTests.inputs(model, try CatBoostTests.read(name + "/inputs.npz"))
        #expect(model.graph.outputs.map { model.graph[$0].name } == ["prediction", "margin"])
        let outputs = try Interpreter.run(model.graph, inputs.map { .tensor($0) }).map { try #require($0.tensor) }
        let engine = try Program(model.graph).makeContext().run(inputs)
        for results in [outputs, engine] {
            for (result, output) in zip(results, ["prediction", "margin"]) {
                let wanted = try #require(expected[output])
                #expect(result.shape == wanted.shape && result.elementType == wanted.elementType)
                let pairs = zip(try result.array(of: Double.self), try wanted.array(of: Double.self))
                let wrong = pairs.filter { found, value in
                    if found.isNaN, value.isNaN { return false }
                    return output == "margin" ? found.bitPattern != value.bitPattern : !(abs(found - value) <= 1e-13 * abs(value))
                }
                #expect(wrong.isEmpty, "\(output): \(wrong.count) of \(result.count), first \(wrong.prefix(2))")
            }
        }
    }

    /// The leaf that each row reaches in each tree has the library's number.
    @Test(arguments: cases) func leavesAreTheLibrarys(name: String) throws {
        let model = try CatBoostTests.load(name)
        let tensors = try CatBoostTests.read(name + "/inputs.npz")
        let node = try #require(model.graph.nodes.first { $0.op is Op.Forest })
        var graph = model.graph
        let leaves = try graph.append(node.op, name: "again", inputs: node.inputs, outputs: [nil, "leaves"])
        try graph.addOutput(try #require(leaves.first), name: "leaf_index")
        let found = try Interpreter.run(graph, try CatBoostTests.inputs(model, tensors).map { .tensor($0) }).last?.tensor
        let wanted = try #require(try CatBoostTests.read(name + "/expected.npz")["leaf_index"])
        #expect(found?.shape == wanted.shape)
        #expect(found?.integers == wanted.integers)
    }

    /// Integers stand for their decimal texts.
    @Test func readsIntegersAsCategories() throws {
        var options = ImportOptions()
        options.inputShapes = [("categories", TensorType(.int64, ["batch", 2]))]
        let model = try CatBoostTests.load("integers", options)
        var tensors = try CatBoostTests.read("integers/inputs.npz")
        let texts = try #require(tensors["categories"])
        tensors["categories"] = try Tensor(texts.shape, texts.strings.map { try #require(Int64($0)) })
        let margin = try Interpreter.run(model.graph, try CatBoostTests.inputs(model, tensors).map { .tensor($0) }).last?.tensor
        let wanted = try #require(try CatBoostTests.read("integers/expected.npz")["margin"])
        #expect(try margin?.array(of: Double.self) == wanted.array(of: Double.self))
        options.inputShapes = [("categories", TensorType(.float32, ["batch", 2]))]
        #expect(throws: ModelError.self) { try CatBoostTests.load("integers", options) }
    }

    @Test func namesAreKept() throws {
        let model = try CatBoostTests.load("named")
        #expect(model.contract?.inputs.first?.features.map(\.name) == ["pt", "eta", "phi", "charge", "mass"])
        #expect(try CatBoostTests.load("logloss").contract == nil)
        #expect(model.metadata["loss_function"] == "Logloss")
        #expect(model.provenance.producer == "catboost 1.2.10")
        #expect(try CatBoostTests.load("ctr").metadata["categorical_features"] == #"["1","4","5"]"#)
    }

    @Test func recognizesItsFilesOnly() throws {
        let adapter = CatBoostAdapter()
        for text in ["", "CBM", "CBM2", "{\"learner\":{}}", "{\"trees\"}", "tree\nversion=v3", "[\"trees\":1]"] {
            #expect(!adapter.recognizes(try ModelSource(bytes: Array(text.utf8), name: "x")))
        }
        for name in CatBoostTests.cases { #expect(adapter.recognizes(try CatBoostTests.source(name))) }
    }
}

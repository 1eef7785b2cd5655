import Foundation
import SeptumCatBoost
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

let fixtures = AdapterFixtures(CatBoostAdapter(), "catboost")

@Suite struct CatBoostTests {
    @Test func caseCount() { #expect(fixtures.cases.count == 63) }

    /// Margins bit for bit, predictions within 1e-13 of the library's own, both with its shapes; by definition and on the engine.
    @Test(arguments: fixtures.cases) func agreesWithTheLibrary(name: String) throws {
        #expect(try fixtures.disagreements(of: name, predictionsWithin: 1e-13) == [])
        #expect(try fixtures.outputs(name) == ["prediction", "margin"])
    }

    /// The leaf that each row reaches in each tree has the library's number.
    @Test(arguments: fixtures.cases) func leavesAreTheLibrarys(name: String) throws {
        let model = try fixtures.load(name)
        let node = try #require(model.graph.nodes.first { $0.op is Op.Forest })
        var graph = model.graph
        let leaves = try graph.append(node.op, name: "again", inputs: node.inputs, outputs: [nil, "leaves"])
        try graph.addOutput(try #require(leaves.first), name: "leaf_index")
        let found = try Interpreter.run(graph, try fixtures.inputs(model, name).map { .tensor($0) }).last?.tensor
        let wanted = try #require(try fixtures.read(name + "/expected.npz")["leaf_index"])
        #expect(found?.shape == wanted.shape)
        #expect(found?.integers == wanted.integers)
    }

    /// Integers stand for their decimal texts.
    @Test func readsIntegersAsCategories() throws {
        var options = ImportOptions()
        options.inputShapes = [("categories", TensorType(.int64, ["batch", 2]))]
        let model = try fixtures.load("integers", options)
        var tensors = try fixtures.read("integers/inputs.npz")
        let texts = try #require(tensors["categories"])
        tensors["categories"] = try Tensor(texts.shape, texts.strings.map { try #require(Int64($0)) })
        let margin = try Interpreter.run(
            model.graph, try model.graph.inputs.map { .tensor(try #require(tensors[model.graph[$0].name])) }
        ).last?.tensor
        let wanted = try #require(try fixtures.read("integers/expected.npz")["margin"])
        #expect(try margin?.array(of: Double.self) == wanted.array(of: Double.self))
        options.inputShapes = [("categories", TensorType(.float32, ["batch", 2]))]
        #expect(throws: ModelError.self) { try fixtures.load("integers", options) }
    }

    @Test func namesAreKept() throws {
        let model = try fixtures.load("named")
        #expect(model.contract?.inputs.first?.features.map(\.name) == ["pt", "eta", "phi", "charge", "mass"])
        #expect(try fixtures.load("logloss").contract == nil)
        #expect(model.metadata["loss_function"] == "Logloss")
        #expect(model.provenance.producer == "catboost 1.2.10")
        #expect(try fixtures.load("ctr").metadata["categorical_features"] == #"["1","4","5"]"#)
    }

    @Test func recognizesItsFilesOnly() throws {
        for text in ["", "CBM", "CBM2", "{\"learner\":{}}", "{\"trees\"}", "tree\nversion=v3", "[\"trees\":1]"] {
            #expect(try !fixtures.recognizes(text))
        }
        for name in fixtures.cases { #expect(fixtures.adapter.recognizes(try fixtures.model(name))) }
    }
}

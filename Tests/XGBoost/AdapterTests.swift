import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXGBoost
import Testing

@Suite struct AdapterTests {
    func load(_ file: String) throws -> Model {
        try XGBoostAdapter().importModel(try ModelSource(path: fixtures + file), ImportOptions())
    }

    @Test(arguments: [
        "binary/model.json", "binary/model.ubj", "v1_0_logistic/model.json", "linear/model.json", "binary_0_90_dart/model.bin",
        "binary_1_0_pickled/model.bin", "binary_1_7_linear/model.bin", "binary_2_1_gamma/model.bin",
    ])
    func recognizesItsFiles(file: String) throws {
        #expect(XGBoostAdapter().recognizes(try ModelSource(path: fixtures + file)))
    }

    @Test(arguments: ["binary/case.json", "binary/inputs.npz", "recipe.py"]) func leavesOtherFiles(file: String) throws {
        #expect(!XGBoostAdapter().recognizes(try ModelSource(path: fixtures + file)))
    }

    @Test func leavesOtherBytes() throws {
        for bytes in [[], [0x7b], [0x7b, 0x4c], [0xff, 0x7b], Array("{\"layers\": []}".utf8), Array("  ".utf8)] as [[UInt8]] {
            #expect(!XGBoostAdapter().recognizes(try ModelSource(bytes: bytes, name: "some.json")))
        }
    }

    @Test func keepsFeatureNames() throws {
        let model = try load("named_features/model.json")
        let contract = try #require(model.contract)
        #expect(contract.inputs.map(\.tensor) == ["X"])
        #expect(contract.inputs[0].features.map(\.name) == ["pt", "|eta|", "é ∂", "a\"b\\c", "m\tjet", "x5"])
        #expect(contract.inputs[0].features.allSatisfy { $0.missing == .keep })
        #expect(model.metadata["feature_types"] == "float,q,float,int,float,i")
        #expect(try load("binary/model.json").contract == nil)
    }

    @Test func keepsProvenance() throws {
        let model = try load("early_stopping/model.json")
        #expect(model.provenance.format == "xgboost")
        #expect(model.provenance.producer == "xgboost 3.2.0")
        #expect(model.provenance.sourceName == "model.json")
        #expect(model.provenance.sourceSHA256.count == 64)
        #expect(model.metadata["objective"] == "binary:logistic")
        #expect(model.metadata["best_iteration"].flatMap(Int.init) != nil)
    }

    @Test func keepsWhatTheBinaryFormSays() throws {
        let old = try load("binary_0_90_logistic/model.bin")
        #expect(old.provenance.producer == "xgboost before 1.0")
        #expect(
            old.metadata == [
                "note": "made for a test", "objective_of_the_study": "none", "objective": "binary:logistic",
            ])
        #expect(try load("binary_0_90_poisson/model.bin").metadata["count_poisson_max_delta_step"] == nil)
        let young = try load("binary_1_7_softprob/model.bin")
        #expect(young.provenance.producer == "xgboost 1.7" && young.metadata["best_iteration"] == "4")
    }

    @Test func typesItsGraph() throws {
        let graph = try load("softprob/model.ubj").graph
        #expect(graph.inputs.map { graph[$0].name } == ["X"])
        #expect(graph.type(graph.inputs[0]) == .tensor(.float32, ["batch", 6]))
        #expect(graph.outputs.map { graph.type($0) } == [.tensor(.float32, ["batch", 3]), .tensor(.float32, ["batch", 3])])
        let binary = try load("binary/model.ubj").graph
        #expect(binary.outputs.map { binary.type($0) } == [.tensor(.float32, ["batch"]), .tensor(.float32, ["batch"])])
        let labels = try load("softmax/model.ubj").graph
        #expect(labels.outputs.map { labels.type($0) } == [.tensor(.float32, ["batch"]), .tensor(.float32, ["batch", 3])])
    }

    @Test func runsOnNoRows() throws {
        let outputs = try Interpreter.run(try load("softmax/model.ubj").graph, [.tensor(try Tensor(zeros: .float32, [0, 6]))])
        #expect(outputs.map { $0.tensor?.shape } == [[0], [0, 3]])
    }
}

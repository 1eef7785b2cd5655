import Foundation
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTMVA
import SeptumTensor
import Testing

@Suite struct TMVATests {
    static let folder = #filePath.replacing("Tests/TMVA/TMVATests.swift", with: "Fixtures/tmva/")
    static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { FileManager.default.fileExists(atPath: folder + $0 + "/inputs.npz") }.sorted()

    @Test func caseCount() { #expect(TMVATests.cases.count == 31) }

    static func read(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + path).map { ($0.name, $0.tensor) })
    }

    static func load(_ name: String) throws -> Model {
        let source = try ModelSource(path: folder + name + "/model.weights.xml")
        #expect(TMVAAdapter().recognizes(source))
        let model = try TMVAAdapter().importModel(source, ImportOptions())
        try model.graph.verify()
        return model
    }

    /// Every output within the tolerance of its case, most of which are zero; by definition and on the engine.
    @Test(arguments: cases) func agreesWithTheReader(name: String) throws {
        let inputs = try TMVATests.read(name + "/inputs.npz")
        let expected = try TMVATests.read(name + "/expected.npz")
        let text = try String(contentsOfFile: TMVATests.folder + name + "/case.json", encoding: .utf8)
        let tolerances = try #require(try JSON(parsing: text)["tolerance"])
        let model = try TMVATests.load(name)
        let given = try model.graph.inputs.map { try #require(inputs[model.graph[$0].name]) }
        #expect(Set(model.graph.outputs.map { model.graph[$0].name }).isSuperset(of: expected.keys))
        let names = model.graph.outputs.map { model.graph[$0].name }
        let outputs = try Interpreter.run(model.graph, given.map(Value.tensor)).map { try #require($0.tensor) }
        let engine = try Program(model.graph).makeContext().run(given)
        for (output, wanted) in expected {
            let index = try #require(names.firstIndex(of: output))
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
        let model = try TMVATests.load("bin_bdtg")
        let features = try #require(model.contract?.inputs.first?.features)
        #expect(features.prefix(3).map(\.name) == ["log(lep1_pt)", "lep1_eta", "metOverHt"])
        #expect(features.prefix(3).map(\.unit) == ["log GeV", "GeV", "GeV^{1/2}"])
        #expect(model.metadata["variable metOverHt"] == "met/sqrt(ht), 1.05490964e-02 to 1.72473812e+01")
        #expect(model.metadata["method"] == "BDT::BDTG" && model.contract?.name == "BDTG")
        #expect(model.provenance.producer == "TMVA 4.2.1")
        let classes = try TMVATests.load("multi_bdtg").contract?.outputs.first?.columns
        #expect(classes?.count == 4)
        #expect(try TMVATests.load("reg_bdt").contract?.outputs.first?.columns == ["yreg"])
    }

    /// A value on the cut goes right where `cType` is 1 and left where it is 0; NaN is never above a cut.
    @Test func cutsAreClosedBelow() throws {
        let model = try TMVATests.load("bagging")
        let forest = try #require(model.graph.nodes.compactMap { $0.op as? Op.Forest }.first)
        #expect(forest.rules.comparison == .less && forest.rules.accumulationType == .float64)
        #expect(forest.layout.weight == nil)
    }

    /// Spectators that cuts ask for are an input of their own.
    @Test func spectatorsOfCategories() throws {
        let model = try TMVATests.load("category")
        #expect(model.graph.inputs.map { model.graph[$0].name } == ["X", "S"])
        #expect(model.contract?.inputs.map(\.tensor) == ["X", "S"])
        #expect(model.contract?.inputs.last?.features.map(\.name) == ["phi", "n"])
    }
}

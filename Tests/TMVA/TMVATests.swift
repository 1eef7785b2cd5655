import Foundation
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumTMVA
import SeptumTensor
import Testing

let fixtures = AdapterFixtures(TMVAAdapter(), "tmva")

@Suite struct TMVATests {
    @Test func caseCount() { #expect(fixtures.cases.count == 31) }

    /// Every output within the tolerance of its case, most of which are zero; by definition and on the engine.
    @Test(arguments: fixtures.cases) func agreesWithTheReader(name: String) throws {
        #expect(try fixtures.disagreements(of: name) == [])
    }

    @Test func variablesBecomeTheContract() throws {
        let model = try fixtures.load("bin_bdtg")
        let features = try #require(model.contract?.inputs.first?.features)
        #expect(features.prefix(3).map(\.name) == ["log(lep1_pt)", "lep1_eta", "metOverHt"])
        #expect(features.prefix(3).map(\.unit) == ["log GeV", "GeV", "GeV^{1/2}"])
        #expect(model.metadata["variable metOverHt"] == "met/sqrt(ht), 1.05490964e-02 to 1.72473812e+01")
        #expect(model.metadata["method"] == "BDT::BDTG" && model.contract?.name == "BDTG")
        #expect(model.provenance.producer == "TMVA 4.2.1")
        let classes = try fixtures.load("multi_bdtg").contract?.outputs.first?.columns
        #expect(classes?.count == 4)
        #expect(try fixtures.load("reg_bdt").contract?.outputs.first?.columns == ["yreg"])
    }

    /// A value on the cut goes right where `cType` is 1 and left where it is 0; NaN is never above a cut.
    @Test func cutsAreClosedBelow() throws {
        let model = try fixtures.load("bagging")
        let forest = try #require(model.graph.nodes.compactMap { $0.op as? Op.Forest }.first)
        #expect(forest.rules.comparison == .less && forest.rules.accumulationType == .float64)
        #expect(forest.layout.weight == nil)
    }

    /// Spectators that cuts ask for are an input of their own.
    @Test func spectatorsOfCategories() throws {
        let model = try fixtures.load("category")
        #expect(model.graph.inputs.map { model.graph[$0].name } == ["X", "S"])
        #expect(model.contract?.inputs.map(\.tensor) == ["X", "S"])
        #expect(model.contract?.inputs.last?.features.map(\.name) == ["phi", "n"])
    }
}

import Foundation
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumFastBDT
import SeptumTensor
import Testing

let fixtures = AdapterFixtures(FastBDTAdapter(), "fastbdt")

@Suite struct FastBDTTests {
    @Test func caseCount() { #expect(fixtures.cases.count == 5) }

    /// Margins bit for bit, predictions within the tolerance of their case; by definition and on the engine.
    @Test(arguments: fixtures.cases) func agreesWithTheLibrary(name: String) throws {
        #expect(try fixtures.disagreements(of: name) == [])
        #expect(try fixtures.outputs(name) == ["prediction", "margin"])
    }

    @Test func variablesBecomeTheContract() throws {
        let model = try fixtures.load("basf2_classifier")
        let features = try #require(model.contract?.inputs.first?.features)
        #expect(features.map(\.name) == ["M", "chiProb", "daughter(0, p)", "useRestFrame(daughter(1, p))"])
        #expect(features.allSatisfy { $0.missing == .keep })
        #expect(model.metadata["signal_fraction"] == "0.25" && model.contract?.name == "MyClassifier")
        #expect(try fixtures.load("classifier").contract == nil)
    }
}

import Foundation
import SeptumFixtures
import SeptumIR
import SeptumLightGBM
import SeptumOperators
import SeptumTensor
import Testing

let fixtures = AdapterFixtures(LightGBMAdapter(), "lightgbm")

@Suite struct LightGBMTests {
    @Test func caseCount() { #expect(fixtures.cases.count == 43) }

    /// Margins bit for bit, predictions within 1e-15 of the library's own, both with its shapes; by definition and on the engine.
    @Test(arguments: fixtures.cases) func agreesWithTheLibrary(name: String) throws {
        #expect(try fixtures.disagreements(of: name, predictionsWithin: 1e-15) == [])
        #expect(try fixtures.outputs(name) == ["prediction", "margin"])
    }
}

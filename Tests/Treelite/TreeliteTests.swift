import Foundation
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumTreelite
import SeptumTensor
import Testing

let fixtures = AdapterFixtures(TreeliteAdapter(), "treelite")

@Suite struct TreeliteTests {
    @Test func caseCount() { #expect(fixtures.cases.count == 27) }

    /// Margins bit for bit, predictions within the tolerance of their case; by definition and on the engine.
    @Test(arguments: fixtures.cases) func agreesWithTheLibrary(name: String) throws {
        #expect(try fixtures.disagreements(of: name) == [])
        #expect(try fixtures.outputs(name) == ["prediction", "margin"])
    }
}

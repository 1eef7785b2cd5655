import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct MovementTests {
    static let cases = OperatorCase.family("movement")

    @Test func caseCount() { #expect(MovementTests.cases.count == 258) }

    @Test(arguments: cases) func agreesWithONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }
}

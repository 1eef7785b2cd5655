import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct MovementTests {
    static let cases = OperatorCase.family("movement").filter { OperatorRegistry.standard[$0.op] != nil }

    @Test func caseCount() { #expect(MovementTests.cases.count == 163) }

    @Test(arguments: cases) func agreesWithONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }
}

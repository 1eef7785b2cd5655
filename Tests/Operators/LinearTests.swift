import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct LinearTests {
    static let cases = OperatorCase.family("linear")

    @Test func caseCount() { #expect(LinearTests.cases.count == 100) }

    @Test(arguments: LinearTests.cases) func matchesONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }
}

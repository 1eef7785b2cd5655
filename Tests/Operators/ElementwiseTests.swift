import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ElementwiseTests {
    static let cases = OperatorCase.family("elementwise")

    @Test func caseCount() { #expect(ElementwiseTests.cases.count == 409) }

    @Test(arguments: cases) func agreesWithONNX(_ testCase: OperatorCase) throws { try testCase.check() }
}

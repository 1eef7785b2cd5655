import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// The cases of families that need no more than to agree with ONNX.
@Suite struct FamilyTests {
    static let families = ["linear_attention": 12, "loss": 43, "quantization": 14, "text": 27]
    static let cases = families.keys.sorted().flatMap(OperatorCase.family)

    @Test func caseCounts() {
        for (family, count) in FamilyTests.families { #expect(OperatorCase.family(family).count == count, "\(family)") }
    }

    @Test(arguments: cases) func agreesWithONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }
}

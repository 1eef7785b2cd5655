import Septum
import SeptumConformance
import Testing

/// Every operator of the registry, on ONNX's own cases and on samples for those that ONNX has none for.
@Suite struct OperatorConformanceTests {
    static let families = [
        "attention", "elementwise", "linear", "linear_attention", "loss", "movement", "normalization", "quantization",
        "reduction", "signal", "text", "vision",
    ]
    static let cases = families.flatMap(samples)

    /// The cases of a family without those that ask for training, which operators refuse when they are made.
    static func samples(_ family: String) -> [OperatorCase] {
        OperatorCase.family(family).filter { !$0.name.contains("training") || $0.name.contains("zero_ratio") }
    }

    @Test func sampleCount() {
        #expect(OperatorConformanceTests.cases.count == 1296)
        #expect(OperatorSample.all.count == 25)
    }

    @Test(arguments: families) func conforms(_ family: String) throws {
        for sample in OperatorConformanceTests.samples(family) {
            let op = try OperatorRegistry.standard.make(sample.op, sample.attributes)
            let violations = OperatorConformance.check(op, inputs: sample.inputs, outputCount: sample.outputs.count)
            #expect(violations.isEmpty, "\(sample.name)")
        }
    }

    @Test(arguments: OperatorSample.all) func conforms(_ sample: OperatorSample) throws {
        let violations = OperatorConformance.check(
            try sample.op(), inputs: try sample.inputs(), outputCount: sample.outputCount)
        #expect(violations.isEmpty)
    }

    @Test func everyOperatorHasASample() throws {
        var sampled = Set(OperatorConformanceTests.cases.map(\.op))
        for sample in OperatorSample.all { sampled.insert(try sample.op().name) }
        #expect(OperatorRegistry.standard.names.filter { !sampled.contains($0) } == [])
    }

    /// The check finds what a careless operator does.
    @Test func findsViolations() throws {
        let x = Value.tensor(try Tensor([2], [1, 2] as [Float]))
        let rules = Set(OperatorConformance.check(Careless(factor: 2), inputs: [x, x, x]).map(\.rule))
        #expect(
            rules == [
                "attributes read back", "declared counts cover the sample", "equal inputs give equal outputs",
                "the inferred type admits the result",
            ])
        let refusing = OperatorConformance.check(Op.Relu(), inputs: [.tensor(try Tensor([1], strings: ["a"]))]).map(\.rule)
        #expect(refusing.contains("evaluation accepts good inputs"))
    }
}

/// Loses its attribute, infers another shape than it computes, and counts its runs.
private struct Careless: Operator {
    static let name = "Careless"
    static let inputCount = 1...2
    var factor: Float

    init(factor: Float) { self.factor = factor }
    init(_ attributes: inout AttributeReader) throws(ModelError) {
        _ = try attributes.float("factor")
        factor = 1
    }

    var attributes: Attributes { [("factor", .float(factor))] }

    func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [Fact(.float32, [7])] }

    func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        [.tensor(try Tensor([1], [Float.random(in: 0...1)]))]
    }
}

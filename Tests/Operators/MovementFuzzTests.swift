import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// ONNX's cases with numbers replaced by hostile ones: what is computed must agree with what is inferred, and nothing may trap.
@Suite struct MovementFuzzTests {
    private struct Generator {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    private static let integers: [Int64] = [.min, .min + 1, -1 << 45, -3, -2, -1, 0, 1, 2, 3, 4, 1 << 45, 1 << 62, .max]
    private static let floats: [Float] = [.nan, .infinity, -.infinity, 0, -1, 0.3, 1, 2.5, 1e30, -1e30, 1e-30]

    private static func mutated(_ tensor: Tensor, _ generator: inout Generator) throws -> Tensor {
        guard tensor.count > 0 else { return tensor }
        if tensor.elementType == .int64, var values = tensor.integers {
            values[generator.next(values.count)] = Int(integers[generator.next(integers.count)])
            return try Tensor(tensor.shape, values.map(Int64.init))
        }
        if tensor.elementType == .float32, tensor.count <= 64 {
            var values = try tensor.array(of: Float.self)
            values[generator.next(values.count)] = floats[generator.next(floats.count)]
            return try Tensor(tensor.shape, values)
        }
        return tensor
    }

    @Test(arguments: MovementTests.cases + SignalTests.cases + VisionTests.cases) func inferenceAgreesWithEvaluation(
        _ operatorCase: OperatorCase
    ) throws {
        let operation = try OperatorRegistry.standard.make(operatorCase.op, operatorCase.attributes)
        var generator = Generator(state: operatorCase.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        for _ in 0..<40 {
            let inputs = try operatorCase.inputs.map { value in
                guard let tensor = value?.tensor, generator.next(3) > 0 else { return value }
                return .tensor(try MovementFuzzTests.mutated(tensor, &generator))
            }
            let count = operatorCase.outputs.count
            let results = try? operation.evaluate(Arguments(inputs, outputCount: count))
            for kind in OperatorCase.FactKind.allCases {
                var bindings: [String: Int] = [:]
                let given = inputs.enumerated().map { kind.fact($1, input: $0, &bindings) }
                do {
                    let facts = try operation.infer(Facts(given, outputCount: count))
                    for (fact, result) in zip(facts, results ?? []) {
                        if let objection = fact.objection(to: result, bindings) {
                            Issue.record("\(kind): \(objection): \(inputs)")
                        }
                    }
                } catch {
                    #expect(results == nil, "\(kind): \(error)")
                }
            }
        }
    }
}

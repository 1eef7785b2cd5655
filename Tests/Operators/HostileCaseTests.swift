import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// ONNX's cases with inputs and attributes replaced by hostile ones: an error or a result that the type rule admits, never a trap.
@Suite struct HostileCaseTests {
    private struct Generator {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }

        mutating func pick<T>(_ items: [T]) -> T { items[next(items.count)] }
    }

    static let names: Set = [
        "BitCast", "CausalConvWithState", "ConvInteger", "DynamicQuantizeLinear", "LinearAttention", "NegativeLogLikelihoodLoss",
        "QLinearConv", "QLinearMatMul", "RegexFullMatch", "RotaryEmbedding", "Shrink", "SoftmaxCrossEntropyLoss", "StringConcat",
        "StringNormalizer", "StringSplit", "SwiGLU", "TensorScatter", "TfIdfVectorizer",
    ]
    static let cases = (FamilyTests.cases + LinearTests.cases + MovementTests.cases + ElementwiseTests.cases).filter {
        names.contains($0.op)
    }
    private static let sizes = [0, 0, 1, 1, 2, 3, 1 << 20, 1 << 40, .max]
    private static let integers = [Int.min, -1 << 45, -2, -1, 0, 1, 2, 3, 7, 1 << 31, 1 << 45, .max]

    @Test func allAreThere() {
        #expect(Set(HostileCaseTests.cases.map(\.op)) == HostileCaseTests.names)
        #expect(HostileCaseTests.cases.count == 135)
    }

    private static func tensor(_ type: ElementType, _ shape: [Int]) throws -> Tensor? {
        guard let count = try? Tensor.elementCount(shape), count <= 4096 else { return nil }
        if type == .string { return try Tensor(shape, strings: (0..<count).map { $0 % 3 == 0 ? "" : "a b" }) }
        return try HostileInputTests.tensor(type, shape)
    }

    private static func mutated(_ value: Value?, _ generator: inout Generator) throws -> Value? {
        guard case .tensor(let tensor)? = value else { return value }
        var shape = tensor.shape
        switch generator.next(6) {
        case 0: return nil
        case 1: return try HostileCaseTests.tensor(generator.pick(ElementType.allCases), shape).map(Value.tensor) ?? value
        case 2: shape = (0..<generator.next(6)).map { _ in generator.pick(sizes) }
        case 3: if !shape.isEmpty { shape[generator.next(shape.count)] = generator.pick(sizes) }
        case 4: shape.append(1)
        default: if !shape.isEmpty { shape.removeLast() }
        }
        return try HostileCaseTests.tensor(tensor.elementType, shape).map(Value.tensor) ?? value
    }

    private static func mutated(_ attribute: Attribute, _ generator: inout Generator) -> Attribute {
        switch attribute {
        case .int: .int(generator.pick(integers))
        case .float: .float(generator.pick([.nan, .infinity, -1, 0]))
        case .string: .string(generator.pick(["", "x", "(", "a{1000}", "none"]))
        case .ints(let values):
            .ints(values.isEmpty ? [.max] : Array(values.dropLast(generator.next(2))) + [generator.pick(integers)])
        case .floats(let values): .floats(Array(values.dropLast()))
        case .strings(let values): .strings(Array(values.dropLast()))
        default: attribute
        }
    }

    @Test(arguments: cases) func survives(_ operatorCase: OperatorCase) throws {
        var generator = Generator(state: operatorCase.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        for trial in 0..<120 {
            var attributes = operatorCase.attributes
            if trial % 3 == 0, !attributes.isEmpty {
                let index = generator.next(attributes.count)
                attributes[index].value = HostileCaseTests.mutated(attributes[index].value, &generator)
            }
            guard let op = try? OperatorRegistry.standard.make(operatorCase.op, attributes) else { continue }
            var inputs = operatorCase.inputs
            for _ in 0..<1 + generator.next(2) {
                let index = generator.next(inputs.count)
                inputs[index] = try HostileCaseTests.mutated(inputs[index], &generator)
            }
            let count = operatorCase.outputs.count
            let results = try? op.evaluate(Arguments(inputs, outputCount: count))
            for kind in OperatorCase.FactKind.allCases {
                var bindings: [String: Int] = [:]
                let given = inputs.enumerated().map { kind.fact($1, input: $0, &bindings) }
                guard let facts = try? op.infer(Facts(given, outputCount: count)) else {
                    #expect(results == nil, "\(kind): \(attributes) \(inputs.map { $0?.type.description ?? "" })")
                    continue
                }
                for (fact, result) in zip(facts, results ?? []) {
                    let objection = fact.objection(to: result, bindings)
                    #expect(objection == nil, "\(kind): \(attributes) \(inputs.map { $0?.type.description ?? "" })")
                }
            }
        }
    }
}

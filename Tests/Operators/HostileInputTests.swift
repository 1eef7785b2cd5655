import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Every operator on every element type, empty and odd shapes, and too few or too many inputs: an error or a result that the
/// type rule admits, never a trap.
@Suite struct HostileInputTests {
    static let names = [
        "Abs", "Acos", "Add", "And", "ArgMax", "ArgMin", "BatchNormalization", "Bernoulli", "BitShift", "BitwiseAnd",
        "BitwiseNot", "Cast", "CastLike", "Ceil", "Celu", "CenterCropPad", "Clip", "CumProd", "CumSum", "Div", "Dropout",
        "Elu", "Equal", "Erf", "Gelu", "Greater", "GroupNormalization", "HardSigmoid", "Hardmax", "InstanceNormalization",
        "IsInf", "IsNaN", "LRN", "LayerNormalization", "LeakyRelu", "Less", "LogSoftmax", "LpNormalization", "Max", "Mean",
        "MeanVarianceNormalization", "Min", "Mod", "Mul", "Multinomial", "Neg", "Not", "Or", "PRelu", "Pow",
        "RMSNormalization", "RandomNormalLike", "RandomUniformLike", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
        "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu",
        "Round", "Sign", "Softmax", "Sub", "Sum", "Where", "Xor",
    ]
    static let shapes = [[], [0], [3], [0, 3], [2, 3]]
    static let required: [String: Attributes] = [
        "Cast": [("to", .int(16))], "BitShift": [("direction", .string("RIGHT"))],
        "GroupNormalization": [("num_groups", .int(3))], "LRN": [("size", .int(2))],
        "MeanVarianceNormalization": [("axes", .ints([-1]))],
    ]

    /// Elements whose bits count up, negative numbers, NaN and infinities among them.
    static func tensor(_ type: ElementType, _ shape: [Int]) throws -> Tensor {
        let count = try Tensor.elementCount(shape)
        if type == .string { return try Tensor(shape, strings: (0..<count).map { "\($0)" }) }
        let storage = try Storage(byteCount: count * type.byteWidth)
        let pattern: [UInt8] = type == .bool ? [0, 1] : [0x80, 0xff, 0x00, 0x7f, 0x01, 0xf8]
        for index in storage.bytes.indices { storage.bytes[index] = pattern[index % pattern.count] }
        return try Tensor(type, shape, storage: storage)
    }

    @Test func namesAreAllThere() { #expect(HostileInputTests.names.count == 72) }

    @Test(arguments: names) func survives(_ name: String) throws {
        let op = try OperatorRegistry.standard.make(name, HostileInputTests.required[name] ?? [])
        var evaluated = 0
        for type in ElementType.allCases {
            for first in HostileInputTests.shapes {
                for second in HostileInputTests.shapes {
                    for (count, last) in [(1, type), (2, type), (3, type), (5, type), (2, .int64)] {
                        var inputs: [Value?] = [.tensor(try HostileInputTests.tensor(type, first))]
                        let other = last == type ? try HostileInputTests.tensor(type, second) : try Tensor(zeros: last, second)
                        while inputs.count < count { inputs.append(.tensor(other)) }
                        if name == "Where" { inputs[0] = .tensor(try HostileInputTests.tensor(.bool, first)) }
                        evaluated += try check(op, inputs) ? 1 : 0
                    }
                }
            }
        }
        #expect(evaluated > 0)
    }

    private func check(_ op: any Operator, _ inputs: [Value?]) throws -> Bool {
        let facts = try? op.infer(Facts(inputs.map { $0.map { Fact($0.type) } }))
        guard let result = try? op.evaluate(Arguments(inputs)).first else { return false }
        let fact = try #require(facts?.first, "\(op.name) evaluates what its type rule refuses")
        let objection = fact.objection(to: result, [:])
        #expect(objection == nil, "\(op.name) of \(inputs.map { $0?.type.description ?? "" })")
        return true
    }
}

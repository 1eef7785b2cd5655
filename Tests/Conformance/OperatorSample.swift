import Septum
import Testing

/// An operator that ONNX's cases do not cover, with inputs that it must accept.
struct OperatorSample: Sendable, CustomTestStringConvertible {
    var name: String
    var outputCount = 1
    var op: @Sendable () throws -> any Operator
    var inputs: @Sendable () throws -> [Value?] = { [try sequence()] }

    var testDescription: String { name }

    static let all: [OperatorSample] = [
        OperatorSample(
            name: "Bernoulli", op: { Op.Bernoulli(elementType: .int8) },
            inputs: { [.tensor(try Tensor([3], [0, 0.5, 1] as [Float]))] }),
        OperatorSample(
            name: "CastMap", op: { try made("CastMap", [("map_form", .string("SPARSE")), ("max_map", .int(4))]) },
            inputs: { [try map()] }),
        OperatorSample(name: "ConcatFromSequence", op: { Op.ConcatFromSequence(axis: 0) }),
        OperatorSample(
            name: "DictVectorizer", op: { try made("DictVectorizer", [("int64_vocabulary", .ints([3, 2, 1]))]) },
            inputs: { [try map()] }),
        OperatorSample(name: "Forest", outputCount: 2, op: forest, inputs: { [try floats([3, 2])] }),
        OperatorSample(name: "GlobalLpPool", op: { Op.GlobalLpPool(p: 3) }, inputs: { [try floats([2, 3, 4])] }),
        OperatorSample(
            name: "If", op: { Op.If(thenBranch: try branch(Op.Neg()), elseBranch: try branch(Op.Abs())) },
            inputs: { [.tensor(try Tensor([], [Bool8(true)])), try floats([2])] }),
        OperatorSample(
            name: "ImageDecoder", op: imageDecoder, inputs: { [.tensor(try Tensor([14], Array("P6\n1 1\n255\nABC".utf8)))] }),
        OperatorSample(
            name: "CategoryTable", op: categoryTable,
            inputs: {
                [
                    .tensor(try Tensor([3, 1], strings: ["electron", "muon", ""])),
                    .tensor(try Tensor([3, 1], [0.5, 2, .nan] as [Float])),
                ]
            }),
        OperatorSample(
            name: "LinearLeaves", op: linearLeaves,
            inputs: {
                [
                    .tensor(try Tensor([3, 2], [1, 2, 3, -4, .nan, 6] as [Double])),
                    .tensor(try Tensor([3, 2], [0, 1, 1, 0, 1, 1] as [Int64])),
                ]
            }),
        OperatorSample(
            name: "Loop", outputCount: 2, op: { Op.Loop(body: try loopBody()) },
            inputs: { [.tensor(try Tensor([], [Int64(3)])), nil, try floats([2])] }),
        OperatorSample(name: "Multinomial", op: { Op.Multinomial(sampleCount: 4) }, inputs: { [try floats([2, 3])] }),
        OperatorSample(name: "Optional", op: { Op.Optional() }, inputs: { [try floats([2])] }),
        OperatorSample(name: "RandomNormal", op: { Op.RandomNormal(shape: [2, 3]) }, inputs: { [] }),
        OperatorSample(name: "RandomNormalLike", op: { Op.RandomNormalLike(seed: 1) }, inputs: { [try floats([2])] }),
        OperatorSample(name: "RandomUniform", op: { Op.RandomUniform(shape: [2, 3]) }, inputs: { [] }),
        OperatorSample(name: "RandomUniformLike", op: { Op.RandomUniformLike(seed: 1) }, inputs: { [try floats([2])] }),
        OperatorSample(
            name: "SVMClassifier", outputCount: 2, op: { try made("SVMClassifier", supportVectors) },
            inputs: { [try floats([4, 2]), try floats([3, 2]), try floats([1, 3])] }),
        OperatorSample(name: "Scan", outputCount: 2, op: scan, inputs: { [try floats([2]), try floats([3, 2])] }),
        OperatorSample(name: "SequenceAt", op: { Op.SequenceAt() }, inputs: { [try sequence(), try index(-1)] }),
        OperatorSample(
            name: "SequenceConstruct", op: { Op.SequenceConstruct() }, inputs: { [try floats([2]), try floats([3])] }),
        OperatorSample(name: "SequenceEmpty", op: { Op.SequenceEmpty() }, inputs: { [] }),
        OperatorSample(name: "SequenceErase", op: { Op.SequenceErase() }, inputs: { [try sequence(), try index(1)] }),
        OperatorSample(name: "SequenceLength", op: { Op.SequenceLength() }),
        OperatorSample(name: "SequenceMap", op: { Op.SequenceMap(body: try branch(Op.Neg(), rank: 2)) }),
    ]

    private static func made(_ name: String, _ attributes: Attributes) throws -> any Operator {
        try OperatorRegistry.standard.make(name, attributes)
    }

    /// The registry of adapters brings the reader of images.
    private static func imageDecoder() -> any Operator {
        _ = AdapterRegistry.standard
        return Op.ImageDecoder()
    }

    private static let supportVectors: Attributes = [
        ("kernel_type", .string("RBF")), ("kernel_params", .floats([0.5, 0, 0])), ("vectors_per_class", .ints([1, 2])),
        ("rho", .floats([0.25])), ("prob_a", .floats([-1])), ("prob_b", .floats([0.5])),
    ]

    private static func map() throws -> Value {
        let values = try [Float(0.5), 1.5].map { Value.tensor(try Tensor([], [$0])) }
        return .map(keys: try Tensor([2], [2, 1] as [Int64]), values: values, of: .tensor(.float32, []))
    }

    private static func floats(_ shape: [Int]) throws -> Value {
        let count = try Tensor.elementCount(shape)
        return .tensor(try Tensor(shape, (0..<count).map { Float($0 * 7 % 11) - 5 }))
    }

    private static func index(_ value: Int64) throws -> Value { .tensor(try Tensor([], [value])) }

    private static func sequence() throws -> Value {
        .sequence([try floats([2, 3]), try floats([4, 3])], of: .tensor(.float32, nil))
    }

    private static func forest() throws -> any Operator {
        let rules = Op.Forest.Rules(comparison: .less, featureType: .float32, accumulationType: .float32)
        var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 2, outputCount: 1)
        try builder.addSplit(0, feature: 1, test: .threshold(1), missing: .nan(goesLeft: true), left: 1, right: 2)
        try builder.addLeaf(1, 10)
        try builder.addLeaf(2, 20)
        try builder.endTree()
        return try builder.forest()
    }

    /// A column for a category with a test, and one for the outcome of a test.
    private static func categoryTable() throws -> any Operator {
        typealias Table = Op.CategoryTable
        let key = [Int64(Table.hash("muon")), 1].reduce(0) { Table.extended($0, by: $1) }
        return try Table(
            numberCount: 1, categoryCount: 1,
            tables: [
                Table.Table(
                    parts: [Table.Part(.category, 0), Table.Part(.exceeds, 0, border: 1)], keys: [Int64(bitPattern: key)]),
                Table.Table(parts: [Table.Part(.equals, 0, hash: Table.hash("electron"))], keys: []),
            ],
            columns: [
                Table.Column(table: 0, values: [3], fallback: -1), Table.Column(table: 1, values: [], fallback: 2),
                Table.Column(table: 0, values: [5], fallback: 0),
            ])
    }

    /// Two trees of two leaves.
    private static func linearLeaves() throws -> any Operator {
        try Op.LinearLeaves(
            featureCount: 2, outputCount: 1, leafStart: try Tensor([3], [0, 2, 4] as [Int32]),
            constant: try Tensor([4], [1, 2, 3, 4] as [Double]), fallback: try Tensor([4], [5, 6, 7, 8] as [Double]),
            termStart: try Tensor([5], [0, 1, 1, 2, 4] as [Int32]), feature: try Tensor([4], [0, 1, 0, 1] as [Int32]),
            coefficient: try Tensor([4], [0.5, 1.5, 2.5, -1] as [Double]))
    }

    /// One input through one operator.
    private static func branch(_ op: any Operator, rank: Int = 1) throws -> Graph {
        var graph = Graph(name: "branch")
        let x = try graph.addInput("x", .tensor(.float32, (0..<rank).map { .symbol("n\($0)") }))
        try graph.addOutput(try graph.apply(op, x), name: "y")
        return graph
    }

    /// Negates what it carries and gathers it.
    private static func loopBody() throws -> Graph {
        var body = Graph(name: "body")
        _ = try body.addInput("run", .tensor(.int64, []))
        let condition = try body.addInput("condition", .tensor(.bool, []))
        let x = try body.addInput("x", .tensor(.float32, [2]))
        try body.addOutput(condition)
        let y = try body.apply(Op.Neg(), x)
        try body.addOutput(y)
        try body.addOutput(try body.apply(Op.Abs(), y))
        return body
    }

    /// The running sum.
    private static func scan() throws -> any Operator {
        var body = Graph(name: "body")
        let sum = try body.addInput("sum", .tensor(.float32, [2]))
        let x = try body.addInput("x", .tensor(.float32, [2]))
        let next = try body.apply(Op.Add(), sum, x)
        try body.addOutput(next)
        try body.addOutput(try body.apply(Op.Identity(), next))
        return Op.Scan(body: body, sequenceCount: 1)
    }
}

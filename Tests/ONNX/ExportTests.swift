import Foundation
import SeptumIR
import SeptumONNX
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ExportTests {
    private static func withFile<R>(_ body: (String) throws -> R) rethrows -> R {
        let path = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString).onnx").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// The model after export and import.
    static func again(_ model: Model, _ options: ExportOptions = ExportOptions()) throws -> Model {
        try withFile { path in
            try ONNXAdapter().exportModel(model, to: path, options)
            return try ONNXAdapter().importModel(try ModelSource(path: path), ImportOptions())
        }
    }

    private static func record(_ model: Model, version: Int? = nil) throws -> ModelRecord {
        var options = ExportOptions()
        options.version = version
        return try withFile { path in
            try ONNXAdapter().exportModel(model, to: path, options)
            return try ModelRecord(parsing: try ModelSource(path: path))
        }
    }

    private static func model(_ build: (inout Graph) throws(ModelError) -> Void) throws(ModelError) -> Model {
        var graph = Graph()
        try build(&graph)
        return Model(graph: graph)
    }

    private static func model(_ op: any Operator, _ type: ValueType = .tensor(.float32, ["batch", 3])) throws -> Model {
        var graph = Graph()
        let x = try graph.addInput("x", type)
        let y = try graph.append(op, name: "node", inputs: [x], outputs: ["y"])
        try graph.addOutput(y[0])
        return Model(graph: graph)
    }

    @Test func theOldestSufficientOpsetIsWritten() throws {
        #expect(try Self.record(Self.model(Op.Neg())).opsets == [OpsetRecord(domain: "", version: 18)])
        #expect(try Self.record(Self.model(Op.Neg())).irVersion == 8)
        let gelu = try Self.record(Self.model(Op.Gelu()))
        #expect(gelu.opsets == [OpsetRecord(domain: "", version: 20)] && gelu.irVersion == 9)
        #expect(try Self.record(Self.model(Op.Neg()), version: 21).opsets == [OpsetRecord(domain: "", version: 21)])
        #expect(try Self.record(Self.model(Op.Sin(), .tensor(.bfloat16, [2]))).opsets == [OpsetRecord(domain: "", version: 22)])
    }

    @Test func whatTheOpsetCannotHoldIsRefused() throws {
        let computedAxes = try Self.model { graph throws(ModelError) in
            let x = try graph.addInput("x", .tensor(.float32, ["n", 3]))
            let axes = try graph.addInput("axes", .tensor(.int64, [1]))
            try graph.addOutput(try graph.append(Op.ReduceMax(keepdims: true, noopWithEmptyAxes: false), inputs: [x, axes])[0])
        }
        for (model, version, fragment) in [
            (try Self.model(Op.Neg()), 12, "opset 12 was asked for, 13 to 28"), (try Self.model(Op.Neg()), 29, "13 to 28"),
            (try Self.model(Op.Trilu(keepsUpper: true)), 13, "operator 'Trilu' needs opset 14, 13 was asked for"),
            (try Self.model(Op.Sin(), .tensor(.bfloat16, [2])), 21, "bfloat16 in 'Sin' needs opset 22"),
            (try Self.model(Op.Identity(), .tensor(.int4, [2])), 20, "of type int4 needs opset 21"),
            (try Self.model(Op.Identity(), .sequence(.tensor(.float32, [2]))), 13, "in 'Identity' needs opset 14"),
            (try Self.model(Op.Mish(), .tensor(.bfloat16, [2])), 17, "bfloat16 in 'Softplus' needs opset 22"),
            (computedAxes, 17, "a choice of axes at run time needs opset 18"),
            (try Self.model(try Self.forest(.float64, .less), .tensor(.float32, ["n", 2])), 20, "ai.onnx.ml 5, needs opset 21"),
        ] {
            do {
                _ = try Self.record(model, version: version)
                Issue.record("opset \(version) was written, expected '\(fragment)'")
            } catch {
                #expect("\(error)".contains(fragment), "\(error)")
            }
        }
    }

    @Test func everyOpsetComesWithItsIRVersionAndMachineLearning() throws {
        let irVersions = [7, 7, 8, 8, 8, 8, 9, 9, 10, 10, 11, 12, 13, 13, 13, 14]
        for (opset, irVersion) in zip(13...28, irVersions) {
            let plain = try Self.record(Self.model(Op.Gelu()), version: opset)
            #expect(plain.opsets == [OpsetRecord(domain: "", version: opset)] && plain.irVersion == irVersion)
            let forest = try Self.record(
                try Self.model(try Self.forest(.float32, .less), .tensor(.float32, ["n", 2])), version: opset)
            #expect(forest.opsets.map(\.version) == [opset, opset < 16 ? 2 : 3])
        }
    }

    @Test func olderFormsHoldNoUnusedConstants() throws {
        let model = try Self.model { graph throws(ModelError) in
            let x = try graph.addInput("x", .tensor(.float32, ["n", 3]))
            let axes = try graph.addConstant(try Tensor([1], [Int64(-1)]), name: "axes")
            try graph.addOutput(try graph.append(Op.ReduceMax(keepdims: true, noopWithEmptyAxes: false), inputs: [x, axes])[0])
        }
        let (old, new) = (try Self.record(model, version: 17).graph, try Self.record(model, version: 18).graph)
        #expect(old.initializers.isEmpty && old.nodes[0].inputs == ["x"])
        #expect(new.initializers.map(\.name) == ["axes"] && new.nodes[0].inputs == ["x", "axes"])
    }

    /// Names of the main graph are those of the model, whatever subgraphs and further nodes are called.
    @Test func namesOfTheModelAreKept() throws {
        func branch(_ scale: Float) throws(ModelError) -> Graph {
            var graph = Graph(name: "branch")
            let x = try graph.addInput("inner", .tensor(.float32, ["n"]))
            let c = try graph.addConstant(try Tensor([], [scale]), name: "late")
            try graph.addOutput(try graph.append(Op.Mul(), inputs: [x, c], outputs: ["y"])[0])
            return graph
        }
        let (yes, no) = (try branch(2), try branch(3))
        let model = try Self.model { graph throws(ModelError) in
            let condition = try graph.addInput("condition", .tensor(.bool, []))
            let x = try graph.addInput("x", .tensor(.float32, ["n"]))
            let chosen = try graph.append(
                Op.If(thenBranch: yes, elseBranch: no), name: "if", inputs: [condition, x], outputs: ["chosen"])
            let late = try graph.append(Op.Gelu(), name: "gelu", inputs: [chosen[0]], outputs: ["late"])
            try graph.addOutput(try graph.append(Op.Neg(), inputs: [late[0]], outputs: ["y"])[0])
            try graph.addOutput(try graph.append(Op.SequenceConstruct(), inputs: [x, late[0]], outputs: ["list"])[0])
            try graph.addOutput(try graph.append(Op.Optional(), inputs: [x], outputs: ["maybe"])[0])
        }
        for opset in [15, 17, 20, 23] {
            let record = try Self.record(model, version: opset)
            #expect(record.graph.inputs.map(\.name) == ["condition", "x"])
            #expect(record.graph.outputs.map(\.name) == ["y", "list", "maybe"])
            #expect(record.graph.nodes.contains { $0.name == "gelu" && $0.outputs == ["late"] })
            var options = ExportOptions()
            options.version = opset
            let back = try Self.again(model, options).graph
            #expect(back.outputs.map { back.type($0) } == model.graph.outputs.map { model.graph.type($0) })
        }
    }

    @Test func operatorsThatONNXLacksAreRefused() throws {
        do {
            _ = try Self.record(Self.model(Alien()))
            Issue.record("it was written")
        } catch {
            #expect("\(error)".contains("node (Alien)"), "\(error)")
        }
    }

    @Test func dimensionsContractAndMetadataAreKept() throws {
        var model = try Self.model(Op.Neg(), .tensor(.float32, ["batch", 3, .symbol("a b"), "n" * 2 + 1]))
        model.metadata = ["b": "2", "a": "1"]
        model.contract = InputContract(
            name: "tagger", row: "Jet", inputs: [.init(tensor: "x", features: [.init(name: "pt", offset: 1.5, missing: .keep)])])
        let record = try Self.record(model)
        let shape: [TypeRecord.DimensionRecord] = [.name("batch"), .value(3), .name("a b"), .name("2*n+1")]
        #expect(record.graph.inputs == [ValueInfoRecord(name: "x", type: .tensor(element: 1, shape: shape))])
        #expect(record.graph.outputs == [ValueInfoRecord(name: "y", type: .tensor(element: 1, shape: shape))])
        let back = try Self.again(model)
        #expect(back.metadata == model.metadata)
        #expect(back.contract == model.contract)
    }

    @Test func constantsOfEveryElementTypeAreKept() throws {
        for type in ElementType.allCases {
            var graph = Graph()
            let tensor: Tensor
            if type == .string {
                tensor = try Tensor([3], strings: ["a", "", "μ"])
            } else {
                let bytes = [UInt8](repeating: 1, count: 3 * type.byteWidth)
                let raw = TensorRecord(name: "c", elementCode: 2, dimensions: [bytes.count], data: .raw(bytes))
                _ = try raw.tensor(in: DataFiles(try ModelSource(bytes: bytes, name: "c")))
                tensor = try Tensor(zeros: type, [3])
            }
            let c = try graph.addConstant(tensor, name: "c")
            try graph.addOutput(try graph.append(Op.Identity(), inputs: [c], outputs: ["y"])[0])
            let back = try Self.again(Model(graph: graph)).graph
            let id = try #require(back.value(named: "c"))
            #expect(try #require(back.constants[id]).isIdentical(to: tensor), "\(type)")
        }
    }

    @Test func unwritablePathsAreErrors() throws {
        let model = try Self.model(Op.Neg())
        #expect(throws: ModelError.self) { try ONNXAdapter().exportModel(model, to: "/nonexistent/model.onnx", ExportOptions()) }
    }

    // MARK: Forests

    private static func forest(
        _ type: ElementType, _ comparison: Op.Forest.Comparison, weight: Double = 1, divisor: Int = 1, width: Int = 1,
        order: Op.Forest.BaseScoreOrder = .afterTrees, base: [Double]? = nil
    ) throws -> Op.Forest {
        let rules = Op.Forest.Rules(
            comparison: comparison, featureType: .float32, accumulationType: type, divisor: divisor, baseScoreOrder: order)
        var door = ForestBuilder(rules: rules, thresholdType: .float64, featureCount: 2, outputCount: width, leafWidth: width)
        for tree in 0..<3 {
            let value = Double(tree) + 0.5
            try door.addSplit(
                0, feature: tree % 2, test: .threshold(0.1 * value), missing: .nan(goesLeft: tree == 1), left: 1, right: 2)
            try door.addLeaf(1, (0..<width).map { value + Double($0) })
            try door.addSplit(2, feature: 1, test: .equals(0.25), missing: .nan(goesLeft: false), left: 3, right: 4)
            try door.addLeaf(3, (0..<width).map { -value - Double($0) })
            try door.addLeaf(4, (0..<width).map { 2 * value - Double($0) })
            try door.endTree(weight: weight)
        }
        return try door.forest(baseScore: base)
    }

    private static let rows: [Float] = [
        0.05, 0.25, Float(0.05).nextUp, Float(0.05).nextDown, .nan, 1, 1, .nan, 0.15, Float(0.15).nextDown, 7, 0.25, -.infinity,
        0.2,
    ]

    @Test func forestsStayTheSameBitForBit() throws {
        var count = 0
        for type in [ElementType.float32, .float64] {
            for comparison in Op.Forest.Comparison.allCases {
                for (divisor, width, order, base) in [
                    (1, 1, Op.Forest.BaseScoreOrder.afterTrees, nil), (3, 1, .afterTrees, [0.5]), (1, 1, .beforeTrees, [0.25]),
                    (3, 2, .beforeTrees, [0.5, 0.75]), (1, 2, .afterTrees, nil), (4, 2, .afterTrees, nil),
                ] as [(Int, Int, Op.Forest.BaseScoreOrder, [Double]?)] {
                    let forest = try Self.forest(
                        type, comparison, weight: 0.5, divisor: divisor, width: width, order: order, base: base)
                    let model = try Self.model(forest, .tensor(.float32, ["batch", 2]))
                    let back = try Self.again(model)
                    let table = try Tensor([Self.rows.count / 2, 2], Self.rows)
                    let expected = try StructureTests.run(model, table)[0]
                    let found = try StructureTests.run(back, table)[0]
                    #expect(found.isIdentical(to: expected), "\(type) \(comparison) \(divisor) \(width) \(order)")
                    count += 1
                }
            }
        }
        #expect(count == 24)
    }

    /// Sets of categories come back as columns of answers, whatever is missing or outside them.
    @Test(arguments: [Op.Forest.CategoryRule.refuseNegative, .truncate]) func categoriesStayTheSame(
        _ rule: Op.Forest.CategoryRule
    ) throws {
        let rules = Op.Forest.Rules(comparison: .less, featureType: .float32, accumulationType: .float32, categoryRule: rule)
        var door = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
        let missing: [ForestBuilder.Missing] = [
            .nan(goesLeft: true), .nan(goesLeft: false), .nothing, .nanAndZero(goesLeft: true),
        ]
        for (tree, missing) in missing.enumerated() {
            for test in [ForestBuilder.Test.categoriesLeft([1, 3]), .categoriesRight([0, 40]), .threshold(0.5)] {
                try door.addSplit(0, feature: 0, test: test, missing: missing, left: 1, right: 2)
                try door.addLeaf(1, Double(1 << tree))
                try door.addLeaf(2, 0)
                try door.endTree()
            }
        }
        let model = try Self.model(try door.forest(), .tensor(.float32, ["batch", 1]))
        let rows: [Float] = [0, 1, 1.9, 2, 3, 39, 40, 41, 1e9, -0.5, -1, -1e9, 1e-36, -1e-36, .nan, .infinity, -.infinity]
        let table = try Tensor([rows.count, 1], rows)
        let found = try StructureTests.run(try Self.again(model), table)[0]
        #expect(found.isIdentical(to: try StructureTests.run(model, table)[0]))
    }
}

/// An operator that no format knows.
private struct Alien: Operator {
    static let name = "Alien"
    static let inputCount = 1...1

    init() {}
    init(_ attributes: inout AttributeReader) throws(ModelError) {}
    func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [Fact(.tensor(try inputs.tensor(0)))] }
    func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] { [.tensor(try inputs.tensor(0))] }
}

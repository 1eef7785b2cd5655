import Foundation
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// How graphs are put together: order, scopes, functions, subgraphs.
@Suite struct StructureTests {
    static func imported(_ record: ModelRecord, _ options: ImportOptions = ImportOptions()) throws -> Model {
        let model = try ONNXAdapter().importModel(try ModelSource(bytes: try record.serialized(), name: "test"), options)
        try model.graph.verify()
        return model
    }

    static func run(_ model: Model, _ inputs: Tensor...) throws -> [Tensor] {
        try Interpreter.run(model.graph, inputs.map(Value.tensor)).map { try #require($0.tensor) }
    }

    static func message(_ record: ModelRecord) -> String {
        do {
            _ = try imported(record)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    static func graph(_ nodes: [NodeRecord], inputs: [String] = ["x"], outputs: [String] = ["y"]) -> GraphRecord {
        var graph = GraphRecord()
        graph.nodes = nodes
        graph.inputs = inputs.map { Sample.value($0) }
        graph.outputs = outputs.map { Sample.value($0) }
        return graph
    }

    private let x = try? Tensor([2], [Float(1), -2])

    @Test func nodesInAnyOrder() throws {
        let graph = Self.graph([
            NodeRecord("Neg", name: "last", inputs: ["b"], outputs: ["y"]), NodeRecord("Abs", inputs: ["x"], outputs: ["a"]),
            NodeRecord("Add", inputs: ["a", "x"], outputs: ["b"]),
        ])
        let model = try Self.imported(Sample.model(graph))
        #expect(model.graph.nodes.map(\.op.name) == ["Abs", "Add", "Neg"])
        #expect(try Self.run(model, try #require(x))[0].array(of: Float.self) == [-2, 0])
    }

    @Test func namesAndDimensionsAreKept() throws {
        var graph = Self.graph([NodeRecord("Neg", name: "negate", inputs: ["x"], outputs: ["y"])])
        graph.inputs = [Sample.value("x", 1, [.name("batch size"), .value(3), .unset, .value(-1)])]
        var record = Sample.model(graph)
        record.metadata = [Entry(key: "author", value: "someone")]
        let model = try Self.imported(record)
        #expect(model.graph.nodes[0].name == "negate")
        #expect(model.graph.type(model.graph.inputs[0]).tensor?.shape == ["batch size", 3, "x.2", "x.3"])
        #expect(model.metadata == ["author": "someone"])
        #expect(model.provenance.producer == "samples 1.0")
    }

    @Test func initializersAreNoInputs() throws {
        var graph = Self.graph([NodeRecord("Add", inputs: ["x", "w"], outputs: ["y"])], inputs: ["x", "w"])
        graph.initializers = [Sample.floats("w", [1], [10])]
        let model = try Self.imported(Sample.model(graph))
        #expect(model.graph.inputs.map { model.graph[$0].name } == ["x"])
        #expect(try Self.run(model, try #require(x))[0].array(of: Float.self) == [11, 8])
    }

    @Test func constantsOfEveryKind() throws {
        let kinds: [(AttributeRecord, ElementType, [Int])] = [
            (.init("value", .tensor(Sample.floats("", [2], [1, 2]))), .float32, [2]),
            (.init("value_float", .float(1)), .float32, []),
            (.init("value_int", .int(1)), .int64, []), (.init("value_string", .string("a")), .string, []),
            (.init("value_floats", .floats([1, 2])), .float32, [2]), (.init("value_ints", .ints([1, 2])), .int64, [2]),
            (.init("value_strings", .strings(["a", "b"])), .string, [2]),
            (
                .init(
                    "sparse_value",
                    .sparseTensor(
                        SparseTensorRecord(
                            values: Sample.floats("", [1], [5]), indices: Sample.int64s("", [1], [2]), dimensions: [4]))),
                .float32, [4]
            ),
        ]
        for (attribute, type, shape) in kinds {
            var graph = Self.graph([NodeRecord("Constant", inputs: [], outputs: ["y"], attributes: [attribute])], inputs: [])
            graph.outputs = [ValueInfoRecord(name: "y", type: .unset)]
            let tensor = try Self.run(try Self.imported(Sample.model(graph)))[0]
            #expect(tensor.elementType == type && tensor.shape == shape)
        }
    }

    // MARK: Functions

    private static func scaled(defaults: [AttributeRecord]) -> FunctionRecord {
        var function = FunctionRecord()
        function.name = "Scaled"
        function.domain = "local"
        function.inputs = ["a", "b"]
        function.outputs = ["c"]
        function.defaults = defaults
        function.nodes = [
            NodeRecord("Elu", inputs: ["a"], outputs: ["t"], attributes: [.init("alpha", .reference("alpha"))]),
            NodeRecord("Sum", inputs: ["t", "b"], outputs: ["c"]),
        ]
        function.opsets = [OpsetRecord(domain: "", version: 18)]
        return function
    }

    private static func calling(_ attributes: [AttributeRecord], _ functions: [FunctionRecord]) -> ModelRecord {
        let graph = graph([
            NodeRecord("Scaled", domain: "local", name: "first", inputs: ["x"], outputs: ["t"], attributes: attributes),
            NodeRecord("Scaled", domain: "local", name: "second", inputs: ["x", "t"], outputs: ["y"]),
        ])
        var record = Sample.model(graph, domains: [OpsetRecord(domain: "local", version: 1)])
        record.functions = functions
        return record
    }

    @Test func functionsAreReplacedByTheirNodes() throws {
        let record = Self.calling([.init("alpha", .float(3))], [Self.scaled(defaults: [.init("alpha", .float(2))])])
        let model = try Self.imported(record)
        #expect(model.graph.nodes.map(\.op.name) == ["Elu", "Sum", "Elu", "Sum"])
        #expect(model.graph.nodes.map(\.name) == ["first/t", "first/c", "second/t", "second/c"])
        let elu = exp(Float(-2)) - 1
        let found = try Self.run(model, try #require(x))[0].array(of: Float.self)
        #expect(abs(found[0] - 2) < 1e-6 && abs(found[1] - 5 * elu) < 1e-5)
    }

    @Test func functionsAreChecked() throws {
        let scaled = Self.scaled(defaults: [.init("alpha", .float(2))])
        #expect(Self.message(Self.calling([.init("beta", .float(3))], [scaled])).contains("beta"))
        #expect(Self.message(Self.calling([], [scaled, scaled])).contains("defined twice"))
        var loop = scaled
        loop.nodes = [NodeRecord("Scaled", domain: "local", inputs: ["a"], outputs: ["c"])]
        loop.opsets.append(OpsetRecord(domain: "local", version: 1))
        #expect(Self.message(Self.calling([], [loop])).contains("calls itself"))
    }

    /// Each function calls the one below twice: 2^40 nodes in 40 short functions.
    @Test func functionsCannotExplode() throws {
        var functions: [FunctionRecord] = []
        for level in 0..<40 {
            var function = FunctionRecord()
            function.name = "F\(level)"
            function.domain = "local"
            function.inputs = ["a"]
            function.outputs = ["c"]
            function.opsets = [OpsetRecord(domain: "", version: 18), OpsetRecord(domain: "local", version: 1)]
            let below = level == 0 ? "Neg" : "F\(level - 1)"
            let domain = level == 0 ? "" : "local"
            function.nodes = [
                NodeRecord(below, domain: domain, inputs: ["a"], outputs: ["b"]),
                NodeRecord(below, domain: domain, inputs: ["b"], outputs: ["c"]),
            ]
            functions.append(function)
        }
        var record = Sample.model(Self.graph([NodeRecord("F39", domain: "local", inputs: ["x"], outputs: ["y"])]))
        record.opsets.append(OpsetRecord(domain: "local", version: 1))
        record.functions = functions
        #expect(Self.message(record).contains("nodes"))
    }

    // MARK: Subgraphs

    private static func branching(_ condition: [NodeRecord]) -> ModelRecord {
        let positive = graph([NodeRecord("Add", inputs: ["x", "big"], outputs: ["p"])], inputs: [], outputs: ["p"])
        let negative = graph([NodeRecord("Sub", inputs: ["x", "small"], outputs: ["n"])], inputs: [], outputs: ["n"])
        var graph = graph(
            condition + [
                NodeRecord(
                    "If", name: "choose", inputs: ["flag"], outputs: ["y"],
                    attributes: [.init("then_branch", .graph(positive)), .init("else_branch", .graph(negative))])
            ])
        graph.initializers = [
            Sample.floats("big", [100, 2], Array(repeating: 100, count: 200)), Sample.floats("small", [1], [1]),
        ]
        return Sample.model(graph)
    }

    @Test func branchesSeeWhatIsAround() throws {
        let model = try Self.imported(
            Self.branching([
                NodeRecord("ReduceSum", inputs: ["x"], outputs: ["sum"], attributes: [.init("keepdims", .int(0))]),
                NodeRecord("Cast", inputs: ["sum"], outputs: ["flag"], attributes: [.init("to", .int(9))]),
            ]))
        let node = try #require(model.graph.nodes.last)
        #expect(node.op.subgraphs.allSatisfy { $0.inputs.count == 2 })
        #expect(node.inputs.count == 3)
        #expect(try Self.run(model, try Tensor([2], [Float(1), 1]))[0].shape == [100, 2])
        #expect(try Self.run(model, try Tensor([2], [Float(1), -1]))[0].array(of: Float.self) == [0, -2])
    }

    @Test func aKnownConditionDecidesAtOnce() throws {
        for (flag, op) in [(1, "Add"), (0, "Sub")] {
            let tensor = TensorRecord(name: "", elementCode: 9, dimensions: [], data: .int32s([Int32(flag)]))
            let model = try Self.imported(
                Self.branching([
                    NodeRecord("Constant", inputs: [], outputs: ["flag"], attributes: [.init("value", .tensor(tensor))])
                ]))
            #expect(model.graph.nodes.map(\.op.name) == [op])
            #expect(model.graph.outputs.map { model.graph[$0].name } == ["y"])
        }
    }

    @Test func loopsCarryAndCapture() throws {
        var body = Self.graph(
            [
                NodeRecord("Identity", inputs: ["going"], outputs: ["still"]),
                NodeRecord("Mul", inputs: ["v", "factor"], outputs: ["w"]),
                NodeRecord("Identity", inputs: ["w"], outputs: ["scan"]),
            ], inputs: [], outputs: [])
        body.inputs = [
            Sample.value("i", 7, []), Sample.value("going", 9, []), ValueInfoRecord(name: "v", type: .unset),
        ]
        body.outputs = [Sample.value("still", 9, []), Sample.value("w"), Sample.value("scan")]
        var graph = Self.graph(
            [
                NodeRecord("Abs", inputs: ["x"], outputs: ["factor"]),
                NodeRecord(
                    "Loop", inputs: ["three", "", "x"], outputs: ["y", "all"], attributes: [.init("body", .graph(body))]),
            ], outputs: ["y", "all"])
        graph.initializers = [Sample.int64s("three", [], [3])]
        let model = try Self.imported(Sample.model(graph))
        let results = try Self.run(model, try Tensor([2], [Float(2), -3]))
        #expect(try results[0].array(of: Float.self) == [16, -81])
        #expect(results[1].shape == [3, 2])
        let back = try ExportTests.again(model)
        #expect(try Self.run(back, try Tensor([2], [Float(2), -3]))[1].isIdentical(to: results[1]))
    }

    @Test func errorsNameTheNode() {
        let unknown = Self.graph([
            NodeRecord("Neg", inputs: ["x"], outputs: ["a"]), NodeRecord("Foo", inputs: ["a"], outputs: ["y"]),
        ])
        let message = Self.message(Sample.model(unknown, opset: 17))
        #expect(message.contains("y (Foo)") && message.contains("version 17") && message.contains("; "))
        let future = Self.graph([NodeRecord("Neg", inputs: ["x"], outputs: ["y"])])
        #expect(Self.message(Sample.model(future, opset: 29)).contains("opset 28 or older"))
    }
}

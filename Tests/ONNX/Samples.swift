import SeptumONNX
import SeptumTensor

/// Models written for the tests, as records.
enum Sample {
    static func model(_ graph: GraphRecord, opset: Int = 18, domains: [OpsetRecord] = []) -> ModelRecord {
        var model = ModelRecord()
        model.irVersion = 8
        model.opsets = [OpsetRecord(domain: "", version: opset)] + domains
        model.producerName = "samples"
        model.producerVersion = "1.0"
        model.graph = graph
        return model
    }

    static func value(_ name: String, _ element: Int = 1, _ shape: [TypeRecord.DimensionRecord]? = [.name("n")])
        -> ValueInfoRecord
    {
        ValueInfoRecord(name: name, type: .tensor(element: element, shape: shape))
    }

    static func floats(_ name: String, _ dimensions: [Int], _ values: [Float]) -> TensorRecord {
        TensorRecord(name: name, elementCode: 1, dimensions: dimensions, data: .floats(values))
    }

    static func int64s(_ name: String, _ dimensions: [Int], _ values: [Int64]) -> TensorRecord {
        TensorRecord(name: name, elementCode: 7, dimensions: dimensions, data: .int64s(values))
    }

    /// A model that has something of every kind that a file can hold.
    static var everything: ModelRecord {
        var inner = GraphRecord()
        inner.name = "inner"
        inner.nodes = [NodeRecord("Identity", inputs: ["x"], outputs: ["inner_y"])]
        inner.outputs = [value("inner_y")]
        let tensor = floats("t", [2], [1, 2])
        let sparse = SparseTensorRecord(
            values: floats("sparse", [2], [5, 6]), indices: int64s("", [2, 2], [0, 1, 1, 0]), dimensions: [2, 2])
        var node = NodeRecord(
            "Everything", domain: "test", name: "node", inputs: ["x", "", "w"], outputs: ["y", ""],
            attributes: [
                .init("float", .float(1.5)), .init("int", .int(-3)), .init("string", .string("text")),
                .init("tensor", .tensor(tensor)), .init("graph", .graph(inner)), .init("floats", .floats([1, 2.5])),
                .init("ints", .ints([1, -2])), .init("strings", .strings(["a", ""])), .init("tensors", .tensors([tensor])),
                .init("graphs", .graphs([inner])), .init("sparse", .sparseTensor(sparse)),
                .init("sparses", .sparseTensors([sparse])), .init("type", .type(.tensor(element: 7, shape: nil))),
                .init("types", .types([.sequence(.tensor(element: 1, shape: [.unset]))])), .init("empty", .ints([])),
            ])
        node.overload = "second"
        var graph = GraphRecord()
        graph.name = "outer"
        graph.nodes = [node]
        graph.inputs = [
            value("x", 1, [.name("batch"), .value(3), .unset]),
            ValueInfoRecord(name: "s", type: .sequence(.tensor(element: 1, shape: nil))),
            ValueInfoRecord(name: "o", type: .optional(.sequence(.tensor(element: 8, shape: [])))),
            ValueInfoRecord(name: "m", type: .map(key: 8, value: .tensor(element: 1, shape: []))),
            ValueInfoRecord(name: "p", type: .sparseTensor(element: 1, shape: [.value(2)])),
            ValueInfoRecord(name: "q", type: .opaque), ValueInfoRecord(name: "u", type: .unset),
        ]
        graph.outputs = [value("y")]
        graph.valueInfos = [value("v", 11, [])]
        graph.initializers = [
            floats("w", [2, 2], [1, 2, 3, 4]),
            TensorRecord(name: "raw", elementCode: 1, dimensions: [1], data: .raw([0, 0, 128, 63])),
            TensorRecord(name: "doubles", elementCode: 11, dimensions: [2], data: .doubles([1, -2])),
            TensorRecord(name: "int32s", elementCode: 9, dimensions: [2], data: .int32s([1, 0])),
            TensorRecord(name: "uint64s", elementCode: 13, dimensions: [1], data: .uint64s([.max])),
            TensorRecord(name: "strings", elementCode: 8, dimensions: [2], data: .strings(["a", "b"])),
            TensorRecord(name: "empty", elementCode: 1, dimensions: [0], data: .none),
            TensorRecord(
                name: "external", elementCode: 1, dimensions: [1],
                data: .external([Entry(key: "location", value: "w.bin"), Entry(key: "offset", value: "4096")])),
        ]
        graph.sparseInitializers = [sparse]
        var function = FunctionRecord()
        function.name = "Twice"
        function.domain = "test"
        function.overload = "first"
        function.inputs = ["a"]
        function.outputs = ["b"]
        function.attributes = ["needed"]
        function.defaults = [.init("alpha", .float(2)), .init("table", .tensor(tensor))]
        function.nodes = [
            NodeRecord("Elu", inputs: ["a"], outputs: ["b"], attributes: [.init("alpha", .reference("alpha"))])
        ]
        function.opsets = [OpsetRecord(domain: "", version: 18)]
        var model = model(graph, domains: [OpsetRecord(domain: "test", version: 1)])
        model.domain = "org.test"
        model.modelVersion = 7
        model.documentation = "words"
        model.metadata = [Entry(key: "k", value: "v"), Entry(key: "unicode", value: "μ±")]
        model.functions = [function]
        return model
    }
}

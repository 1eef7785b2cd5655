import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

extension OperatorRegistry {
    /// Septum's operators and the one that holds every kind of attribute.
    static var testing: OperatorRegistry {
        var registry = OperatorRegistry.standard
        registry.register(Everything.self)
        return registry
    }
}

/// Models to store.
enum Samples {
    /// Every element type as a constant, every kind of attribute, every kind of type, a subgraph in a subgraph.
    static func everything() throws -> Model {
        var innermost = Graph(name: "innermost")
        try innermost.addOutput(try innermost.addConstant(try Tensor([], [Float(7)]), name: "seven"))
        var inner = Graph(name: "inner")
        let a = try inner.addInput("a", .tensor(.float32, ["n", .symbol("a b")]))
        try inner.append(Everything([("graph", .graph(innermost))]), name: "deep", inputs: [a], outputs: ["deep"])
        try inner.addOutput(try inner.apply(Op.Neg(), a), name: "b")
        try inner.addOutput(try inner.addConstant(try Tensor([2], strings: ["x", "ß\n"]), name: "inner text"))

        var graph = Graph(name: "every\"thing")
        let dimension = Dimension.symbol("n") * 2 + 1
        let x = try graph.addInput("x", .tensor(.float32, [dimension, .unknown, 3]))
        let y = try graph.addInput("y", .tensor(.float32, nil))
        var byte: UInt8 = 0
        for type in ElementType.allCases where type != .string {
            let storage = try Storage(byteCount: 3 * type.byteWidth)
            for index in storage.bytes.indices {
                storage.bytes[index] = byte & 1
                byte &+= 5
            }
            try graph.addConstant(try Tensor(type, [3, 1], storage: storage), name: "weight \(type)")
        }
        try graph.addConstant(try Tensor([2, 1], strings: ["", "e\u{301}\u{0}\"\\"]), name: "text")
        try graph.addConstant(try Tensor(zeros: .float32, [0, 4]), name: "empty")
        let types: [(String, ValueType)] = [
            ("type", .sequence(.map(key: .int64, value: .tensor(.float32, [])))),
            ("other", .optional(.tensor(.string, ["n"]))),
        ]
        let attributes: Attributes =
            [
                ("int", .int(.min)), ("float", .float(-0.0)), ("string", .string("line\nbreak \"q\" \u{1}")), ("ints", .ints([])),
                ("floats", .floats([.nan, .infinity, -.infinity, .leastNonzeroMagnitude, 0.1, .greatestFiniteMagnitude])),
                ("strings", .strings(["", "a"])), ("tensor", .tensor(try Tensor([2], [1.5, -.infinity]))),
                ("text", .tensor(try Tensor([1], strings: ["t"]))), ("graph", .graph(inner)),
            ] + types.map { ($0.0, .type($0.1)) }
        try graph.append(Everything(attributes), name: "all", inputs: [x, nil, y], outputs: ["s", "o", nil])
        let z = try graph.append(Op.Neg(), inputs: [x], outputs: ["z"])[0]
        try graph.addOutput(z)
        try graph.addOutput(z)
        try graph.addOutput(x)

        let feature = InputContract.Feature(
            name: "log pt", branch: "Jet_pt", unit: "GeV", transform: .log1p, offset: 0.1, scale: 1e-30, clip: -5...(.infinity),
            missing: .replace(-1))
        var contract = InputContract(name: "tagger", row: "Jet", inputs: [])
        contract.inputs = [
            .init(
                tensor: "x", features: [feature, .init(name: "eta", missing: .keep)], collection: "PF", link: "PF_jet",
                sort: .init(by: "PF_pt", isDescending: true), length: .init(minimum: 1, maximum: 40)),
            .init(
                tensor: "y", features: [.init(name: "a")], sort: .init(by: "k", isDescending: false), length: .init(minimum: 2)),
        ]
        contract.outputs = [.init(tensor: "z", columns: ["probb", "probc"])]
        let provenance = Provenance(
            format: "onnx", producer: "torch 2", sourceName: "tagger.onnx", sourceSHA256: String(repeating: "ab", count: 32),
            options: ["opset": "18", "a": ""])
        return Model(graph: graph, contract: contract, provenance: provenance, metadata: ["author": "é", "": "empty"])
    }

    /// A dense layer that runs.
    static func dense() throws -> Model {
        var graph = Graph(name: "dense")
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 3]))
        let w = try graph.addConstant(try Tensor([3, 2], (0..<6).map { Float($0) - 2.5 }), name: "w")
        let b = try graph.addConstant(try Tensor([2], [Float(0.5), -0.5]), name: "b")
        let y = try graph.append(Op.Gemm(), name: "dense", inputs: [x, w, b], outputs: ["h"])[0]
        try graph.addOutput(try graph.append(Op.Relu(), inputs: [y], outputs: ["y"])[0])
        return Model(graph: graph)
    }
}

@Suite struct SeptumFileTests {
    @Test func keepsEverything() throws {
        let folder = try TemporaryFolder()
        let model = try Samples.everything()
        try SeptumFile.write(model, to: folder("a.septum"))
        let read = try SeptumFile.read(try ModelSource(path: folder("a.septum")), operators: .testing)
        try read.graph.verify()
        #expect(read.graph.fingerprint == model.graph.fingerprint)
        #expect(read.graph.constants.count == ElementType.allCases.count + 1)
        #expect(read.contract == model.contract)
        #expect(read.provenance == model.provenance)
        #expect(read.metadata == model.metadata)
        try SeptumFile.write(read, to: folder("b.septum"))
        let again = try SeptumFile.read(try ModelSource(path: folder("b.septum")), operators: .testing)
        try SeptumFile.write(again, to: folder("c.septum"))
        #expect(try folder.read("b.septum") == folder.read("c.septum"))
        #expect(folder.names == ["a.septum", "b.septum", "c.septum"])
    }

    @Test func runsToTheSameBits() throws {
        let folder = try TemporaryFolder()
        let model = try Samples.dense()
        try SeptumFile.write(model, to: folder("m.septum"))
        let read = try SeptumFile.read(try ModelSource(path: folder("m.septum")), operators: .standard)
        let input = Value.tensor(try Tensor([4, 3], (0..<12).map { Float($0).squareRoot() - 1 }))
        let expected = try Interpreter.run(model.graph, [input])
        let found = try Interpreter.run(read.graph, [input])
        #expect(try #require(found[0].tensor).isIdentical(to: try #require(expected[0].tensor)))
    }

    /// Source: https://github.com/huggingface/safetensors/blob/v0.5.2/README.md#format
    @Test func isSafetensors() throws {
        let folder = try TemporaryFolder()
        try SeptumFile.write(try Samples.everything(), to: folder("m.septum"))
        let bytes = try folder.read("m.septum")
        let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        #expect(bytes[8] == UInt8(ascii: "{"))
        #expect((8 + length) % 64 == 0)
        let header = try JSON(parsing: String(decoding: bytes[8..<8 + length], as: UTF8.self))
        let members = try #require(header.members)
        #expect(Set(members.map(\.name)).count == members.count)
        #expect(members.first?.name == "__metadata__")
        #expect(members.first?.value.members?.allSatisfy { $0.value.string != nil } == true)
        let widths = [
            "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4, "I32": 4,
            "F32": 4, "U64": 8, "I64": 8, "F64": 8,
        ]
        var end = 0
        var kinds: Set<String> = []
        for member in members.dropFirst() {
            let offsets = (member.value["data_offsets"]?.array ?? []).compactMap(\.int)
            let shape = (member.value["shape"]?.array ?? []).compactMap(\.int)
            let kind = try #require(member.value["dtype"]?.string)
            let width = try #require(widths[kind], "\(kind)")
            try #require(offsets.count == 2)
            #expect(offsets[0] == end, "\(member.name) leaves a hole")
            #expect(offsets[1] - offsets[0] == shape.reduce(width, *), "\(member.name)")
            if !member.name.hasPrefix("padding.") {
                #expect((8 + length + offsets[0]) % 64 == 0, "\(member.name)")
                kinds.insert(kind)
            }
            end = offsets[1]
        }
        #expect(8 + length + end == bytes.count)
        #expect(kinds == Set(widths.keys))
    }

    @Test func leavesWeightsInTheMappedFile() throws {
        let folder = try TemporaryFolder()
        var graph = Graph()
        let count = 1 << 20
        let w = try graph.addConstant(
            try Tensor([count]) { (target: UnsafeMutableBufferPointer<Float>) in target[5] = 7 }, name: "w")
        try graph.addOutput(w)
        try SeptumFile.write(Model(graph: graph), to: folder("m.septum"))
        let source = try ModelSource(path: folder("m.septum"))
        let read = try SeptumFile.read(source, operators: .standard)
        let tensor = try #require(read.graph.constants[read.graph.outputs[0]])
        let (low, high) = (try #require(source.bytes.baseAddress), try #require(tensor.bytes.baseAddress))
        #expect(high > low && high + tensor.byteCount <= low + source.bytes.count)
        #expect(UInt(bitPattern: high) % 64 == 0)
        #expect(try tensor.array(of: Float.self)[5] == 7)
    }

    @Test func outlivesItsSource() throws {
        let folder = try TemporaryFolder()
        try SeptumFile.write(try Samples.dense(), to: folder("m.septum"))
        func load() throws -> Tensor {
            let model = try SeptumFile.read(try ModelSource(path: folder("m.septum")), operators: .standard)
            let w = try #require(model.graph.value(named: "w"))
            return try #require(model.graph.constants[w])
        }
        #expect(try load().array(of: Float.self) == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    }

    @Test func leavesNothingWhenItCannotWrite() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ModelError.self) {
            try SeptumFile.write(try Samples.dense(), to: folder("missing/m.septum"))
        }
        #expect(error?.code == .file)
        #expect(error?.file == folder("missing/m.septum"))
        let taken = #expect(throws: ModelError.self) { try SeptumFile.write(try Samples.dense(), to: folder.path) }
        #expect(taken?.code == .file)
        #expect(folder.names.isEmpty)
    }

    @Test func refusesSubgraphsThatAreTooDeep() throws {
        var graph = Graph()
        for _ in 0..<20 {
            var outer = Graph()
            try outer.append(Everything([("graph", .graph(graph))]), inputs: [], outputs: ["y"])
            graph = outer
        }
        let folder = try TemporaryFolder()
        let error = #expect(throws: ModelError.self) { try SeptumFile.write(Model(graph: graph), to: folder("m.septum")) }
        #expect(error?.code == .limit)
        #expect(folder.names.isEmpty)
    }
}

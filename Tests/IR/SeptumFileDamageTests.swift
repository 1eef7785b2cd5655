import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Damaged files: an error or a valid model, never a trap.
@Suite struct SeptumFileDamageTests {
    private func bytes(of model: Model) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try SeptumFile.write(model, to: folder("m.septum"))
        return try folder.read("m.septum")
    }

    private func read(_ bytes: [UInt8]) throws(ModelError) -> Model {
        let model = try SeptumFile.read(try ModelSource(bytes: bytes, name: "m.septum"), operators: .testing)
        try model.graph.verify()
        return model
    }

    /// A file of hand-made metadata and no weights.
    private func file(_ document: String, header: String = "") throws(ModelError) -> [UInt8] {
        let text = "{\"__metadata__\":{\"septum\":\(JSON.string(document))}\(header)}"
        return withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8)
    }

    private func document(_ graph: String, tensors: String = "{}") -> String {
        "{\"version\":1,\"graph\":\(graph),\"tensors\":\(tensors)}"
    }

    @Test func refusesEveryTruncation() throws {
        let whole = try bytes(of: try Samples.dense())
        _ = try read(whole)
        for count in 0..<whole.count {
            let error = #expect(throws: ModelError.self, "\(count) bytes") { try read(Array(whole.prefix(count))) }
            #expect(error?.file == "m.septum")
        }
    }

    @Test func survivesBitFlips() throws {
        var state: UInt64 = 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var (refused, accepted) = (0, 0)
        for sample in [try Samples.dense(), try Samples.everything()] {
            let whole = try bytes(of: sample)
            let header = whole.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            for _ in 0..<1000 {
                var damaged = whole
                damaged[next(8 + header)] ^= 1 << UInt8(next(8))
                do throws(ModelError) {
                    let model = try read(damaged)
                    _ = model.graph.description
                    _ = try? model.graph.simplified()
                    accepted += 1
                } catch {
                    #expect(!error.message.isEmpty)
                    refused += 1
                }
            }
        }
        #expect(refused + accepted == 2000)
        #expect(refused > 1000)
    }

    @Test func refusesAbsurdHeaders() throws {
        let whole = try bytes(of: try Samples.dense())
        for length: UInt64 in [1 << 63, .max, UInt64(Int.max), UInt64(Int.max) - 7, UInt64(whole.count), UInt64(whole.count - 7)]
        {
            let damaged = withUnsafeBytes(of: length.littleEndian) { Array($0) } + whole.dropFirst(8)
            let error = #expect(throws: ModelError.self) { try read(damaged) }
            #expect(
                error?.message
                    == "the header is longer than the file of \(whole.count) bytes: it is truncated or no .septum file")
        }
        let empty = #expect(throws: ModelError.self) { try read([]) }
        #expect(empty?.message == "the header is longer than the file of 0 bytes: it is truncated or no .septum file")
    }

    static let graph =
        "{\"name\":\"g\",\"values\":[{\"name\":\"w\",\"constant\":\"w\"}],\"nodes\":[],\"inputs\":[],\"outputs\":[0]}"

    /// The entry of a tensor in the header, its type in the document, and a fragment of the error.
    static let tensors: [(entry: String, type: String, message: String)] = [
        ("\"data_offsets\":[8,0]", "{\"element\":\"float32\",\"shape\":[2]}", "lies outside the file"),
        ("\"data_offsets\":[-8,0]", "{\"element\":\"float32\",\"shape\":[2]}", "lies outside the file"),
        ("\"data_offsets\":[0,9223372036854775807]", "{\"element\":\"float32\",\"shape\":[2]}", "lies outside the file"),
        ("\"data_offsets\":[0]", "{\"element\":\"float32\",\"shape\":[2]}", "lies outside the file"),
        ("\"data_offsets\":[0,1e3]", "{\"element\":\"float32\",\"shape\":[2]}", "lies outside the file"),
        ("\"shape\":[]", "{\"element\":\"float32\",\"shape\":[2]}", "lies outside the file"),
        ("\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":[2]}", "needs 8 bytes, 0 are there"),
        (
            "\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":[4611686018427387904,4]}",
            "more elements than can be counted"
        ),
        ("\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":[4611686018427387904]}", "bytes, 0 are there"),
        (
            "\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":[0,4611686018427387904,4]}",
            "more elements than can be counted"
        ),
        ("\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":[-1]}", "negative dimension"),
        ("\"data_offsets\":[0,0]", "{\"element\":\"float33\",\"shape\":[0]}", "has no valid type"),
        ("\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":[0.5]}", "has no valid type"),
        ("\"data_offsets\":[0,0]", "{\"element\":\"float32\",\"shape\":\"3\"}", "has no valid type"),
        ("\"data_offsets\":[0,0]", "{}", "has no valid type"),
        ("\"data_offsets\":[0,0]", "{\"element\":\"string\",\"shape\":[0]}", "JSON: unexpected end"),
    ]

    @Test func refusesTensorsThatDoNotFit() throws {
        #expect(SeptumFileDamageTests.tensors.count == 16)
        for (entry, type, message) in SeptumFileDamageTests.tensors {
            let damaged = try file(
                document(SeptumFileDamageTests.graph, tensors: "{\"w\":\(type)}"), header: ",\"w\":{\"dtype\":\"F32\",\(entry)}")
            let error = #expect(throws: ModelError.self, "\(entry) \(type)") { try read(damaged) }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
        let missing = #expect(throws: ModelError.self) { try read(try file(document(SeptumFileDamageTests.graph))) }
        #expect(missing?.message == "tensor 'w' is missing")
    }

    /// What a tensor takes in memory is what the file holds of it, however often it is used.
    @Test func sharesNoBytesAmongTensors() throws {
        let values = (0..<3).map { "{\"name\":\"v\($0)\",\"constant\":\"w\"}" }
        let type = "{\"w\":{\"element\":\"float32\",\"shape\":[2]}}"
        let document = document(
            "{\"name\":\"g\",\"values\":[\(values.joined(separator: ","))],\"nodes\":[],\"inputs\":[],\"outputs\":[0]}",
            tensors: type)
        func header(_ names: [String]) -> String { names.map { ",\"\($0)\":{\"data_offsets\":[1,9]}" }.joined() }
        let good = try file(document, header: header(["w"])) + [UInt8](repeating: 0, count: 9)
        let addresses = try read(good).graph.constants.values.map(\.bytes.baseAddress)
        #expect(addresses.count == 3 && Set(addresses).count == 1)
        let bad = try file(document, header: header(["w", "u"])) + [UInt8](repeating: 0, count: 9)
        let error = #expect(throws: ModelError.self) { try read(bad) }
        #expect(error?.message == "tensor 'u' overlaps with another one")
    }

    static let x = "{\"name\":\"x\",\"type\":{\"element\":\"float32\",\"shape\":[\"n\"]}}"
    static let y = "{\"name\":\"y\",\"type\":{\"element\":\"float32\",\"shape\":[\"n\"]}}"

    private func graph(
        values: [String] = [x, y], nodes: String = "", inputs: String = "0", outputs: String = "1"
    ) -> String {
        "{\"values\":[\(values.joined(separator: ","))],\"nodes\":[\(nodes)],\"inputs\":[\(inputs)],\"outputs\":[\(outputs)]}"
    }

    private func node(_ op: String, _ inputs: String, _ outputs: String, attributes: String = "{}") -> String {
        "{\"op\":\"\(op)\",\"name\":\"a\",\"attributes\":\(attributes),\"inputs\":[\(inputs)],\"outputs\":[\(outputs)]}"
    }

    @Test func refusesGraphsThatBreakARule() throws {
        let neg = node("Neg", "0", "1")
        _ = try read(try file(document(graph(nodes: neg))))
        let wrong = "{\"name\":\"y\",\"type\":{\"element\":\"int64\",\"shape\":[\"n\"]}}"
        let longer = "{\"name\":\"y\",\"type\":{\"element\":\"float32\",\"shape\":[\"n+1\"]}}"
        func input(_ shape: String) -> String { "{\"name\":\"x\",\"type\":{\"element\":\"float32\",\"shape\":[\(shape)]}}" }
        let cases: [(graph: String, message: String)] = [
            (graph(nodes: node("Neg", "1", "1")), "node a (Neg): value 1 is used before it is computed"),
            (
                graph(nodes: node("Add", "0,2", "1") + "," + node("Neg", "1", "2"), outputs: "1"),
                "node a (Add): value 2 is used before it is computed"
            ),
            (graph(nodes: node("Neg", "7", "1")), "node a (Neg): value 7 is used before it is computed"),
            (graph(nodes: node("Neg", "-1", "1")), "node a (Neg): value -1 is used before it is computed"),
            (graph(nodes: node("Neg", "0", "7")), "node a (Neg): value 7 does not exist or has no name"),
            (graph(nodes: neg + "," + neg), "node a (Neg): value 1 is computed twice"),
            (graph(nodes: node("Neg", "0", "0")), "node a (Neg): the name 'x' is given to two values"),
            (graph(nodes: node("Neg", "0,0", "1")), "node a (Neg): found 2 inputs, expected 1"),
            (graph(nodes: node("Nag", "0", "1")), "node a (Nag): there is no operator 'Nag'"),
            (
                graph(nodes: node("Neg", "0", "1", attributes: "{\"x\":{\"int\":1}}")),
                "attribute 'x': the operator has no such attribute"
            ),
            (
                graph(nodes: node("Concat", "0", "1", attributes: "{\"axis\":{\"int\":\"1\"}}")),
                "node a (Concat): the graph has no valid 'int'"
            ),
            (
                graph(nodes: node("Concat", "0", "1", attributes: "{\"axis\":{\"ints\":1}}")),
                "node a (Concat): the graph has no valid 'ints'"
            ),
            (
                graph(nodes: node("Concat", "0", "1", attributes: "{\"axis\":{\"float\":1}}")),
                "found a float, expected an integer"
            ),
            (graph(nodes: node("Concat", "0", "1", attributes: "{\"axis\":{\"what\":1}}")), "unknown kind of attribute 'what'"),
            (
                graph(nodes: node("Concat", "0", "1", attributes: "{\"axis\":{}}")),
                "an attribute is not of the form {kind: value}"
            ),
            (graph(values: [SeptumFileDamageTests.x, wrong], nodes: neg), "'y' is int64[n], the rule gives float32[n]"),
            (graph(values: [SeptumFileDamageTests.x, longer], nodes: neg), "'y' is float32[n+1], the rule gives float32[n]"),
            (graph(), "an output is never computed"),
            (graph(nodes: neg, outputs: "9"), "an output is never computed"),
            (graph(nodes: neg, outputs: "null"), "an output is never computed"),
            (graph(nodes: neg, inputs: "0,0"), "an input does not exist or has no type"),
            (graph(nodes: neg, inputs: "5"), "an input does not exist or has no type"),
            (graph(nodes: neg, inputs: "\"0\""), "the graph has no valid 'inputs'"),
            (graph(values: [input("\"-1\""), SeptumFileDamageTests.y], nodes: neg), "the graph has no valid 'shape'"),
            (graph(values: [input("\"n+\""), SeptumFileDamageTests.y], nodes: neg), "the graph has no valid 'shape'"),
            (graph(values: [input("3"), SeptumFileDamageTests.y], nodes: neg), "the graph has no valid 'shape'"),
            ("{}", "the graph has no valid 'values'"), ("[]", "the graph has no valid 'values'"),
        ]
        #expect(cases.count == 28)
        for (graph, message) in cases {
            let error = #expect(throws: ModelError.self, "\(graph)") { try read(try file(document(graph))) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "") / \(message)")
        }
    }

    @Test func boundsNesting() throws {
        var type = "{\"element\":\"float32\",\"shape\":null}"
        for _ in 0..<40 { type = "{\"sequence\":\(type)}" }
        let values = ["{\"name\":\"x\",\"type\":\(type)}"]
        let deepType = #expect(throws: ModelError.self) {
            try read(try file(document(graph(values: values, outputs: "0"))))
        }
        #expect(deepType?.message == "types are nested too deeply")
        var inner = graph(values: [SeptumFileDamageTests.x], outputs: "0")
        for _ in 0..<20 {
            inner = graph(
                values: [SeptumFileDamageTests.x, "{\"name\":\"y\",\"type\":{\"element\":\"float32\",\"shape\":[]}}"],
                nodes: node("test.Everything", "0", "1", attributes: "{\"graph\":{\"graph\":\(inner)}}"))
        }
        let deepGraph = #expect(throws: ModelError.self) { try read(try file(document(inner))) }
        #expect(deepGraph?.message == "subgraphs are nested too deeply")
        let deepText = #expect(throws: ModelError.self) {
            try read(try file(document(String(repeating: "[", count: 100_000))))
        }
        #expect(deepText?.code == .malformed)
    }

    @Test func refusesOtherVersionsAndPlainWeights() throws {
        let other = #expect(throws: ModelError.self) { try read(try file("{\"version\":2}")) }
        #expect(other?.description == "m.septum: found version 2, expected 1; convert the source again")
        let none = #expect(throws: ModelError.self) { try read(try file("{}")) }
        #expect(none?.message == "found version none, expected 1")
        let plain = "{}   "
        let weights = withUnsafeBytes(of: UInt64(plain.utf8.count).littleEndian) { Array($0) } + Array(plain.utf8)
        let error = #expect(throws: ModelError.self) { try read(weights) }
        #expect(error?.message == "the safetensors file holds weights only, no graph")
    }
}

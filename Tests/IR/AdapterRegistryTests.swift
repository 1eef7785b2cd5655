import SeptumIR
import SeptumTensor
import Testing

/// Recognizes files by their first bytes.
private struct Prefixed: ModelAdapter {
    let name: String
    let prefix: String
    var suffixes: [String]
    var canImport = true
    var canExport = true

    var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: name, title: name.uppercased(), suffixes: suffixes, canImport: canImport, canExport: canExport, versions: "1")
    }

    func recognizes(_ source: ModelSource) -> Bool { source.bytes.starts(with: prefix.utf8) }

    func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model { Model(graph: Graph()) }
}

@Suite struct AdapterRegistryTests {
    private let registry = AdapterRegistry([
        Prefixed(name: "a", prefix: "A", suffixes: ["aaa", "json"]),
        Prefixed(name: "b", prefix: "B", suffixes: ["bbb", "json"]),
        Prefixed(name: "writer", prefix: "", suffixes: ["out", "tar.gz"], canImport: false),
        Prefixed(name: "reader", prefix: "R", suffixes: ["in"], canExport: false),
    ])

    private func chosen(_ content: String, _ name: String) throws -> String {
        try registry.adapter(reading: try ModelSource(bytes: Array(content.utf8), name: name)).descriptor.name
    }

    @Test func choosesByContentFirst() throws {
        #expect(try chosen("A...", "x.aaa") == "a")
        #expect(try chosen("A...", "x.bbb") == "a")
        #expect(try chosen("B...", "x") == "b")
        #expect(try chosen("B...", "folder.aaa/x") == "b")
        #expect(try chosen("B...", "x.JSON") == "b")
        #expect(try chosen("?...", "x.bbb") == "b")
        #expect(try chosen("?...", "x.BBB") == "b")
    }

    @Test func refusesWhatItDoesNotKnow() throws {
        let empty = #expect(throws: ModelError.self) { try chosen("", "x.aaa") }
        #expect(empty?.description == "x.aaa: the file is empty")
        let unknown = #expect(throws: ModelError.self) { try chosen("?...", "x.txt") }
        #expect(
            unknown?.description
                == "x.txt: the content is of no known model format; run 'septum formats' for the list")
        #expect(throws: ModelError.self) { try chosen("?...", "x.out") }
        let name = #expect(throws: ModelError.self) { try registry.adapter(named: "c") }
        #expect(name?.description == "no format is called 'c'; known formats: a, b, writer, reader")
    }

    @Test func choosesTheWriterBySuffix() throws {
        #expect(try registry.adapter(writing: "dir/x.json").descriptor.name == "a")
        #expect(try registry.adapter(writing: "x.TAR.GZ").descriptor.name == "writer")
        for path in ["x", "", "x.in", "x.gz", "x.out/y"] {
            let error = #expect(throws: ModelError.self) { try registry.adapter(writing: path) }
            #expect(error?.remedy == "use one of .aaa, .json, .bbb, .json, .out, .tar.gz")
        }
    }

    @Test func asksTheLastRegisteredFirst() throws {
        var registry = registry
        registry.register(Prefixed(name: "new", prefix: "A", suffixes: ["aaa"]))
        #expect(try registry.adapter(reading: try ModelSource(bytes: [0x41], name: "x.aaa")).descriptor.name == "new")
    }

    @Test func saysThatAFormatIsOnlyRead() throws {
        let adapter = try registry.adapter(named: "reader")
        let error = #expect(throws: ModelError.self) {
            try adapter.exportModel(Model(graph: Graph()), to: "x.in", ExportOptions())
        }
        #expect(error?.message == "READER can be read, not written")
    }

    @Test func namesWhatCannotBeOpened() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: ModelError.self) { try ModelSource(path: folder("none.onnx")) }
        #expect(missing?.description == "\(folder("none.onnx")): cannot be opened: No such file or directory")
        let directory = #expect(throws: ModelError.self) { try ModelSource(path: folder.path) }
        #expect(directory?.description == "\(folder.path): is not a regular file")
        let pipe = #expect(throws: ModelError.self) { try ModelSource(path: "/dev/null") }
        #expect(pipe?.message == "is not a regular file")
    }
}

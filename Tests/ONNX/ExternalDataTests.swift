import CSeptumCounters
import Foundation
import SeptumEngine
import SeptumIR
import SeptumONNX
import SeptumOperators
import SeptumTensor
import Testing

/// Weights in a file beside the model.
@Suite struct ExternalDataTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString)")

    private var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }
    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    private func save(_ graph: Graph, _ name: String, external: Bool) throws {
        var options = ExportOptions()
        options.externalData = external
        try ONNXAdapter().exportModel(Model(graph: graph), to: path(name), options)
    }

    private func load(_ name: String) throws -> Graph {
        try ONNXAdapter().importModel(try ModelSource(path: path(name)), ImportOptions()).graph
    }

    private static func constants() throws -> Graph {
        var graph = Graph()
        for (name, tensor) in [
            ("large", try Tensor([3, 700], (0..<2100).map(Float.init))), ("small", try Tensor([2], [Float(1), 2])),
            ("packed", try Tensor(zeros: .uint4, [3001])), ("text", try Tensor([400], strings: (0..<400).map { "text \($0)" })),
            ("huge", try Tensor([1 << 18], (0..<1 << 18).map(Float.init))),
        ] {
            let id = try graph.addConstant(tensor, name: name)
            try graph.addOutput(try graph.append(Op.Identity(), inputs: [id], outputs: [name + "_out"])[0])
        }
        return graph
    }

    @Test func weightsGoToTheirFileOnRequest() throws {
        try inFolder {
            let graph = try Self.constants()
            try save(graph, "m.onnx", external: true)
            #expect(names == ["m.onnx", "m.onnx.data"])
            let record = try ModelRecord(parsing: try ModelSource(path: path("m.onnx"))).graph
            let places = Dictionary(
                uniqueKeysWithValues: record.initializers.compactMap { tensor -> (String, [Entry])? in
                    if case .external(let entries) = tensor.data { return (tensor.name, entries) }
                    return nil
                })
            func entries(_ offset: Int, _ length: Int) -> [Entry] {
                [
                    Entry(key: "location", value: "m.onnx.data"), Entry(key: "offset", value: "\(offset)"),
                    Entry(key: "length", value: "\(length)"),
                ]
            }
            #expect(
                places == ["large": entries(0, 8400), "packed": entries(12288, 1501), "huge": entries(65536, 1 << 20)])
            let back = try load("m.onnx")
            #expect(back.constants.count == graph.constants.count)
            for (id, tensor) in graph.constants {
                let other = try #require(back.value(named: graph[id].name).flatMap { back.constants[$0] })
                #expect(other.isIdentical(to: tensor), "\(graph[id].name)")
            }
            try save(back, "m.onnx", external: true)
            #expect(try load("m.onnx").constants.count == graph.constants.count, "written over its own source")
            try save(graph, "n.onnx", external: false)
            #expect(names == ["m.onnx", "m.onnx.data", "n.onnx"])
        }
    }

    @Test func withoutLargeTensorsThereIsNoFile() throws {
        try inFolder {
            var graph = Graph()
            let c = try graph.addConstant(try Tensor([2], [Float(1), 2]), name: "c")
            try graph.addOutput(try graph.append(Op.Neg(), inputs: [c], outputs: ["y"])[0])
            try save(graph, "m.onnx", external: true)
            #expect(names == ["m.onnx"])
        }
    }

    @Test func nothingIsLeftOfAFailure() throws {
        try inFolder {
            for blocked in ["m.onnx", "m.onnx.data", "m.onnx.part", "m.onnx.data.part"] {
                try FileManager.default.createDirectory(atPath: path(blocked) + "/full", withIntermediateDirectories: true)
                #expect(throws: ModelError.self) { try save(try Self.constants(), "m.onnx", external: true) }
                #expect(names.filter { $0 != blocked } == (blocked == "m.onnx" ? ["m.onnx.data"] : []), "\(blocked)")
                for name in names { try FileManager.default.removeItem(atPath: path(name)) }
            }
        }
    }

    /// Neither this test's files nor its memory take the room of the tensors, which are all but zeros.
    @Test func constantsBeyondTwoGiBAreSplitOff() throws {
        try inFolder {
            let count = (1 << 31) / 4 + 1000
            let marks = [0, count / 2, count - 1]
            try makeSparse("w.bin", size: 4 * count, floatsAt: marks)
            var record = ModelRecord()
            record.irVersion = 8
            record.opsets = [OpsetRecord(domain: "", version: 18)]
            let type = TypeRecord.tensor(element: 1, shape: [.value(count)])
            record.graph.inputs = [ValueInfoRecord(name: "x", type: type)]
            record.graph.outputs = [ValueInfoRecord(name: "y", type: type)]
            record.graph.initializers = [
                TensorRecord(
                    name: "w", elementCode: 1, dimensions: [count], data: .external([Entry(key: "location", value: "w.bin")]))
            ]
            record.graph.nodes = [NodeRecord("Add", inputs: ["x", "w"], outputs: ["y"])]
            try Data(record.serialized()).write(to: folder.appending(path: "m.onnx"))
            try save(try load("m.onnx"), "split.onnx", external: false)
            #expect(names == ["m.onnx", "split.onnx", "split.onnx.data", "w.bin"])
            let values = try URL(filePath: path("split.onnx.data")).resourceValues(
                forKeys: [.fileSizeKey, .fileAllocatedSizeKey])
            #expect(values.fileSize == 4 * count && (values.fileAllocatedSize ?? .max) < 1 << 24)
            let back = try load("split.onnx")
            let tensor = try #require(back.value(named: "w").flatMap { back.constants[$0] })
            #expect(tensor.shape == [count])
            for index in marks + [1, count / 3] {
                let value = tensor.bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                #expect(value == (marks.contains(index) ? Float(index + 1) : 0))
            }
        }
    }

    /// Three GiB on the disk's map, a few MiB in memory.
    @Test func threeGiBAreReadWithLittleMemory() throws {
        try inFolder {
            let (rows, columns) = (3 << 18, 1 << 10)
            let row = rows - 2
            try makeSparse("w.bin", size: 4 * rows * columns, floatsAt: [row * columns + 7])
            var record = ModelRecord()
            record.irVersion = 8
            record.opsets = [OpsetRecord(domain: "", version: 18)]
            record.graph.inputs = [ValueInfoRecord(name: "x", type: .tensor(element: 7, shape: [.name("n")]))]
            record.graph.outputs = [ValueInfoRecord(name: "y", type: .tensor(element: 1, shape: [.name("n"), .value(columns)]))]
            record.graph.initializers = [
                TensorRecord(
                    name: "w", elementCode: 1, dimensions: [rows, columns],
                    data: .external([Entry(key: "location", value: "w.bin")]))
            ]
            record.graph.nodes = [NodeRecord("Gather", inputs: ["w", "x"], outputs: ["y"])]
            try Data(record.serialized()).write(to: folder.appending(path: "m.onnx"))
            let before = septum_counts_now().bytes
            let graph = try load("m.onnx")
            let context = try Program(graph).makeContext()
            let x = try Tensor([2], [Int64(row), 0])
            let found = try #require(try context.run(values: [.tensor(x)])[0].tensor).array(of: Float.self)
            #expect(septum_counts_now().bytes - before < 1 << 24)
            #expect(found.count == 2 * columns && found[7] == Float(row * columns + 8))
            #expect(found.allSatisfy { $0 == 0 || $0 == found[7] } && found.count { $0 != 0 } == 1)
        }
    }

    private func makeSparse(_ name: String, size: Int, floatsAt marks: [Int]) throws {
        try Data().write(to: folder.appending(path: name))
        let file = try FileHandle(forWritingTo: URL(filePath: path(name)))
        try file.truncate(atOffset: UInt64(size))
        for mark in marks {
            try file.seek(toOffset: UInt64(4 * mark))
            var value = Float(mark + 1)
            try file.write(contentsOf: Data(bytes: &value, count: 4))
        }
        try file.close()
    }
}

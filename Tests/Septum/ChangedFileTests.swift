import Septum
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files that are cut short in place while a model or events are read from them.
@Suite struct ChangedFileTests {
    /// A model with weights of `width * width` numbers, written and read again.
    private func model(_ folder: TemporaryFolder, width: Int) throws -> Model {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", .fixed(width)]))
        let weights = try Tensor([width, width], (0..<width * width).map { Float($0 % 31) / 16 - 1 })
        try graph.addOutput(try graph.apply(Op.MatMul(), x, try graph.addConstant(weights)), name: "y")
        try Model(graph: graph).save(to: folder("m.septum"))
        return try Model.load(folder("m.septum"))
    }

    @Test func smallModelsGoOn() throws {
        let folder = try TemporaryFolder()
        let model = try model(folder, width: 64)
        let input = [try Tensor([1, 64], [Float](repeating: 1, count: 64))]
        let expected = try Program(model).makeContext().run(input)
        truncate(folder("m.septum"), 100)
        #expect(try Program(model).makeContext().run(input)[0].isIdentical(to: expected[0]))
        try model.save(to: folder("copy.septum"))
    }

    @Test func largeModelsAreRefused() throws {
        let folder = try TemporaryFolder()
        let model = try model(folder, width: 1024)
        let input = [try Tensor([1, 1024], [Float](repeating: 1, count: 1024))]
        let program = try Program(model)
        truncate(folder("m.septum"), 100)
        let attempts: [() throws -> Void] = [
            { _ = try program.makeContext().run(input) }, { try model.save(to: folder("copy.septum")) },
        ]
        for attempt in attempts {
            let error = #expect(throws: ModelError.self) { try attempt() }
            #expect(error?.code == .file && error?.message == "the model's file was changed in place while it was in use")
        }
    }

    @Test(arguments: ["npz", "csv"]) func eventsAreRefused(_ suffix: String) throws {
        let folder = try TemporaryFolder()
        var sink = try EventFiles.create(folder("e.\(suffix)"))
        let count = 400_000
        try sink.append([("x", Column(values: try Tensor([count], (0..<count).map(Double.init))))])
        try sink.close()
        let events = try EventFiles.open(folder("e.\(suffix)"))
        #expect(try events.read(["x"], 0..<1)["x"]?.values.count == 1)
        truncate(folder("e.\(suffix)"), 100)
        let error = #expect(throws: ModelError.self) { try events.read(["x"], count - 1..<count) }
        #expect(error?.description == "\(folder("e.\(suffix)")): was changed while it was read")
    }
}

import Septum
import Testing

/// Every model, imported, compiled and run, against the library that trained it.
@Suite struct FixtureTests {
    @Test func caseCount() {
        #expect(Fixture.all.count { $0.format == "onnx" } == 63)
        #expect(Fixture.all.count { $0.format == "xgboost" } == 70)
        #expect(Fixture.all.count { $0.format == "lightgbm" } == 43)
        #expect(Fixture.all.count { $0.format == "catboost" } == 63)
        #expect(Fixture.all.count { $0.format == "sklearn" } == 71)
        #expect(Fixture.all.count { $0.format == "tmva" } == 31)
        #expect(Fixture.all.count { $0.format == "treelite" } == 27)
        #expect(Fixture.all.count { $0.format == "fastbdt" } == 5)
        #expect(Fixture.all.count { $0.holds("event_scores.npz") } == 4)
    }

    @Test(arguments: Fixture.all) func agreesWithItsLibrary(_ fixture: Fixture) throws {
        let folder = try TemporaryFolder()
        let models = try fixture.models()
        #expect(!models.isEmpty)
        for path in models {
            let model = try fixture.load(path)
            #expect(model.provenance.format == fixture.format)
            #expect(model.provenance.sourceSHA256.count == 64)
            let program = try Program(model)
            let context = program.makeContext()
            try model.save(to: folder("m.septum"))
            let reloaded = try Model.load(folder("m.septum"))
            #expect(reloaded.provenance == model.provenance)
            #expect(reloaded.contract == model.contract)
            let again = try Program(reloaded).makeContext()
            for event in fixture.events {
                let inputs = try fixture.inputs(event, program)
                let results = try context.run(inputs)
                try fixture.check(results, of: program, event, "engine")
                let plain = try Interpreter.run(model.graph, inputs.map(Value.tensor)).map { try #require($0.tensor) }
                try fixture.check(plain, of: program, event, "interpreter")
                #expect(areIdentical(try again.run(inputs), results), "after save and reload: \(event)")
                #expect(areIdentical(try context.run(inputs), results), "run twice: \(event)")
                try checkRows(program, context, inputs, results, "\(event)")
            }
        }
    }

    /// A row by itself gives the bits that it gives in its batch, where the first dimension is the batch.
    private func checkRows(
        _ program: Program, _ context: Context, _ inputs: [Tensor], _ results: [Tensor], _ event: String
    ) throws {
        let symbols = (program.inputs + program.outputs).map { $0.type.tensor?.shape?.first?.symbolName }
        guard let batch = symbols[0], symbols.allSatisfy({ $0 == batch }), let count = inputs[0].shape.first, count > 1 else {
            return
        }
        for row in Set([0, count / 2, count - 1]) {
            let alone = try context.run(try inputs.map { try $0.row(row) })
            #expect(areIdentical(alone, try results.map { try $0.row(row) }), "row \(row) alone: \(event)")
        }
    }

    @Test func splitsBatches() throws {
        let dynamic = try Fixture.all.filter { $0.format != "sklearn" }.filter { fixture in
            let program = try Program(try fixture.load(try #require(try fixture.models().first)))
            let symbols = (program.inputs + program.outputs).map { $0.type.tensor?.shape?.first?.symbolName }
            return symbols[0] != nil && symbols.allSatisfy { $0 == symbols[0] }
        }
        #expect(dynamic.count { $0.format == "xgboost" } == 70)
        #expect(dynamic.count { $0.format == "lightgbm" } == 43)
        #expect(dynamic.count { $0.format == "catboost" } == 63)
        #expect(dynamic.count { $0.format == "tmva" } == 31)
        #expect(dynamic.count { $0.format == "treelite" } == 27)
        #expect(dynamic.count { $0.format == "fastbdt" } == 5)
        #expect(dynamic.count { $0.format == "onnx" } == 50)
    }
}

extension Tensor {
    /// Shape: `[n, ...] -> [1, ...]`.
    func row(_ index: Int) throws -> Tensor {
        let width = count / shape[0]
        let shape = [1] + shape.dropFirst()
        if elementType == .string { return try Tensor(shape, strings: Array(strings[index * width..<(index + 1) * width])) }
        let size = width * elementType.byteWidth
        let part = Array(bytes[index * size..<(index + 1) * size])
        let storage = try Storage(byteCount: size)
        storage.bytes.copyBytes(from: part)
        return try Tensor(elementType, shape, storage: storage)
    }
}

import Foundation
import SeptumEngine
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

@Suite struct FixtureTests {
    @Test func caseCount() {
        #expect(Fixture.all.count == 63)
        #expect(Fixture.refused.count == 55)
    }

    @Test(arguments: Fixture.all) func importsAsTheLibraryComputes(_ fixture: Fixture) throws {
        let source = try ModelSource(path: fixture.modelPath)
        #expect(ONNXAdapter().recognizes(source))
        let model = try ONNXAdapter().importModel(source, ImportOptions())
        try model.graph.verify()
        try fixture.check(model)
    }

    @Test(arguments: Fixture.all) func runsOnTheEngine(_ fixture: Fixture) throws {
        let model = try ONNXAdapter().importModel(try ModelSource(path: fixture.modelPath), ImportOptions())
        let context = try Program(model.graph).makeContext()
        try fixture.check(model) { _, inputs in try context.run(values: inputs) }
    }

    @Test(arguments: Fixture.all) func staysTheSameThroughThePasses(_ fixture: Fixture) throws {
        var model = try ONNXAdapter().importModel(try ModelSource(path: fixture.modelPath), ImportOptions())
        model.graph = try model.graph.simplified()
        try fixture.check(model)
    }

    @Test(arguments: Fixture.all) func staysTheSameThroughExportAndImport(_ fixture: Fixture) throws {
        let model = try ONNXAdapter().importModel(try ModelSource(path: fixture.modelPath), ImportOptions())
        let path = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString).onnx").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try ONNXAdapter().exportModel(model, to: path, ExportOptions())
        let source = try ModelSource(path: path)
        #expect(ONNXAdapter().recognizes(source))
        let back = try ONNXAdapter().importModel(source, ImportOptions())
        try back.graph.verify()
        #expect(back.graph.inputs.map { back.graph[$0].name } == model.graph.inputs.map { model.graph[$0].name })
        #expect(back.graph.inputs.map { back.graph.type($0) } == model.graph.inputs.map { model.graph.type($0) })
        #expect(back.metadata == model.metadata)
        try fixture.check(back)
    }

    @Test(arguments: Fixture.refused) func refuses(_ fixture: Fixture) throws {
        let fragment = try String(contentsOf: fixture.folder.appending(path: "expected.txt"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        do throws(ModelError) {
            _ = try ONNXAdapter().importModel(try ModelSource(path: fixture.modelPath), ImportOptions())
            Issue.record("it was imported")
        } catch {
            #expect(error.description.contains(fragment), "\(error)")
            #expect(error.description.contains("model.onnx"))
        }
    }
}

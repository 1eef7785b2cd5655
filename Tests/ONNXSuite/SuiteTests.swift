import Foundation
import Septum
import SeptumEngine
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// The ways in which every case of the suite runs.
enum Variant: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case imported, engine, exported

    var testDescription: String {
        switch self {
        case .imported: "as imported"
        case .engine: "on the engine"
        case .exported: "after export and import"
        }
    }
}

@Suite struct SuiteTests {
    static let count = 2033

    /// `SEPTUM_SUITE=TEXT` runs only the cases whose name contains the text, and fails at the end for having left out the others.
    static let filter = ProcessInfo.processInfo.environment["SEPTUM_SUITE"]

    static func isWanted(_ name: String) -> Bool { filter.map(name.contains) ?? true }

    @Test func caseCount() throws {
        let cases = try #require(try? SuiteCases(), "the suite is not there: run 'make suite'").all
        #expect(cases.count == SuiteTests.count && Set(cases.map(\.name)).count == SuiteTests.count)
        #expect(RandomCheck.cases.keys.allSatisfy { name in cases.contains { $0.name == name } })
    }

    @Test(arguments: Variant.allCases) func everyCase(_ variant: Variant) throws {
        let cases = try #require(try? SuiteCases(), "the suite is not there: run 'make suite'")
        _ = AdapterRegistry.standard  // brings the reader of images
        var expected = (try ExpectedFailures().reasons[variant] ?? [:]).filter { SuiteTests.isWanted($0.key) }
        var (passed, failed, known) = (0, 0, 0)
        for item in cases.all where SuiteTests.isWanted(item.name) {
            let reason = expected.removeValue(forKey: item.name)
            do {
                try check(item, cases, variant)
                passed += 1
                if let reason { Issue.record("\(variant.rawValue) \(item.name) passes; it is listed with '\(reason)'") }
            } catch {
                if reason == nil { Issue.record("\(variant.rawValue) \(item.name) \(error)") }
                known += reason == nil ? 0 : 1
                failed += reason == nil ? 1 : 0
            }
        }
        for name in expected.keys { Issue.record("\(variant.rawValue) \(name) is listed, there is no such case") }
        #expect(passed + failed + known == SuiteTests.count)
        let peer = try #require(try? PeerResult(), "what ONNX Runtime passes is not there: run 'make suite'")
        let ratio = (Double(passed) / Double(peer.passed.count) * 1000).rounded() / 1000
        print(
            "\(variant.testDescription): \(passed) passed, \(failed) failed, \(known) expected failures of \(SuiteTests.count);",
            "ONNX Runtime \(peer.version): \(peer.passed.count) passed, ratio \(ratio)")
    }

    private func check(_ item: SuiteCase, _ cases: SuiteCases, _ variant: Variant) throws {
        var model = try cases.model(item)
        try model.graph.verify()
        if variant == .exported { model = try reimported(model) }
        let program = variant == .engine ? try Program(model) : nil
        let comparison = Comparison(rtol: item.rtol, atol: item.atol, isExact: Comparison.isExact(model.graph))
        for set in item.sets {
            let graph = model.graph
            guard graph.inputs.count == set.inputs.count, graph.outputs.count == set.outputs.count else {
                throw Difference("found \(graph.inputs.count) inputs and \(graph.outputs.count) outputs")
            }
            let inputs = try zip(set.inputs, graph.inputs).map { try cases.value($0, graph.type($1)) }
            let expected = try zip(set.outputs, graph.outputs).map { try cases.value($0, graph.type($1)) }
            let run = item.kind == "real" ? NodeByNode.run : Interpreter.run
            let results = try program?.makeContext().run(values: inputs) ?? run(graph, inputs)
            if let check = RandomCheck.cases[item.name] {
                try check.check(results, expected, inputs)
            } else {
                for (result, expected) in zip(results, expected) { try comparison.check(result, expected) }
            }
        }
    }

    private func reimported(_ model: Model) throws -> Model {
        let path = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString).onnx").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try ONNXAdapter().exportModel(model, to: path, ExportOptions())
        let back = try ONNXAdapter().importModel(try ModelSource(path: path), ImportOptions())
        try back.graph.verify()
        return back
    }
}

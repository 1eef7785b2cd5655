import Foundation
import SeptumIR
import SeptumONNX
import SeptumOperators
import SeptumTensor
import Testing

/// A model of one node from `Cases`, with inputs and what ONNX Runtime computes.
struct NodeCase: Sendable, CustomTestStringConvertible {
    let name: String
    var model: [UInt8] = []
    var inputs: [String: Tensor] = [:]
    /// Keys and values of inputs that are maps.
    var maps: [String: [String: Tensor]] = [:]
    var outputs: [String: Tensor] = [:]

    var testDescription: String { name }

    /// All cases of one archive, by name.
    static func read(_ archive: String) -> [NodeCase] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases/\(archive).npz").path
        var cases: [String: NodeCase] = [:]
        for (key, tensor) in (try? Npz.read(path: path)) ?? [] {
            let parts = key.split(separator: "/").map(String.init)
            var item = cases[parts[0]] ?? NodeCase(name: parts[0])
            switch parts[1] {
            case "model": item.model = (try? tensor.array(of: UInt8.self)) ?? []
            case "input" where parts.count == 4: item.maps[parts[2], default: [:]][parts[3]] = tensor
            case "input": item.inputs[parts[2]] = tensor
            default: item.outputs[parts[2]] = tensor
            }
            cases[parts[0]] = item
        }
        return cases.values.sorted { $0.name < $1.name }
    }

    private func value(_ name: String) throws -> Value {
        guard let map = maps[name] else { return .tensor(try #require(inputs[name])) }
        let (keys, values) = (try #require(map["keys"]), try #require(map["values"]))
        let elements = try (0..<values.count).map { Value.tensor(try values.taking([$0], shape: [], axis: 0)) }
        return .map(keys: keys, values: elements, of: .tensor(values.elementType, []))
    }

    func check(_ model: Model) throws {
        let values = try model.graph.inputs.map { try value(model.graph[$0].name) }
        let results = try Interpreter.run(model.graph, values)
        #expect(results.count == outputs.count)
        for (id, result) in zip(model.graph.outputs, results) {
            let output = model.graph[id].name
            let expected = try #require(outputs[output])
            let found = try #require(result.tensor)
            if let difference = found.difference(from: expected, 1e-5, 1e-6) { Issue.record("\(name), \(output): \(difference)") }
        }
    }
}

@Suite struct NodeCaseTests {
    static let old = NodeCase.read("old_forms")
    static let machineLearning = NodeCase.read("machine_learning")
    static let signalsAndImages = NodeCase.read("signals_and_images")
    static let supportVectors = NodeCase.read("support_vectors")
    static let training = NodeCase.read("training")
    static let microsoft = NodeCase.read("microsoft")
    static let standard = NodeCase.read("standard")
    static let new = NodeCase.read("new_forms")
    static let all =
        old + machineLearning + signalsAndImages + supportVectors + training + microsoft + standard + new

    @Test func caseCount() {
        #expect(NodeCaseTests.old.count == 128)
        #expect(NodeCaseTests.machineLearning.count == 112)
        #expect(NodeCaseTests.signalsAndImages.count == 27)
        #expect(NodeCaseTests.supportVectors.count == 31)
        #expect(NodeCaseTests.training.count == 13)
        #expect(NodeCaseTests.microsoft.count == 70)
        #expect(NodeCaseTests.standard.count == 47)
        #expect(NodeCaseTests.new.count == 79)
    }

    @Test(arguments: all) func computesWhatONNXRuntimeDoes(_ item: NodeCase) throws {
        let model = try ONNXAdapter().importModel(try ModelSource(bytes: item.model, name: item.name), ImportOptions())
        try model.graph.verify()
        try item.check(model)
    }

    @Test(arguments: all) func staysTheSameThroughExportAndImport(_ item: NodeCase) throws {
        let model = try ONNXAdapter().importModel(try ModelSource(bytes: item.model, name: item.name), ImportOptions())
        let path = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString).onnx").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try ONNXAdapter().exportModel(model, to: path, ExportOptions())
        try item.check(try ONNXAdapter().importModel(try ModelSource(path: path), ImportOptions()))
    }
}

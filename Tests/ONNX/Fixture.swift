import Foundation
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// A folder with a model, inputs, and what the library that made it computes.
struct Fixture: Sendable, CustomTestStringConvertible {
    let folder: URL

    var name: String { folder.lastPathComponent }
    var testDescription: String { name }
    var modelPath: String { folder.appending(path: "model.onnx").path }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/onnx")

    static let all = folders(root)
    static let refused = folders(root.appending(path: "refused"))

    private static func folders(_ place: URL) -> [Fixture] {
        let found = (try? FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)) ?? []
        return found.map(Fixture.init(folder:)).filter { FileManager.default.fileExists(atPath: $0.modelPath) }
            .sorted { $0.name < $1.name }
    }

    /// The tolerance of `case.json`, relative and absolute.
    func tolerance() throws -> (relative: Double, absolute: Double) {
        let content = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: "case.json")))
        let tolerance = try #require((content as? [String: Any])?["tolerance"] as? [String: Any])
        return (try #require(tolerance["rtol"] as? Double), try #require(tolerance["atol"] as? Double))
    }

    /// Folders that hold inputs and expected outputs: the fixture's own and those below `cases`.
    func events() -> [URL] {
        let cases = folder.appending(path: "cases")
        let further = (try? FileManager.default.contentsOfDirectory(at: cases, includingPropertiesForKeys: nil)) ?? []
        return [folder] + further.sorted { $0.path < $1.path }
    }

    /// Runs a model on all inputs and compares with what is expected; by the definitions of its operators, unless told how.
    func check(
        _ model: Model, run: (Graph, [Value]) throws -> [Value] = { graph, inputs in try Interpreter.run(graph, inputs) }
    ) throws {
        let (relative, absolute) = try tolerance()
        for event in events() {
            let inputs = Dictionary(
                uniqueKeysWithValues: try Npz.read(path: event.appending(path: "inputs.npz").path).map { ($0.name, $0.tensor) })
            let values = try model.graph.inputs.map { id in Value.tensor(try #require(inputs[model.graph[id].name])) }
            let results = try run(model.graph, values)
            let names = model.graph.outputs.map { model.graph[$0].name }
            let expected = try Npz.read(path: event.appending(path: "expected.npz").path)
            #expect(!expected.isEmpty && expected.count == names.count)
            for (output, tensor) in expected {
                let index = try #require(names.firstIndex(of: output), "there is no output '\(output)'")
                let found = try #require(results[index].tensor)
                if let difference = found.difference(from: tensor, relative, absolute) {
                    Issue.record("\(name), \(event.lastPathComponent), \(output): \(difference)")
                }
            }
        }
    }
}

extension Tensor {
    /// Where two tensors differ by more than a tolerance, nil when they do not.
    func difference(from expected: Tensor, _ relative: Double, _ absolute: Double) -> String? {
        guard elementType == expected.elementType, shape == expected.shape else {
            return "found \(elementType)\(shape), expected \(expected.elementType)\(expected.shape)"
        }
        if isIdentical(to: expected) { return nil }
        guard let found = numbers, let wanted = expected.numbers else { return "the elements differ" }
        for (index, (a, b)) in zip(found, wanted).enumerated() {
            if a == b || a.isNaN && b.isNaN { continue }
            guard b.isFinite, abs(a - b) <= absolute + relative * abs(b) else {
                return "element \(index): found \(a), expected \(b)"
            }
        }
        return nil
    }

    private var numbers: [Double]? {
        switch elementType {
        case .float32: try? array(of: Float.self).map(Double.init)
        case .float64: try? array(of: Double.self)
        case .float16: try? array(of: Float16.self).map(Double.init)
        default: integers?.map(Double.init)
        }
    }
}

import Foundation
import SeptumEngine
package import SeptumIR
package import SeptumTensor

/// The fixtures of one adapter: models with what their library computes, refused files, and good ones to damage.
package struct AdapterFixtures: Sendable {
    package let adapter: any ModelAdapter
    /// `Fixtures/<format>/`
    package let folder: String
    /// The folders that hold inputs, in alphabetical order.
    package let cases: [String]

    package init(_ adapter: any ModelAdapter, _ format: String) {
        self.adapter = adapter
        let folder = #filePath.replacing("Tests/Support/Fixtures/AdapterFixtures.swift", with: "Fixtures/\(format)/")
        self.folder = folder
        cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { FileManager.default.fileExists(atPath: folder + $0 + "/inputs.npz") }.sorted()
    }

    // MARK: Files

    /// The arrays of an archive below the folder, by name.
    package func read(_ path: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + path).map { ($0.name, $0.tensor) })
    }

    package func text(_ path: String) throws -> String { try String(contentsOfFile: folder + path, encoding: .utf8) }

    /// The model files of a case, in alphabetical order.
    package func models(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + name).filter { $0.hasPrefix("model.") }.sorted()
            .map { "\(folder)\(name)/\($0)" }
    }

    /// The first model file of a case.
    package func model(_ name: String) throws -> ModelSource {
        guard let path = try models(name).first else { throw ModelError(.file, "\(name) holds no model") }
        return try ModelSource(path: path)
    }

    /// The bytes of the first model file of a case.
    package func bytes(_ name: String) throws -> [UInt8] {
        let source = try model(name)
        return withExtendedLifetime(source) { Array(source.bytes) }
    }

    /// The first model of a case, which the adapter recognizes and whose graph keeps the rules.
    package func load(_ name: String, _ options: ImportOptions = ImportOptions()) throws -> Model {
        let source = try model(name)
        guard adapter.recognizes(source) else { throw ModelError(.unsupported, "\(source.path) is not recognized") }
        let model = try adapter.importModel(source, options)
        try model.graph.verify()
        return model
    }

    /// Whether the adapter takes bytes for its own.
    package func recognizes(_ bytes: [UInt8]) throws -> Bool { adapter.recognizes(try ModelSource(bytes: bytes, name: "x")) }

    package func recognizes(_ text: String) throws -> Bool { try recognizes(Array(text.utf8)) }

    // MARK: What the library computes

    /// The names of a model's outputs.
    package func outputs(_ name: String) throws -> [String] {
        let graph = try load(name).graph
        return graph.outputs.map { graph[$0].name }
    }

    /// The tensors of an archive that a model's inputs ask for.
    package func inputs(_ model: Model, _ name: String) throws -> [Tensor] {
        let tensors = try read(name + "/inputs.npz")
        return try model.graph.inputs.map { id in
            guard let tensor = tensors[model.graph[id].name] else {
                throw ModelError(.invalidInput, "\(name) has no input '\(model.graph[id].name)'")
            }
            return tensor
        }
    }

    /// Where outputs differ from what is expected, by definition and on the engine; empty when nothing does.
    ///
    /// Without `agrees`, which is given the name of an output, what was found and what is expected, the tolerances of `case.json`
    /// count. NaN agrees with NaN.
    package func disagreements(
        of name: String, _ agrees: ((String, Double, Double) -> Bool)? = nil
    ) throws -> [String] {
        let model = try load(name)
        let given = try inputs(model, name)
        let expected = try read(name + "/expected.npz").filter { $0.key != "leaf_index" }.sorted { $0.key < $1.key }
        let agrees = try agrees ?? tolerance(of: name)
        let names = model.graph.outputs.map { model.graph[$0].name }
        let ways = [
            ("definition", try Interpreter.run(model.graph, given.map(Value.tensor)).compactMap(\.tensor)),
            ("engine", try Program(model.graph).makeContext().run(given)),
        ]
        var found = expected.isEmpty ? ["nothing is expected"] : []
        for (output, wanted) in expected {
            for (way, results) in ways {
                guard let index = names.firstIndex(of: output), results.indices.contains(index) else {
                    found.append("\(output), \(way): there is no such output")
                    continue
                }
                let result = results[index]
                guard result.shape == wanted.shape, result.elementType == wanted.elementType else {
                    found.append(
                        "\(output), \(way): \(result.elementType)\(result.shape), not \(wanted.elementType)\(wanted.shape)")
                    continue
                }
                let pairs = zip(try AdapterFixtures.numbers(result), try AdapterFixtures.numbers(wanted))
                let wrong = pairs.filter { $0.isNaN || $1.isNaN ? $0.isNaN != $1.isNaN : !agrees(output, $0, $1) }
                if !wrong.isEmpty {
                    found.append("\(output), \(way): \(wrong.count) of \(result.count), first \(wrong.prefix(2))")
                }
            }
        }
        return found
    }

    /// Where margins differ in a bit, and predictions by more than a part of themselves.
    package func disagreements(of name: String, predictionsWithin part: Double) throws -> [String] {
        try disagreements(of: name) { output, found, wanted in
            output == "margin"
                ? found.bitPattern == wanted.bitPattern : abs(found - wanted) <= part * abs(wanted) || found == wanted
        }
    }

    /// The tolerances of a case.
    private func tolerance(of name: String) throws -> (String, Double, Double) -> Bool {
        let tolerances = try JSON(parsing: try text(name + "/case.json"))["tolerance"]
        return { output, found, wanted in
            guard let relative = tolerances?[output]?["rtol"]?.double, let absolute = tolerances?[output]?["atol"]?.double
            else { return false }
            return found == wanted || abs(found - wanted) <= absolute + relative * abs(wanted)
        }
    }

    private static func numbers(_ tensor: Tensor) throws -> [Double] {
        tensor.elementType == .float32 ? try tensor.array(of: Float.self).map(Double.init) : try tensor.array(of: Double.self)
    }
}

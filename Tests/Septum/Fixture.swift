import Foundation
import Septum
import Testing

/// A folder with a model, inputs, and what the library that trained it computes.
struct Fixture: Sendable, CustomTestStringConvertible {
    let format: String
    let name: String

    static let root = #filePath.replacing("Tests/Septum/Fixture.swift", with: "Fixtures")

    static let all = ["onnx", "xgboost", "lightgbm", "catboost", "sklearn", "tmva", "fastbdt", "treelite"].flatMap { format in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(format)")) ?? []
        return names.sorted().map { Fixture(format: format, name: $0) }.filter { $0.holds("inputs.npz") }
    }

    var testDescription: String { format + "/" + name }
    var folder: String { "\(Fixture.root)/\(format)/\(name)" }

    func holds(_ file: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + file) }

    /// The model in each form that lies in the folder.
    func models() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("model.") && !$0.hasSuffix(".data") }
            .sorted().map { folder + "/" + $0 }
    }

    func load(_ path: String) throws -> Model {
        var options = ImportOptions()
        options.trustsPickle = true
        options.pythonExecutable = ProcessInfo.processInfo.environment["SEPTUM_PYTHON"]
        if format == "sklearn" {
            try #require(
                options.pythonExecutable != nil, "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        }
        return try Model.load(path, options: options)
    }

    /// Folders that hold inputs and expected outputs: the fixture's own and those below `cases`.
    var events: [String] {
        let further = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/cases")) ?? []
        return [folder] + further.sorted().map { "\(folder)/cases/\($0)" }
    }

    /// The tolerance of an output; nil when it must agree bit for bit.
    func tolerance(_ output: String) throws -> (relative: Double, absolute: Double)? {
        let data = try Data(contentsOf: URL(filePath: folder + "/case.json"))
        let content = try JSON(parsing: String(decoding: data, as: UTF8.self))
        if ["xgboost", "lightgbm", "catboost"].contains(format), output == "margin" || output == "leaf_index" { return nil }
        if let exact = content["exact"]?.array, exact.contains(.string(output)) { return nil }
        let tolerance = try #require(content["tolerance"])
        let own = tolerance[output] ?? tolerance
        return (try #require(own["rtol"]?.double), own["atol"]?.double ?? 0)
    }

    /// The tensors of an archive in the order of the program's inputs.
    func inputs(_ event: String, _ program: Program) throws -> [Tensor] {
        let entries = try Npz.read(path: event + "/inputs.npz")
        return try program.inputs.map { port in try #require(entries.first { $0.name == port.name }).tensor }
    }

    /// Compares results with what the library computed.
    func check(_ results: [Tensor], of program: Program, _ event: String, _ how: String) throws {
        let expected = try Npz.read(path: event + "/expected.npz").filter { $0.name != "leaf_index" }
        #expect(!expected.isEmpty)
        for (output, tensor) in expected {
            let index = try #require(program.outputs.firstIndex { $0.name == output }, "there is no output '\(output)'")
            let place: Comment = "\(how): \(testDescription), \(event.split(separator: "/").last ?? ""), \(output)"
            guard let tolerance = try tolerance(output), tensor.elementType != .string else {
                #expect(results[index].isIdentical(to: tensor), place)
                continue
            }
            let comparison = try Comparison(
                output, results[index], tensor, rtol: tolerance.relative, atol: tolerance.absolute)
            #expect(
                comparison.isWithinTolerance, "\(place.rawValue): \(comparison.failureCount), \(comparison.maxAbsoluteDifference)"
            )
        }
    }
}

/// Whether two lists of tensors agree bit for bit.
func areIdentical(_ left: [Tensor], _ right: [Tensor]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { $0.isIdentical(to: $1) }
}

import Foundation
import Septum
import Testing

/// A network that `Networks/cases.py` saved, with inputs and what PyTorch computes for them.
struct Case {
    let name: String
    let model: String
    let shapes: [(name: String, type: TensorType)]

    init(_ name: String) throws {
        self.name = name
        let folder = try Case.root.get() + "/" + name
        let data = try Data(contentsOf: URL(filePath: folder + "/case.json"))
        let content = try JSON(parsing: String(decoding: data, as: UTF8.self))
        model = folder + "/" + (try #require(content["model"]?.string))
        let inputs = try #require(content["inputs"]?.array)
        shapes = try inputs.map { input in
            let type = try #require(ElementType(name: input["type"]?.string ?? ""))
            let sizes = try #require(input["shape"]?.array).compactMap { Dimension(parsing: $0.string ?? "") }
            return (try #require(input["name"]?.string), TensorType(type, sizes))
        }
    }

    /// How the command line is told the shapes; exported programs hold them.
    var options: [String] {
        model.hasSuffix(".pt2")
            ? []
            : shapes.flatMap { name, type in
                let sizes = (type.shape ?? []).map { "\($0)" }.joined(separator: ",")
                return ["--input-shape", "\(name)=\(type.elementType):\(sizes)"]
            }
    }

    func load() throws -> Model { try Case.load(model, model.hasSuffix(".pt2") ? [] : shapes) }

    static func load(_ path: String, _ shapes: [(name: String, type: TensorType)] = []) throws -> Model {
        var options = ImportOptions()
        options.trustsPickle = true
        options.pythonExecutable = try Case.python
        options.inputShapes = shapes
        return try Model.load(path, options: options)
    }

    /// Inputs by name and expected outputs by name; the sizes differ from those that the adapter tries itself.
    func events() throws -> [(file: String, inputs: [String: Tensor], expected: [String: Tensor])] {
        let folder = try Case.root.get() + "/" + name
        return try [0, 1].map { index in
            let parts = try ["inputs", "expected"].map { part in
                Dictionary(
                    uniqueKeysWithValues: try Npz.read(path: "\(folder)/\(part)_\(index).npz").map { ($0.name, $0.tensor) })
            }
            return ("\(folder)/inputs_\(index).npz", parts[0], parts[1])
        }
    }

    static let networks = #filePath.replacing("Case.swift", with: "Networks")

    static var python: String {
        get throws {
            try #require(
                ProcessInfo.processInfo.environment["SEPTUM_PYTHON"],
                "set SEPTUM_PYTHON to a Python with Python/requirements-frameworks.txt installed, as 'make test-frameworks' does")
        }
    }

    /// The folder that `Networks/cases.py` fills, once for each run of the tests.
    static let root = Result {
        let folder = networks.replacing("Tests/PyTorch/Networks", with: ".build/pytorch")
        if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
        let process = Process()
        let python = try Case.python
        process.executableURL = URL(filePath: python)
        process.arguments = [networks + "/cases.py", folder]
        let errors = try TemporaryFolder()
        process.standardError = try FileHandle(forWritingTo: URL(filePath: try errors.write("err", [])))
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: try errors.read("err"), as: UTF8.self)
        try #require(
            process.terminationStatus == 0,
            "\(python) cannot save the networks; it needs Python/requirements-frameworks.txt, see 'make test-frameworks': \(text)"
        )
        return folder
    }
}

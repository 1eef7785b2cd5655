import SeptumIR
import SeptumScikitLearn
import SeptumTensor
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

let fixtures = #filePath.replacing("Tests/ScikitLearn/Cases.swift", with: "Fixtures/sklearn/")

/// A folder of `Fixtures/sklearn`.
struct Case: CustomTestStringConvertible {
    let name: String
    let tolerance: (relative: Double, absolute: Double)
    /// Outputs whose bits must agree.
    let exact: [String]

    var testDescription: String { name }
    var folder: String { fixtures + name + "/" }

    /// Reads the folder's `case.json`.
    init(name: String) throws {
        struct Content: Decodable {
            struct Tolerance: Decodable { let rtol: Double, atol: Double }
            let tolerance: Tolerance
            let exact: [String]?
        }
        self.name = name
        let data = try Data(contentsOf: URL(filePath: fixtures + name + "/case.json"))
        let content = try JSONDecoder().decode(Content.self, from: data)
        tolerance = (content.tolerance.rtol, content.tolerance.atol)
        exact = content.exact ?? []
    }

    static func folders(of folder: String, holding file: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(folder)\($0)/\(file)") }.sorted()
    }

    static let all = folders(of: fixtures, holding: "case.json")

    static func modelPath(in folder: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return folder + (try #require(names.first { $0.hasPrefix("model.") }))
    }
}

func importOptions(trustsPickle: Bool = true) throws -> ImportOptions {
    var options = ImportOptions()
    let executable = ProcessInfo.processInfo.environment["SEPTUM_PYTHON"]
    try #require(executable != nil, "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
    options.pythonExecutable = executable
    options.trustsPickle = trustsPickle
    return options
}

import Foundation
import Septum
import Testing

/// Headers compiled by each compiler without a warning, against the bits that Septum computes.
@Suite struct CppTests {
    static let fixtures = #filePath.replacing("Tests/Cpp/CppTests.swift", with: "Fixtures/")

    /// Every kind of split, missing value, sum, base score, leaf and link.
    static let models: [(path: String, outputs: [String])] = [
        ("xgboost/binary/model.json", []), ("xgboost/categorical/model.json", []), ("xgboost/softprob/model.ubj", []),
        ("xgboost/softmax/model.ubj", []), ("xgboost/hinge/model.json", []), ("xgboost/poisson/model.json", []),
        ("xgboost/dart/model.json", []), ("xgboost/vector_leaves/model.json", []), ("xgboost/named_features/model.json", []),
        ("xgboost/v1_2_softprob/model.json", []), ("xgboost/float_thresholds/model.json", []),
        ("xgboost/no_trees/model.json", []), ("xgboost/one_leaf/model.json", []),
        ("lightgbm/categorical/model.txt", []), ("lightgbm/zero_as_missing/model.txt", []),
        ("lightgbm/never_missing/model.txt", []), ("lightgbm/multiclass/model.txt", []),
        ("lightgbm/linear_binary/model.txt", []), ("lightgbm/linear_tree/model.txt", []), ("lightgbm/rf/model.txt", []),
        ("lightgbm/regression_sqrt/model.txt", []), ("lightgbm/cross_entropy_lambda/model.txt", []),
        ("lightgbm/binary_sigmoid/model.txt", []), ("sklearn/gradient_boosting_binary/model.joblib", ["predict_proba"]),
        ("sklearn/gradient_boosting_exponential/model.joblib", ["predict_proba", "decision_function"]),
        ("sklearn/random_forest_classifier/model.joblib", ["predict_proba"]),
        ("sklearn/random_forest_two_targets/model.joblib", []),
        ("sklearn/gradient_boosting_regressor/model.joblib", []),
    ]

    static func load(_ path: String) throws -> Model {
        var options = ImportOptions()
        options.trustsPickle = true
        options.pythonExecutable = ProcessInfo.processInfo.environment["SEPTUM_PYTHON"]
        return try Model.load(fixtures + path, options: options)
    }

    static func execute(_ command: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "septum-cpp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// A program that reads rows and writes every output of the model that its first argument numbers.
    private func program(_ readings: [ForestReading]) -> String {
        var text = "#include <cstdio>\n#include <cstdlib>\n#include <vector>\n"
        for _ in 0..<2 { for index in readings.indices { text += "#include \"model_\(index).hpp\"\n" } }
        text += """
            template <class Input, class Body> void rows(std::size_t features, const char* path, Body body) {
              std::FILE* file = std::fopen(path, "rb");
              if (file == nullptr) std::exit(1);
              std::vector<Input> row(features);
              while (std::fread(row.data(), sizeof(Input), features, file) == features) body(row.data());
              std::fclose(file);
            }
            int main(int, char** arguments) {
              const int number = std::atoi(arguments[1]);

            """
        for (index, reading) in readings.enumerated() {
            text += "  if (number == \(index)) {\n    namespace m = model_\(index);\n"
            text += "    rows<m::Input>(m::featureCount, arguments[2], [](const m::Input* x) {\n"
            for output in reading.outputs {
                let type = output.elementType == .float64 ? "double" : "float"
                let count = output.link == .mostLikelyClass ? "1" : output.isPair ? "2" : "m::scoreCount"
                text +=
                    "      { \(type) y[\(count)]; m::\(output.name)(x, y); std::fwrite(y, sizeof(\(type)), \(count), stdout); }\n"
            }
            text += "    });\n  }\n"
        }
        return text + "  return 0;\n}\n"
    }

    @Test(arguments: [["g++", "-O1"], ["clang++", "-O1"], ["g++", "-O2", "-march=native"]])
    func givesSeptumsBits(_ compiler: [String]) throws {
        let folder = try CppTests.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var readings: [ForestReading] = []
        var models: [Model] = []
        for (index, entry) in CppTests.models.enumerated() {
            let model = try CppTests.load(entry.path)
            var options = ExportOptions()
            options.outputs = entry.outputs
            try model.save(to: folder.path + "/model_\(index).hpp", options: options)
            readings.append(try ForestReading(model, outputs: entry.outputs))
            models.append(model)
        }
        try program(readings).write(toFile: folder.path + "/main.cpp", atomically: true, encoding: .utf8)
        let flags = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-ffp-contract=off"]
        let built = try CppTests.execute(compiler + flags + [folder.path + "/main.cpp", "-o", folder.path + "/main"])
        try #require(built.status == 0, "\(built.text.prefix(4000))")
        for (index, entry) in CppTests.models.enumerated() {
            try compare(models[index], readings[index], index, folder, entry.path)
        }
    }

    private func compare(_ model: Model, _ reading: ForestReading, _ index: Int, _ folder: URL, _ path: String) throws {
        let name = CppTests.fixtures + path.split(separator: "/").dropLast().joined(separator: "/") + "/inputs.npz"
        let input = try #require(try Npz.read(path: name).first { $0.name == "X" }?.tensor)
        let rows = folder.path + "/rows"
        let values: Data =
            reading.inputType == .float64
            ? try input.array(of: Double.self).withUnsafeBytes { Data($0) }
            : try input.array(of: Float.self).withUnsafeBytes { Data($0) }
        try values.write(to: URL(filePath: rows))
        let process = Process()
        process.executableURL = URL(filePath: folder.path + "/main")
        process.arguments = ["\(index)", rows]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let found = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let program = try Program(model)
        let results = try program.makeContext().run([input])
        let names = program.outputs.map(\.name)
        var place = 0
        for row in 0..<input.shape[0] {
            for output in reading.outputs {
                let tensor = results[try #require(names.firstIndex(of: output.name))]
                let count = tensor.count / input.shape[0]
                for column in 0..<count {
                    let isExact = output.link == .identity && output.divisor == 1
                    if output.elementType == .float64 {
                        let expected = try tensor.array(of: Double.self)[row * count + column]
                        let got = found.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Double.self) }
                        place += 8
                        let isNear = abs(got - expected) <= 4e-16 * abs(expected) + 2.3e-16
                        #expect(
                            got.bitPattern == expected.bitPattern || !isExact && isNear || got.isNaN && expected.isNaN,
                            "\(path) \(output.name) row \(row): \(got), expected \(expected)")
                    } else {
                        let expected = try tensor.array(of: Float.self)[row * count + column]
                        let got = found.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Float.self) }
                        place += 4
                        let isNear = abs(got - expected) <= 1e-6 * abs(expected) + .leastNormalMagnitude
                        #expect(
                            got.bitPattern == expected.bitPattern || !isExact && isNear || got.isNaN && expected.isNaN,
                            "\(path) \(output.name) row \(row): \(got), expected \(expected)")
                    }
                }
            }
        }
        #expect(place == found.count && place > 0)
    }

    @Test func namesFeaturesAndOutputs() throws {
        let folder = try CppTests.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var model = try CppTests.load("xgboost/named_features/model.json")
        model.provenance.sourceName = "evil*/\n#error\\"
        let path = folder.path + "/class.1.hpp"
        try model.save(to: path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("namespace class_value {"))
        #expect(text.contains("    \"\\303\\251 \\342\\210\\202\",\n    \"a\\042b\\134c\",\n    \"m\\011jet\",\n"))
        #expect(!text.contains("\n#error"))
        #expect(text.contains("inline float prediction(const Input* x) {"))
        try "#include \"class.1.hpp\"\nint main() { return class_value::featureNames[0][0] == 'p' ? 0 : 1; }\n"
            .write(toFile: folder.path + "/main.cpp", atomically: true, encoding: .utf8)
        let built = try CppTests.execute([
            "g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", folder.path + "/main.cpp", "-o", folder.path + "/main",
        ])
        try #require(built.status == 0, "\(built.text)")
        #expect(try CppTests.execute([folder.path + "/main"]).status == 0)
    }

    @Test func refusesWhatIsNoForest() throws {
        func refusal(_ path: String, _ outputs: [String] = []) throws -> String {
            let model = try CppTests.load(path)
            var options = ExportOptions()
            options.outputs = outputs
            let error = try #require(throws: ModelError.self) { try model.save(to: "/tmp/septum-never.hpp", options: options) }
            #expect(!FileManager.default.fileExists(atPath: "/tmp/septum-never.hpp"))
            return "\(error)"
        }
        #expect(try refusal("onnx/jet_deepsets/model.onnx").contains("does not come from a forest"))
        #expect(try refusal("sklearn/random_forest_classifier/model.joblib").contains("--output"))
        #expect(try refusal("xgboost/binary/model.json", ["score"]).contains("choose from prediction, margin"))
        #expect(try refusal("xgboost/linear/model.json").contains("forest"))
        #expect(throws: ModelError.self) { try Model.load(CppTests.fixtures + "xgboost/binary/model.json", format: "cpp") }
    }
}

import Foundation
import Septum
import Testing

/// Models written for XGBoost and LightGBM, loaded there, against what the library that trained them computes.
@Suite struct ExportTests {
    static let formats = [("xgboost", "json"), ("lightgbm", "txt")]

    /// What a format cannot hold, by the part of the refusal that says so.
    private static let reasons = [
        "adds float64 leaves", "float32 ones", "adds the base score last", "compares float32 values", "linear leaves",
        "part of a forest", "come from a forest", "no objective", "test for equality", "counts as missing", "-0.5 for",
        "NaN goes with", "is no float32", "mean, minimum or maximum", "set of categories is empty", "takes no feature called",
        "no float32 beyond it", "within 1e-35 of zero",
    ]

    @Test func librariesReadWhatIsWritten() throws {
        let folder = try TemporaryFolder()
        var list: [String] = []
        var refused: [String: Int] = [:]
        for fixture in Fixture.all where fixture.format == "xgboost" || fixture.format == "lightgbm" {
            for path in try fixture.models() {
                let model = try fixture.load(path)
                for (format, suffix) in Self.formats {
                    let file = folder("\(list.count).\(suffix)")
                    for isApproximate in [false, true] {
                        var options = ExportOptions()
                        options.approximates = isApproximate
                        do throws(ModelError) {
                            try model.save(to: file, format: format, options: options)
                            let tolerance = isApproximate ? "2e-6" : "0"
                            list.append([format, file, fixture.folder, "margin", tolerance].joined(separator: "\t"))
                            let again = try Model.load(file)
                            let names = { (model: Model) in model.contract?.inputs.first?.features.map(\.name) }
                            #expect(names(again) == names(model))
                            break
                        } catch {
                            #expect(error.code == .unsupported, "\(error)")
                            let reason = Self.reasons.first { error.message.contains($0) }
                            #expect(reason != nil, "\(error)")
                            refused["\(format) \(isApproximate ? "approximately " : "")from \(fixture.format)", default: 0] += 1
                        }
                    }
                }
            }
        }
        try writeOthers(folder, &list)
        let (agreeing, wrong) = try Self.compare(list, folder)
        #expect(wrong == [:])
        #expect(agreeing == list.count && list.count == 217)
        #expect(
            refused == [
                "lightgbm from xgboost": 74, "lightgbm approximately from xgboost": 10, "xgboost from xgboost": 23,
                "xgboost approximately from xgboost": 5, "xgboost from lightgbm": 43, "xgboost approximately from lightgbm": 13,
            ])
    }

    /// scikit-learn's forests, and predictions that hold means.
    private func writeOthers(_ folder: TemporaryFolder, _ list: inout [String]) throws {
        let others = [
            ("gradient_boosting_binary", "lightgbm", "decision_function", "0"),
            ("gradient_boosting_multiclass", "lightgbm", "decision_function", "0"),
            ("gradient_boosting_regressor", "lightgbm", "predict", "0"),
            ("random_forest_regressor", "lightgbm", "predict", "0"),
            ("random_forest_missing", "lightgbm", "predict_proba", "0"),
            ("random_forest_classifier", "lightgbm", "predict_proba", "0"),
            ("gradient_boosting_binary", "lightgbm", "predict_proba", "1e-15"),
        ]
        for (name, format, output, tolerance) in others {
            let fixture = Fixture(format: "sklearn", name: name)
            var options = ExportOptions()
            options.outputs = [output]
            let file = folder("\(list.count).txt")
            try fixture.load(try #require(try fixture.models().first)).save(to: file, format: format, options: options)
            list.append([format, file, fixture.folder, output, tolerance].joined(separator: "\t"))
        }
        for (format, name) in [
            ("lightgbm", "rf_regression"), ("lightgbm", "multiclass"), ("xgboost", "softprob"), ("xgboost", "poisson"),
        ] {
            let fixture = Fixture(format: format, name: name)
            let file = folder("\(list.count)." + (format == "xgboost" ? "json" : "txt"))
            try fixture.load(try #require(try fixture.models().first)).save(to: file)
            list.append([format, file, fixture.folder, "prediction", "1e-6"].joined(separator: "\t"))
        }
    }

    static func compare(_ list: [String], _ folder: TemporaryFolder) throws -> (agreeing: Int?, wrong: [String: Int]) {
        let python = try #require(
            ProcessInfo.processInfo.environment["SEPTUM_PYTHON"],
            "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [
            #filePath.replacing("ExportTests.swift", with: "exported.py"),
            try folder.write("list", Array(list.joined(separator: "\n").utf8)),
        ]
        let output = try FileHandle(forWritingTo: URL(filePath: try folder.write("out", [])))
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        var lines = String(decoding: try folder.read("out"), as: UTF8.self).split(separator: "\n")
        let agreeing = lines.popLast().flatMap { Int($0) }
        return (agreeing, Dictionary(lines.map { (String($0), 1) }, uniquingKeysWith: +))
    }
}

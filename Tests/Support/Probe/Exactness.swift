import Foundation
import Septum

/// How the outputs of forests compare with those of the libraries that trained them, as rows of a table.
enum Exactness {
    /// The formats whose models are forests; of scikit-learn's, the models with a Forest node.
    private static let formats = ["xgboost", "lightgbm", "catboost", "sklearn", "tmva", "fastbdt", "basf2", "treelite"]

    private struct Column {
        var count = 0
        var identical = 0
        /// The largest distance in units of the last place; nil where a value is not finite on one side alone.
        var ulps: Double? = 0

        mutating func add(_ found: Tensor, _ expected: Tensor) throws {
            guard found.shape == expected.shape, found.elementType == expected.elementType else {
                throw Failure(text: "found \(found.elementType)\(found.shape), expected \(expected.elementType)\(expected.shape)")
            }
            count += expected.count
            switch expected.elementType {
            case .float32: compare(try found.array(of: Float.self), try expected.array(of: Float.self))
            case .float64: compare(try found.array(of: Double.self), try expected.array(of: Double.self))
            default:
                let comparison = try Comparison("", found, expected, rtol: 0, atol: 0)
                identical += comparison.identicalCount
                if comparison.identicalCount < expected.count { ulps = nil }
            }
        }

        private mutating func compare<T: BinaryFloatingPoint>(_ found: [T], _ expected: [T]) {
            for (a, b) in zip(found, expected) {
                if a == b && a.sign == b.sign || a.isNaN && b.isNaN {
                    identical += 1
                } else if let known = ulps {
                    ulps = a.isFinite && b.isFinite ? max(known, Double(abs(a - b) / b.ulp)) : nil
                }
            }
        }

        var cells: String {
            guard count > 0 else { return "- | -" }
            let distance = ulps.map { identical == count ? "0" : String(format: "%.1f", $0) } ?? "not all finite"
            return "\(identical) of \(count) | \(distance)"
        }
    }

    private struct Row {
        var models = 0
        var margins = Column()
        var others = Column()
    }

    /// Margins are outputs that hold sums of leaves alone; all else went through a link or a vote.
    private static let margins: Set = ["margin", "decision_function"]

    static func table(_ root: String) throws -> String {
        var rows: [String: Row] = [:]
        for format in formats {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(format)")) ?? []
            for name in names.sorted() {
                let folder = "\(root)/\(format)/\(name)"
                guard FileManager.default.fileExists(atPath: folder + "/inputs.npz"),
                    let text = FileManager.default.contents(atPath: folder + "/case.json")
                else { continue }
                guard let label = label(text) else { throw Failure(text: "\(folder)/case.json names no producer and version") }
                try add(folder, &rows[label, default: Row()])
            }
        }
        let order = rows.keys.filter { rows[$0]?.models ?? 0 > 0 }.sorted { $0.localizedStandardCompare($1) == .orderedAscending }
        let lines = order.compactMap { key in
            rows[key].map { "| \(key) | \($0.models) | \($0.margins.cells) | \($0.others.cells) |" }
        }
        return """
            # Exactness of forests

            How the outputs of Septum compare with those of the library that trained each model, on the rows of
            [Fixtures](../Fixtures): values at thresholds and one ulp beside them, missing, infinite, subnormal and unknown ones among
            them. Made by `make docs`; the tests of each adapter hold every model to its own tolerance.

            Identical counts the values that agree in every bit; distances are in units of the expected value's last place. A margin is
            a sum of leaves; other outputs went through a link function, a vote or a mean.

            | library | models | margins identical | largest distance | other outputs identical | largest distance |
            |---|---|---|---|---|---|
            \(lines.joined(separator: "\n"))

            """
    }

    private static func label(_ text: Data) -> String? {
        guard let record = try? JSONSerialization.jsonObject(with: text) as? [String: Any],
            let producer = record["producer"] as? String,
            let versions = record["versions"] as? [String: Any]
        else { return nil }
        let version = (versions[producer] ?? record["version"]) as? String
        // Some producers are named with their version.
        return version.map { "\(producer) \($0)" } ?? producer
    }

    private static func add(_ folder: String, _ row: inout Row) throws {
        var options = ImportOptions()
        options.trustsPickle = true
        options.pythonExecutable = ProcessInfo.processInfo.environment["SEPTUM_PYTHON"]
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        for file in files.sorted() where file.hasPrefix("model.") {
            let model = try Model.load("\(folder)/\(file)", options: options)
            guard model.graph.nodes.contains(where: { type(of: $0.op).name == "Forest" }) else { continue }
            let outputs = try Program(model).run(npz: folder + "/inputs.npz")
            row.models += 1
            for (name, expected) in try Npz.read(path: folder + "/expected.npz") where name != "leaf_index" {
                guard let found = outputs.first(where: { $0.name == name }) else {
                    throw Failure(text: "\(folder): the model has no output '\(name)'")
                }
                do {
                    if margins.contains(name) {
                        try row.margins.add(found.tensor, expected)
                    } else {
                        try row.others.add(found.tensor, expected)
                    }
                } catch { throw Failure(text: "\(folder): '\(name)': \(error)") }
            }
        }
    }
}

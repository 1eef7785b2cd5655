import Foundation
import Septum
import SeptumConformance
import Testing

/// Every adapter of the registry, on small fixtures of its format.
@Suite struct AdapterConformanceTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")

    /// The model files of a folder's cases, at most of the given size.
    static func samples(_ folder: String, _ names: [String], limit: Int) -> [String] {
        let cases = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.appending(path: folder).path)) ?? []
        return cases.sorted().flatMap { name in
            names.map { fixtures.appending(path: "\(folder)/\(name)/\($0)").path }.filter { path in
                let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                return size.map { $0 <= limit } ?? false
            }
        }
    }

    static let onnx = samples("onnx", ["model.onnx"], limit: 40_000)
    static let xgboost = samples("xgboost", ["model.json", "model.ubj"], limit: 20_000)

    static let lightgbm = samples("lightgbm", ["model.txt"], limit: 18_000)

    static let catboost = samples("catboost", ["model.cbm", "model.json"], limit: 12_000)

    static let tmva = samples("tmva", ["model.weights.xml"], limit: 20_000)
    static let treelite = samples("treelite", ["model.treelite"], limit: 20_000)
    static let fastbdt = samples("fastbdt", ["model.weights", "model.xml"], limit: 20_000)

    @Test func sampleCount() {
        #expect(AdapterConformanceTests.tmva.count == 23)
        #expect(AdapterConformanceTests.treelite.count == 21)
        #expect(AdapterConformanceTests.fastbdt.count == 5)
        #expect(AdapterConformanceTests.catboost.count == 24)
        #expect(AdapterConformanceTests.lightgbm.count == 32)
        #expect(AdapterConformanceTests.onnx.count == 53)
        #expect(AdapterConformanceTests.xgboost.count == 44)
    }

    @Test(arguments: onnx) func onnxConforms(_ path: String) throws { try check("onnx", [path]) }

    @Test(arguments: catboost) func catboostConforms(_ path: String) throws { try check("catboost", [path]) }

    @Test(arguments: lightgbm) func lightgbmConforms(_ path: String) throws { try check("lightgbm", [path]) }

    @Test(arguments: tmva) func tmvaConforms(_ path: String) throws { try check("tmva", [path]) }

    @Test(arguments: treelite) func treeliteConforms(_ path: String) throws { try check("treelite", [path]) }

    @Test(arguments: fastbdt) func fastbdtConforms(_ path: String) throws { try check("fastbdt", [path]) }

    @Test(arguments: xgboost) func xgboostConforms(_ path: String) throws { try check("xgboost", [path]) }

    /// What other adapters read, Septum's own format holds.
    @Test func septumConforms() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "septum-conformance-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var copies: [String] = []
        for path in AdapterConformanceTests.onnx.prefix(6) + AdapterConformanceTests.xgboost.prefix(2) {
            let copy = folder.appending(path: "\(copies.count).septum").path
            try Model.load(path).save(to: copy)
            copies.append(copy)
        }
        #expect(copies.count == 8)
        try check("septum", copies)
    }

    /// Formats that need Python refuse foreign content without it.
    @Test(arguments: ["sklearn", "pytorch", "cpp"]) func foreignContentIsRefused(_ format: String) throws {
        let violations = AdapterConformance.check(try AdapterRegistry.standard.adapter(named: format), samples: [])
        #expect(violations == [Violation("there are samples", format)])
    }

    @Test func everyAdapterIsChecked() {
        #expect(
            Set(AdapterRegistry.standard.adapters.map(\.descriptor.name))
                == [
                    "septum", "catboost", "cpp", "fastbdt", "lightgbm", "onnx", "xgboost", "sklearn", "pytorch", "tmva",
                    "treelite",
                ])
    }

    /// The check finds what a careless adapter does.
    @Test func findsViolations() throws {
        let path = try #require(AdapterConformanceTests.xgboost.first)
        let rules = Set(AdapterConformance.check(Careless(), samples: [path]).map(\.rule))
        #expect(
            rules == [
                "a copy computes the same bits", "a file always gives the same graph", "a path that cannot be written is refused",
                "cut files are refused", "foreign content is not recognized", "foreign content is refused",
                "suffixes are lower-case and without the dot", "the name is a lower-case word", "there is a title",
            ])
    }

    private func check(_ format: String, _ samples: [String]) throws {
        let adapter = try AdapterRegistry.standard.adapter(named: format)
        #expect(AdapterConformance.check(adapter, samples: samples) == [])
    }
}

/// Takes anything for a model, another one each time.
private struct Careless: ModelAdapter {
    var descriptor: AdapterDescriptor {
        AdapterDescriptor(name: "Careless", title: "", suffixes: [".X"], canImport: true, canExport: true, versions: "1")
    }

    func recognizes(_ source: ModelSource) -> Bool { true }

    func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch"]))
        let factor = try graph.addConstant(try Tensor([1], [Float.random(in: 0...1)]))
        try graph.addOutput(try graph.apply(Op.Mul(), x, factor), name: "y")
        return Model(graph: graph)
    }

    func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        _ = FileManager.default.createFile(atPath: path, contents: Data([1]))
    }
}

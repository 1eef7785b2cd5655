import Foundation
import SeptumEngine
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumTMVA
import SeptumTensor
import Testing

/// Forests written as TMVA writes its own, read back.
@Suite struct ExportTests {
    private static func copy(_ model: Model) throws -> Model {
        let path = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString).weights.xml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try TMVAAdapter().exportModel(model, to: path, ExportOptions())
        return try TMVAAdapter().importModel(try ModelSource(path: path), ImportOptions())
    }

    /// What TMVA wrote, written again, gives the same bits.
    @Test(arguments: ["bin_bdt", "bin_bdtg", "bagging", "real_adaboost", "old_nodes", "reg_bagging"])
    func keepsBits(_ name: String) throws {
        let model = try fixtures.load(name)
        let again = try ExportTests.copy(model)
        let input = try #require(try fixtures.read(name + "/inputs.npz")["X"])
        let results = try Program(model.graph).makeContext().run([input])
        let copies = try Program(again.graph).makeContext().run([input])
        #expect(results.count <= copies.count)
        for (result, copy) in zip(results, copies) { #expect(result.isIdentical(to: copy)) }
        #expect(again.contract?.inputs.first?.features.map(\.name) == model.contract?.inputs.first?.features.map(\.name))
    }

    private static func model(
        _ comparison: Op.Forest.Comparison, base: Double?, _ link: (inout Graph, Graph.ValueID) throws -> Graph.ValueID
    ) throws -> Model {
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: comparison, featureType: .float32, accumulationType: .float64),
            thresholdType: .float64, featureCount: 2, outputCount: 1)
        for tree in 0..<3 {
            try builder.addSplit(
                0, feature: tree % 2, test: .threshold(0.1 * Double(tree)), missing: .nan(goesLeft: false), left: 1, right: 2)
            try builder.addLeaf(1, 0.25)
            try builder.addLeaf(2, Double(tree))
            try builder.endTree()
        }
        var graph = Graph()
        let x = try graph.addInput("X", .tensor(.float32, ["batch", .fixed(2)]))
        let scores = try graph.apply(try builder.forest(baseScore: base.map { [$0] }), name: "forest", x)
        try graph.addOutput(try link(&graph, scores), name: "prediction")
        return Model(graph: graph)
    }

    private static func rows() throws -> Tensor {
        let edges = [Float(0), 0.1, 0.2].flatMap { [$0, $0.nextUp, $0.nextDown, -$0] }
        return try Tensor([edges.count, 2], zip(edges, edges.reversed()).flatMap { [$0, $1] })
    }

    /// Thresholds of float64 become the cuts that decide alike for every float32.
    @Test(arguments: [Op.Forest.Comparison.less, .lessOrEqual], [nil, 0.5])
    func decidesAlike(_ comparison: Op.Forest.Comparison, _ base: Double?) throws {
        let model = try ExportTests.model(comparison, base: base) { graph, scores in
            try graph.apply(Op.Identity(), name: "link", scores)
        }
        let table = try ExportTests.rows()
        let wanted = try Program(model.graph).makeContext().run([table])[0].array(of: Double.self)
        let found = try Program(try ExportTests.copy(model).graph).makeContext().run([table])[0].array(of: Float.self)
        #expect(wanted == found.map(Double.init))
    }

    /// TMVA answers twice a probability less one.
    @Test func writesProbabilities() throws {
        let model = try ExportTests.model(.less, base: nil) { graph, scores in
            try graph.apply(Op.Sigmoid(), name: "link", scores)
        }
        let table = try ExportTests.rows()
        let wanted = try Program(model.graph).makeContext().run([table])[0].array(of: Double.self)
        let found = try Program(try ExportTests.copy(model).graph).makeContext().run([table])[0].array(of: Double.self)
        for (probability, answer) in zip(wanted, found) { #expect(abs(2 * probability - 1 - answer) < 1e-15) }
    }

    @Test(arguments: ["multi_bdtg", "fisher_cuts", "grad_normalized", "mlp_sigmoid", "reg_bdt"])
    func refusesWhatTMVACannotHold(_ name: String) throws {
        let model = try fixtures.load(name)
        #expect(throws: ModelError.self) { try ExportTests.copy(model) }
        do {
            _ = try ExportTests.copy(model)
        } catch {
            #expect("\(error)".contains("TMVA cannot hold this model"), "\(error)")
        }
    }

    @Test func refusesOtherForests() throws {
        let exponential = try ExportTests.model(.less, base: nil) { graph, scores in
            try graph.apply(Op.Exp(), name: "link", scores)
        }
        #expect(throws: ModelError.self) { try ExportTests.copy(exponential) }
        let model = try fixtures.load("bagging")
        #expect(throws: ModelError.self) { try TMVAAdapter().exportModel(model, to: "/nowhere/w.xml", ExportOptions()) }
    }
}

import SeptumEngine
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXGBoost
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

let boosters = AdapterFixtures(XGBoostAdapter(), "xgboost")
let fixtures = boosters.folder

@Suite struct XGBoostTests {
    @Test func caseCount() { #expect(boosters.cases.count == 70) }

    /// Margins bit for bit, predictions within two units in the last place of the library's own and nearly all equal, both with its
    /// shapes.
    @Test(arguments: boosters.cases) func agreesWithTheLibrary(name: String) throws {
        let input = try #require(try boosters.read(name + "/inputs.npz")["X"])
        let expected = try boosters.read(name + "/expected.npz")
        let paths = try boosters.models(name)
        try #require(!paths.isEmpty)
        for path in paths {
            let model = try XGBoostAdapter().importModel(try ModelSource(path: path), ImportOptions())
            try model.graph.verify()
            #expect(model.graph.outputs.map { model.graph[$0].name } == ["prediction", "margin"])
            let outputs = try Interpreter.run(model.graph, [.tensor(input)])
            let margin = try #require(outputs[1].tensor)
            #expect(try Program(model.graph).makeContext().run([input])[1].isIdentical(to: margin))
            let expectedMargin = try #require(expected["margin"])
            #expect(margin.shape == expectedMargin.shape)
            #expect(margin.elementType == expectedMargin.elementType)
            #expect(
                zip(try margin.array(of: Float.self), try expectedMargin.array(of: Float.self)).filter { !same($0, $1) }.isEmpty)
            let prediction = try #require(outputs[0].tensor)
            let expectedPrediction = try #require(expected["prediction"])
            #expect(prediction.shape == expectedPrediction.shape)
            #expect(prediction.elementType == expectedPrediction.elementType)
            let pairs = zip(try prediction.array(of: Float.self), try expectedPrediction.array(of: Float.self))
            let unequal = pairs.filter { !same($0, $1) }
            #expect(unequal.allSatisfy { abs($0 - $1) <= 2 * $1.ulp } && unequal.count * 100 < max(prediction.count, 101))
        }
    }

    func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

    /// The cases of which the library told the leaves.
    private static let told: [String] = boosters.cases.filter { (try? boosters.read($0 + "/expected.npz"))?["leaf_index"] != nil }

    @Test func leafCaseCount() { #expect(XGBoostTests.told.count == 63) }

    @Test(arguments: told) func namesTheLeaves(name: String) throws {
        let expected = try #require(try boosters.read(name + "/expected.npz")["leaf_index"])
        let input = try #require(try boosters.read(name + "/inputs.npz")["X"])
        let path = try #require(try boosters.models(name).first)
        let model = try XGBoostAdapter().importModel(try ModelSource(path: path), ImportOptions())
        let forest = try #require(model.graph.nodes.compactMap { $0.op as? Op.Forest }.first)
        let labels = try #require(try forest.evaluate(Arguments([.tensor(input)], outputCount: 2))[1].tensor?.integers)
        // The library was asked about the first rows only.
        #expect(Array(labels.prefix(expected.count)) == (try #require(expected.integers)))
        #expect(expected.count > 0)
    }

    /// The model written as `.septum` and read back gives the same bits.
    @Test(arguments: ["binary", "categorical", "dart", "softprob"]) func survivesTheSeptumFile(name: String) throws {
        let input = try #require(try boosters.read(name + "/inputs.npz")["X"])
        let model = try XGBoostAdapter().importModel(try ModelSource(path: fixtures + name + "/model.json"), ImportOptions())
        let path = "/tmp/septum-test-\(getpid())-\(name).septum"
        defer { unlink(path) }
        try SeptumFile.write(model, to: path)
        let again = try SeptumFile.read(try ModelSource(path: path), operators: .standard)
        let (old, new) = (try Interpreter.run(model.graph, [.tensor(input)]), try Interpreter.run(again.graph, [.tensor(input)]))
        for (old, new) in zip(old, new) { #expect(try #require(old.tensor).isIdentical(to: try #require(new.tensor))) }
    }
}

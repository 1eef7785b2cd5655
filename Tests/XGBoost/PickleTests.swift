import Foundation
import SeptumFixtures
import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXGBoost
import Testing

/// Pickles of boosters and of the scikit-learn wrapper, read without XGBoost, against what the wrapper's methods give.
@Suite struct PickleTests {
    static let pickled = AdapterFixtures(XGBoostAdapter(), "xgboost/pickled")

    static func options() throws -> ImportOptions {
        var options = ImportOptions()
        options.trustsPickle = true
        let python: String = try #require(
            ProcessInfo.processInfo.environment["SEPTUM_PYTHON"],
            "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        options.pythonExecutable = python
        return options
    }

    static func path(_ name: String) throws -> String { try #require(try pickled.models(name).first) }

    @Test func caseCount() { #expect(PickleTests.pickled.cases.count == 11) }

    @Test(arguments: pickled.cases) func agreesWithItsMethods(name: String) throws {
        let path = try PickleTests.path(name)
        let model = try XGBoostAdapter().importModel(try ModelSource(path: path), try PickleTests.options())
        #expect(model.provenance.sourceName == path.split(separator: "/").last.map(String.init))
        let input = try #require(try PickleTests.pickled.read(name + "/inputs.npz")["X"])
        let expected = try PickleTests.pickled.read(name + "/expected.npz")
        let outputs = try Interpreter.run(model.graph, [.tensor(input)])
        let names = model.graph.outputs.map { model.graph[$0].name }
        #expect(Set(names) == Set(expected.keys))
        for (name, output) in zip(names, outputs) {
            let (found, wanted) = (try #require(output.tensor), try #require(expected[name]))
            #expect(found.shape == wanted.shape, "\(name)")
            switch wanted.elementType {
            case .string: #expect(found.strings == wanted.strings)
            case .float32:
                let pairs = zip(try found.array(of: Float.self), try wanted.array(of: Float.self))
                let isExact = name == "margin"
                #expect(
                    pairs.allSatisfy { $0.bitPattern == $1.bitPattern || !isExact && abs($0 - $1) <= 1e-6 * abs($1) + 1e-7 },
                    "\(name)")
            default: #expect(try #require(found.integers) == (try #require(wanted.integers)), "\(name)")
            }
        }
    }

    @Test func isReadOnlyWithTrust() throws {
        let source = try ModelSource(path: try PickleTests.path("classifier_1_7"))
        #expect(XGBoostAdapter().recognizes(source))
        let error = try #require(throws: ModelError.self) { try XGBoostAdapter().importModel(source, ImportOptions()) }
        #expect(error.code == .untrusted && "\(error)".contains("--trust-pickle"))
    }

    @Test func refusesOtherPickles() throws {
        func refusal(_ bytes: [UInt8]) throws -> String {
            let source = try ModelSource(bytes: bytes, name: "some.pkl")
            return
                "\(try #require(throws: ModelError.self) { try XGBoostAdapter().importModel(source, try PickleTests.options()) })"
        }
        // An empty list, a booster without a handle, and a file cut short.
        #expect(try refusal([0x80, 0x02, 0x5d, 0x2e]).contains("found builtins.list"))
        #expect(try refusal([0x80, 0x02] + Array("cxgboost.core\nBooster\n)".utf8) + [0x81, 0x2e]).contains("holds no booster"))
        let whole = try content(try PickleTests.path("regressor_0_90"))
        _ = try refusal(Array(whole.prefix(whole.count / 2)))
    }
}

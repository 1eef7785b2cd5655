import Foundation
import SeptumFastBDT
import SeptumIR
import SeptumTensor
import Testing

/// Files that are refused, each made from a good one by one edit.
@Suite struct RefusedTests {
    private static func message(_ text: String) -> String {
        do {
            _ = try FastBDTAdapter().importModel(try ModelSource(bytes: Array(text.utf8), name: "m.weights"), ImportOptions())
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    /// The words of a file with one of them changed.
    private static func edited(_ name: String, _ word: Int, _ value: String) throws -> String {
        var words = try String(contentsOfFile: try FastBDTTests.file(name), encoding: .utf8).split(whereSeparator: \.isWhitespace)
        words[word] = Substring(value)
        return words.joined(separator: " ")
    }

    @Test func refusesWords() throws {
        for (name, word, value, fragment) in [
            ("forest", 0, "x", "found 'x' as F0, expected a number"), ("forest", 0, "0x1p3", "found '0x1p3' as F0"),
            ("forest", 0, "nan", "found F0 = nan"), ("forest", 1, "0", "the shrinkage 0"), ("forest", 2, "2", "expected 0 or 1"),
            ("forest", 3, "9999999", "there are 9999999 trees, more than the file holds"),
            ("forest", 3, "99999999999999999999", "expected an integer from 0"), ("forest", 4, "5", "expected"),
            ("forest", 5, "-1", "expected an integer from 0"), ("forest", 6, "nan", "cut 0: found NaN"),
            ("forest", 5, "99999", "of which feature 99999 is cut on"),
            ("classifier", 0, "1.5", "as whether to give probabilities"), ("classifier", 13, "1", "transformed to purities"),
        ] {
            let message = RefusedTests.message(try RefusedTests.edited(name, word, value))
            #expect(message.contains(fragment) && message.contains("m.weights"), "\(name), \(word): \(message)")
        }
    }

    @Test func refusesBasf2Files() throws {
        let whole = try String(contentsOfFile: try FastBDTTests.file("basf2_classifier"), encoding: .utf8)
        for (old, new, fragment) in [
            ("<method>FastBDT", "<method>Python", "found the method 'Python', expected FastBDT"),
            ("<FastBDT_version>2", "<FastBDT_version>3", "found FastBDT_version 3, expected 1 or 2"),
            ("<number_feature_variables>4", "<number_feature_variables>5", "holds no <variable4>"),
            ("<number_feature_variables>4", "<number_feature_variables>3", "found 4 features"),
            ("<number_feature_variables>4", "<number_feature_variables>-4", "found -4 variables"),
            ("<FastBDT_Weightfile>", "<FastBDT_Weightfile>!", "holds the byte 33"),
            ("</signal_fraction>", "", "mismatched tag"),
            ("<method>", "<!DOCTYPE a><method>", "not well-formed"),
        ] {
            let message = RefusedTests.message(whole.replacing(old, with: new))
            #expect(message.contains(fragment) && message != "no error", "\(new): \(message)")
        }
    }

    /// A damaged file is refused or gives a model that runs; it never brings the process down.
    @Test(arguments: ["classifier", "forest", "basf2_forest"]) func survivesDamage(_ name: String) throws {
        let whole = Array(try Data(contentsOf: URL(filePath: try FastBDTTests.file(name))))
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var refused = 0
        for round in 0..<200 {
            var damaged = whole
            if round % 2 == 0 {
                damaged.removeSubrange(next(whole.count)..<whole.count)
            } else {
                for _ in 0...next(3) { damaged[next(whole.count)] ^= 1 << UInt8(next(8)) }
            }
            do {
                let model = try FastBDTAdapter().importModel(try ModelSource(bytes: damaged, name: name), ImportOptions())
                let type = try #require(model.graph.type(model.graph.inputs[0]).tensor)
                let count = try #require(type.shape?.last?.number)
                guard count < 1000 else { continue }
                let rows = (0..<2 * count).map { $0 % 3 == 0 ? Double.nan : Double($0) }
                let table =
                    type.elementType == .float64 ? try Tensor([2, count], rows) : try Tensor([2, count], rows.map(Float.init))
                _ = try Interpreter.run(model.graph, [.tensor(table)])
            } catch {
                refused += 1
            }
        }
        #expect(refused >= 100)
    }

    /// Stored files with fragments of their errors.
    @Test func refusesStoredFiles() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: FastBDTTests.folder + "refused")
        #expect(names.count == 7)
        for name in names {
            let fragment = try String(contentsOfFile: FastBDTTests.folder + "refused/" + name + "/expected.txt", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let source = try ModelSource(path: try FastBDTTests.file("refused/" + name))
            let error = try #require(throws: ModelError.self) { try FastBDTAdapter().importModel(source, ImportOptions()) }
            #expect("\(error)".contains(fragment), "\(name): \(error)")
            #expect(error.file == source.path)
        }
    }

    @Test func recognizesItsFilesOnly() throws {
        let adapter = FastBDTAdapter()
        for text in ["", "1", "1 2 3", "0.1 0.2 1 2", "tree\nversion=v3", "<MethodSetup Method=\"BDT::B\">"] {
            #expect(!adapter.recognizes(try ModelSource(bytes: Array(text.utf8), name: "x")))
        }
    }
}

import SeptumIR
import SeptumScikitLearn
import SeptumTensor
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct ScikitLearnTests {
    @Test func everyCaseIsThere() {
        #expect(Case.all.count == 71)
        #expect(RefusedCase.all.count == 7)
    }

    /// Every case runs by the definitions of its operators, on all rows at once and row by row.
    @Test(arguments: Case.all)
    func predictionsAgree(name: String) throws {
        let test = try Case(name: name)
        let source = try ModelSource(path: try Case.modelPath(in: test.folder))
        let options = try importOptions(trustsPickle: source.suffix != "skops")
        #expect(ScikitLearnAdapter().recognizes(source))
        let model = try ScikitLearnAdapter().importModel(source, options)
        try model.graph.verify()
        let x = try Self.float64(try #require(try Npz.read(path: test.folder + "inputs.npz").first).tensor)
        let expected = Dictionary(
            uniqueKeysWithValues: try Npz.read(path: test.folder + "expected.npz").map { ($0.name, $0.tensor) })
        #expect(Set(model.graph.outputs.map { model.graph[$0].name }) == Set(expected.keys))
        let found = try Interpreter.run(model.graph, [.tensor(x)])
        let row = try Interpreter.run(
            model.graph, [.tensor(try Tensor([1, x.shape[1]], Array(x.array(of: Double.self)[..<x.shape[1]])))])
        for (index, id) in model.graph.outputs.enumerated() {
            let output = model.graph[id].name
            let want = try #require(expected[output])
            let have = try #require(found[index].tensor)
            let first = try #require(row[index].tensor)
            #expect(have.shape == want.shape)
            #expect(first.shape == [1] + want.shape.dropFirst())
            try Self.compare(have, want, test, output)
            if have.elementType == .float64 {
                #expect(first.bytes.elementsEqual(have.bytes.prefix(first.byteCount)), "\(output) depends on the batch")
            }
        }
    }

    static func float64(_ tensor: Tensor) throws -> Tensor {
        tensor.elementType == .float32 ? try Tensor(tensor.shape, tensor.array(of: Float.self).map(Double.init)) : tensor
    }

    static func compare(_ have: Tensor, _ want: Tensor, _ test: Case, _ output: String) throws {
        if want.elementType == .float32 || want.elementType == .float64 {
            let (a, b) = (try float64(have).array(of: Double.self), try float64(want).array(of: Double.self))
            if test.exact.contains(output) {
                let wrong = zip(a, b).count { $0.bitPattern != $1.bitPattern && !($0.isNaN && $1.isNaN) }
                #expect(wrong == 0, "\(output): \(wrong) of \(a.count) differ in bits")
            } else {
                let wrong = zip(a, b).count {
                    !(abs($0 - $1) <= test.tolerance.absolute + test.tolerance.relative * abs($1)) && !($0.isNaN && $1.isNaN)
                }
                #expect(wrong == 0, "\(output): \(wrong) of \(a.count) differ")
            }
        } else if want.elementType == .string {
            #expect(have.strings == want.strings)
        } else {
            #expect(have.elementType == want.elementType || have.elementType == .int64)
            #expect(try #require(have.integers) == (try #require(want.integers)))
        }
    }

    @Test func featureNamesReachTheContract() throws {
        let test = try Case(name: "logistic_binary")
        let model = try ScikitLearnAdapter().importModel(try ModelSource(path: test.folder + "model.joblib"), try importOptions())
        let input = try #require(model.contract?.inputs.first)
        #expect(input.tensor == "X")
        #expect(input.features.map(\.name) == ["pt", "eta", "phi", "mass", "n_tracks"])
        #expect(model.provenance.producer.hasPrefix("scikit-learn 1."))
    }

    @Test func modelsInMemoryAreRead() throws {
        let folder = try Case(name: "standard_scaler").folder
        let bytes = Array(try Data(contentsOf: URL(filePath: folder + "model.joblib")))
        let model = try ScikitLearnAdapter().importModel(try ModelSource(bytes: bytes, name: "memory"), try importOptions())
        #expect(model.graph.outputs.map { model.graph[$0].name } == ["transform"])
    }
}

/// A folder of `Fixtures/sklearn/refused`.
enum RefusedCase {
    static let folder = fixtures + "refused/"
    static let all = Case.folders(of: folder, holding: "error.txt")
}

@Suite struct ScikitLearnRefusalTests {
    @Test(arguments: RefusedCase.all)
    func theErrorSaysWhatIsWrong(name: String) throws {
        let folder = RefusedCase.folder + name + "/"
        let expected = try String(contentsOf: URL(filePath: folder + "error.txt"), encoding: .utf8)
        let source = try ModelSource(path: folder + "model.pkl")
        let error = try #require(throws: ModelError.self) {
            try ScikitLearnAdapter().importModel(source, try importOptions())
        }
        #expect(error.file == source.path)
        let start = source.path + ": " + expected.split(separator: "\n").joined()
        #expect(error.description.hasPrefix(start), "\(error)")
    }

    /// The bytes of a pickle that creates `marker` when it is read.
    static func creating(_ marker: String) -> [UInt8] {
        Array("\u{80}\u{2}cos\nmkdir\n(V\(marker)\ntR.".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    }

    @Test(arguments: ["model.pkl", "model.joblib", "model.pickle", "model", "model.skops"])
    func nothingRunsWithoutTrust(name: String) throws {
        let folder = URL.temporaryDirectory.appending(path: "septum-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: name).path, marker = folder.path + "/ran"
        try Data(Self.creating(marker)).write(to: URL(filePath: path))
        let source = try ModelSource(path: path)
        #expect(ScikitLearnAdapter().recognizes(source))
        let error = try #require(throws: ModelError.self) {
            try ScikitLearnAdapter().importModel(source, try importOptions(trustsPickle: false))
        }
        #expect(!FileManager.default.fileExists(atPath: marker))
        guard name != "model.skops" else { return }
        #expect(error.code == .untrusted)
        #expect(error.remedy?.contains("--trust-pickle") == true)
        _ = try? ScikitLearnAdapter().importModel(source, try importOptions())
        #expect(FileManager.default.fileExists(atPath: marker), "the pickle does what it is meant to do")
    }

    @Test func otherFilesAreNotRecognized() throws {
        for bytes in [[], [0x80], [0x80, 0x04], [0x80, 0x07, 0], Array("{\"learner\"".utf8), [0x08, 0x07, 0x12]] as [[UInt8]] {
            #expect(!ScikitLearnAdapter().recognizes(try ModelSource(bytes: bytes, name: "file")))
        }
    }
}

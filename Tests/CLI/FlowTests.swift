import Foundation
import Septum
import Testing

/// The four taggers from source to scores of the simulated jets, against the scores of the libraries that trained them.
@Suite struct FlowTests {
    static let taggers = ["onnx/jet_deepsets", "onnx/jet_particlenet", "xgboost/jet_classifier", "sklearn/jet_pipeline"]

    @Test(arguments: taggers) func scoresEvents(_ tagger: String) throws {
        let fixture = Command.fixtures + "/" + tagger
        let folder = try TemporaryFolder()
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: fixture).filter { $0.hasPrefix("model.") }.sorted().last)
        var convert = ["convert", "\(fixture)/\(file)", folder("m.septum"), "--contract", fixture + "/contract.yaml"]
        if tagger.hasPrefix("sklearn") { convert.append("--trust-pickle") }
        let converted = try Command(convert)
        try #require(converted.status == 0 && converted.errors == "", "\(converted.errors)")

        let json = try JSON(parsing: try String(contentsOfFile: fixture + "/case.json", encoding: .utf8))
        let rtol = try #require(json["tolerance"]?["rtol"]?.double)
        let atol = try #require(json["tolerance"]?["atol"]?.double)
        try Command.succeed(
            "verify", folder("m.septum"), "--inputs", fixture + "/inputs.npz", "--expected", fixture + "/expected.npz", "--rtol",
            "\(rtol)", "--atol", "\(atol)")

        let events = Command.fixtures + "/events/jets/events.root"
        let run = try Command.succeed(
            "run", folder("m.septum"), events, "--tree", "Events", "-o", folder("s.npz"), "--plot", folder("p.svg"), "--keep",
            "event",
            "--json")
        #expect(try run.json()["events"]?.int == 600)
        let rows = try #require(try run.json()["rows"]?.int)
        let found = Dictionary(uniqueKeysWithValues: try Npz.read(path: folder("s.npz")).map { ($0.name, $0.tensor) })
        let contract = try #require(try Model.load(folder("m.septum")).contract)
        let expected = Dictionary(
            uniqueKeysWithValues: try Npz.read(path: fixture + "/event_scores.npz").map { ($0.name, $0.tensor) })
        var compared = 0
        for output in contract.outputs {
            let table = try #require(expected[output.tensor])
            for (column, name) in output.columns.enumerated() {
                let scores = try #require(found["Jet_" + name])
                let reference = try table.column(column, of: output.columns.count)
                #expect(scores.shape == [rows])
                let isExact = output.tensor == "margin" || reference.elementType.isInteger
                let comparison = try Comparison(name, scores, reference, rtol: isExact ? 0 : rtol, atol: isExact ? 0 : atol)
                #expect(comparison.isWithinTolerance, "\(name): \(comparison)")
                compared += 1
            }
        }
        #expect(compared == contract.outputs.reduce(0) { $0 + $1.columns.count })
        #expect(found["event"]?.count == 600 && found["Jet_\(contract.outputs[0].columns[0]).offsets"]?.count == 601)

        let other = try Command(
            [
                "run", folder("m.septum"), events, "-o", folder("t.npz"), "--keep", "event", "--threads", "2", "--batch",
                "\(Int.max)",
                "--chunk", "77", "--plot", folder("t.png"),
            ])
        #expect(other.status == 0 && other.errors == "")
        #expect(other.output.hasPrefix("\(folder("t.npz")): 600 events, "))
        for (name, tensor) in try Npz.read(path: folder("t.npz")) { #expect(try #require(found[name]).isIdentical(to: tensor)) }
        #expect(try folder.read("t.png").starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
        #expect(folder.names == ["m.septum", "p.svg", "s.npz", "t.npz", "t.png"])
    }
}

extension Tensor {
    /// Shape: `[n, width]` or `[n] -> [n]`. One column.
    func column(_ index: Int, of width: Int) throws -> Tensor {
        let size = elementType.byteWidth
        let rows = count / width
        let storage = try Storage(byteCount: rows * size)
        for row in 0..<rows {
            let start = (row * width + index) * size
            storage.bytes[row * size..<(row + 1) * size].copyBytes(from: bytes[start..<start + size])
        }
        return try Tensor(elementType, [rows], storage: storage)
    }
}

import Foundation
import Septum
import Testing

/// Every fixture and random graphs, under each instruction set, against hashes of the output bits that lie in the repository.
@Suite struct ReproducibilityTests {
    static let path = Probe.root + "/Tests/Reproducibility/golden.json"

    /// What `make golden` wrote.
    private func golden() throws -> [String: String] {
        let members = try #require(try JSON(parsing: String(contentsOfFile: Self.path, encoding: .utf8)).members)
        let pairs = members.compactMap { member in member.value.string.map { (member.name, $0) } }
        #expect(pairs.count == members.count)
        return Dictionary(pairs) { first, _ in first }
    }

    @Test func linesAreComplete() throws {
        let golden = try golden()
        #expect(golden.count { $0.key.hasPrefix("onnx/") } == 63)
        #expect(golden.count { $0.key.hasPrefix("xgboost/") } == 70)
        #expect(golden.count { $0.key.hasPrefix("lightgbm/") } == 43)
        #expect(golden.count { $0.key.hasPrefix("catboost/") } == 63)
        #expect(golden.count { $0.key.hasPrefix("sklearn/") } == 71)
        #expect(golden.count { $0.key.hasPrefix("tmva/") } == 31)
        #expect(golden.count { $0.key.hasPrefix("treelite/") } == 27)
        #expect(golden.count { $0.key.hasPrefix("fastbdt/") } == 5)
        #expect(golden.count { $0.key.hasPrefix("random/") } == 96)
        #expect(golden.count == 469)
        #expect(golden.values.allSatisfy { $0.count == 64 })
    }

    /// The probe compares batches of 1, 7, 64 and 1000, two threads, steps shared by two and three, misaligned memory, repeated runs
    /// and fresh contexts itself.
    @Test(arguments: ["baseline", "v3", "v4"]) func bitsAreTheSame(_ isa: String) throws {
        let probe = try Probe(["hashes", Probe.root + "/Fixtures"], isa: isa)
        if let refused = probe.errors.split(separator: "\n").first, refused.contains("SEPTUM_ISA") {
            #expect(isa != "baseline" && probe.status != 0, "\(refused)")
            return
        }
        #expect(probe.status == 0, "\(probe.errors)")
        #expect(probe.lines.first == "isa \(isa)")
        #expect(try probe.numbers("forms") == [5958])
        var left = try golden()
        for line in probe.lines.dropFirst().dropLast() {
            let words = line.split(separator: " ").map(String.init)
            let expected = left.removeValue(forKey: words[0])
            #expect(words[1] == expected, "\(words[0]) under \(isa); make golden, if that is meant")
        }
        #expect(left.isEmpty, "stale lines: \(left.keys.sorted())")
    }

    @Test func threadsAreThoseAsked() throws {
        for wrapper in [[], ["taskset", "-c", "0"]] {
            let probe = try Probe(["threads", "3"], wrapper: wrapper)
            #expect(probe.status == 0, "\(probe.errors)")
            #expect(try probe.numbers("tasks") == [1, 3, 1], "\(wrapper)")
            // One second idle; reading /proc and sleeping take less than a millisecond.
            #expect(try probe.numbers("idle")[0] < 5, "\(wrapper)")
        }
    }

    /// Eight contexts of a model with 4 MB of weights: its packed weights once, and eight arenas.
    @Test func weightsAreThereOnce() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "m.septum").path
        let weightBytes = 4 << 20
        try Self.perceptron(layers: 4, width: 512).save(to: path)
        let probe = try Probe(["memory", path, "8"])
        #expect(probe.status == 0, "\(probe.errors)")
        let sizes = try probe.numbers("weights")
        #expect(sizes.count == 3, "\(probe.lines)")
        let (weights, packed, context) = (Int(sizes[0]), Int(sizes[1]), Int(sizes[2]))
        #expect((weightBytes..<weightBytes + 16_384).contains(weights))
        #expect((weightBytes..<weightBytes + 16_384).contains(packed))
        #expect(context < 65_536)
        let (first, all) = (Int(try probe.numbers("first")[0]) << 10, Int(try probe.numbers("all")[0]) << 10)
        #expect(all - first < 8 * context + 262_144, "seven more contexts took \(all - first) bytes")
        #expect(all < weightBytes + 8 * context + (1 << 20), "\(all) bytes")
        // Of the file the graph and a few pages around the weights.
        #expect(try probe.numbers("file")[0] < 512, "the weights are there twice")
    }

    /// Layers of `width` to `width` with biases and rectifiers.
    private static func perceptron(layers: Int, width: Int) throws -> Model {
        var graph = Graph()
        var value = try graph.addInput("x", .tensor(.float32, [.symbol("batch"), .fixed(width)]))
        for layer in 0..<layers {
            let numbers = (0..<width * width).map { Float(($0 &* 2_654_435_761 &+ layer) % 1000 - 500) / 5000 }
            let weight = try graph.addConstant(try Tensor([width, width], numbers))
            let bias = try graph.addConstant(try Tensor([width], [Float](repeating: 0.1, count: width)))
            let product = try graph.append(Op.Gemm(), inputs: [value, weight, bias])[0]
            value = try graph.append(Op.Relu(), inputs: [product])[0]
        }
        try graph.addOutput(value)
        return Model(graph: graph)
    }
}

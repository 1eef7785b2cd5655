import Septum
import Testing

@Suite struct FacadeTests {
    private let tagger = Fixture(format: "onnx", name: "jet_deepsets")

    private func doubled() throws -> Program {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 2]))
        try graph.addOutput(try graph.append(Op.Add(), inputs: [x, x], outputs: ["y"])[0])
        return try Program(graph)
    }

    @Test func namesTheFileThatIsNoModel() throws {
        let folder = try TemporaryFolder()
        for (name, bytes, message) in [
            ("empty.onnx", [], "the file is empty"),
            ("text.dat", Array("hello".utf8), "the content is of no known model format; run 'septum formats' for the list"),
        ] as [(String, [UInt8], String)] {
            let path = try folder.write(name, bytes)
            let error = #expect(throws: ModelError.self) { try Model.load(path) }
            #expect(error?.description == "\(path): \(message)")
        }
        let text = try folder.write("text.txt", Array("hello".utf8))
        let mistaken = #expect(throws: ModelError.self) { try Model.load(text) }
        #expect(mistaken?.message == "the first line is not 'tree', with which LightGBM's models start")
        for suffix in ["onnx", "json", "ubj", "septum", "joblib"] {
            let path = try folder.write("noise." + suffix, (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 77) })
            let error = #expect(throws: ModelError.self, "\(suffix)") { try Model.load(path) }
            #expect(error?.file == path)
        }
        let path = tagger.folder + "/model.onnx"
        let unknown = #expect(throws: ModelError.self) { try Model.load(path, format: "keras") }
        #expect(unknown?.message == "no format is called 'keras'")
        #expect(throws: ModelError.self) { try Model.load(path, format: "xgboost") }
    }

    @Test func findsTheFormatUnderAnotherSuffix() throws {
        let folder = try TemporaryFolder()
        for (fixture, file, wrong) in [
            (tagger, "model.onnx", "x.septum"), (Fixture(format: "xgboost", name: "jet_classifier"), "model.ubj", "x.onnx"),
            (Fixture(format: "xgboost", name: "jet_classifier"), "model.json", "x"),
        ] {
            let source = try ModelSource(path: fixture.folder + "/" + file)
            let path = try folder.write(wrong, Array(source.bytes))
            #expect(try Model.load(path).provenance.format == fixture.format)
        }
    }

    @Test func keepsWhereAModelCameFrom() throws {
        let folder = try TemporaryFolder()
        let model = try Model.load(tagger.folder + "/model.onnx")
        #expect(model.provenance.sourceName == "model.onnx")
        try model.save(to: folder("a.septum"))
        try Model.load(folder("a.septum")).save(to: folder("b.septum"))
        #expect(try Model.load(folder("b.septum")).provenance == model.provenance)
    }

    @Test func readsAndWritesArchives() throws {
        let folder = try TemporaryFolder()
        let program = try doubled()
        let x = try Tensor([2, 2], [Float(1), 2, 3, 4])
        try Npz.write([("x", x)], path: folder("in.npz"))
        #expect(try program.takesTensors(npz: folder("in.npz")))
        let outputs = try program.run(npz: folder("in.npz"))
        #expect(outputs.map(\.name) == ["y"])
        #expect(try outputs[0].tensor.array(of: Float.self) == [2, 4, 6, 8])
        let cases: [(entries: [(String, Tensor)], message: String)] = [
            ([("z", x)], "'z' (float32[2, 2]) is no input of the model; its inputs are x"),
            ([("x", x), ("z", x)], "'z' (float32[2, 2]) is no input of the model; its inputs are x"),
            ([], "input 'x' (float32[batch, 2]) is missing, found "),
            ([("x", try Tensor([4], [Float(1), 2, 3, 4]))], "input 'x' is float32[4], expected float32[batch, 2]"),
            ([("x", try Tensor([2, 2], [1.0, 2, 3, 4]))], "input 'x' is float64[2, 2], expected float32[batch, 2]"),
        ]
        for (entries, message) in cases {
            try Npz.write(entries.map { ($0.0, $0.1) }, path: folder("in.npz"))
            let error = #expect(throws: ModelError.self) { try program.run(npz: folder("in.npz")) }
            #expect(error?.description == "\(folder("in.npz")): \(message)")
        }
    }

    /// An array of one axis that is called like an input and like a column is a column.
    @Test func tellsColumnsFromTensors() throws {
        let folder = try TemporaryFolder()
        let program = try doubled()
        let contract = InputContract(name: "c", inputs: [.init(tensor: "x", features: [.init(name: "x"), .init(name: "z")])])
        let other = InputContract(name: "c", inputs: [.init(tensor: "x", features: [.init(name: "a"), .init(name: "b")])])
        let column = try Tensor([2], [Float(1), 2])
        try Npz.write([("x", column), ("z", column)], path: folder("events.npz"))
        try Npz.write([("x", try Tensor([1, 2], [Float(1), 2]))], path: folder("tensors.npz"))
        #expect(try !program.takesTensors(npz: folder("events.npz"), contract: contract))
        #expect(try program.takesTensors(npz: folder("events.npz"), contract: other))
        #expect(try program.takesTensors(npz: folder("tensors.npz"), contract: contract))
        try Npz.write([("z", column)], path: folder("events.npz"))
        #expect(try !program.takesTensors(npz: folder("events.npz"), contract: contract))
    }

    @Test func compares() throws {
        let nan = Float.nan
        let a = try Tensor([4], [Float(1), nan, 0, 100])
        let b = try Tensor([4], [Float(1.001), nan, -0.0, 100])
        let strict = try Comparison("y", a, b, rtol: 1e-4, atol: 0)
        #expect(strict.count == 4 && strict.identicalCount == 3 && strict.failureCount == 1)
        #expect(!strict.isWithinTolerance)
        #expect(abs(strict.maxAbsoluteDifference - 0.001) < 1e-6 && abs(strict.maxRelativeDifference - 0.000999) < 1e-6)
        #expect(try Comparison("y", a, b, rtol: 1e-2, atol: 0).isWithinTolerance)
        #expect(try Comparison("y", a, b, rtol: 0, atol: 0.01).isWithinTolerance)
        let infinite = try Tensor([1], [Float.infinity])
        let large = try Tensor([1], [Float.greatestFiniteMagnitude])
        #expect(try Comparison("y", infinite, infinite, rtol: 0, atol: 0).isWithinTolerance)
        #expect(try !Comparison("y", large, infinite, rtol: 1e-5, atol: 1e-6).isWithinTolerance)
        #expect(try !Comparison("y", infinite, large, rtol: 1e-5, atol: 1e-6).isWithinTolerance)
        #expect(try !Comparison("y", try Tensor([1], [nan]), large, rtol: 1, atol: 1).isWithinTolerance)
        let words = try Tensor([2], strings: ["b", "c"])
        #expect(try Comparison("y", words, words, rtol: 0, atol: 0).isWithinTolerance)
        #expect(try Comparison("y", words, try Tensor([2], strings: ["b", "l"]), rtol: 1, atol: 1).failureCount == 1)
        let shape = #expect(throws: ModelError.self) { try Comparison("y", a, large, rtol: 0, atol: 0) }
        #expect(shape?.description == "output 'y' is float32[4], expected float32[1]")
        let type = #expect(throws: ModelError.self) { try Comparison("y", words, try Tensor([2], [1.0, 2]), rtol: 0, atol: 0) }
        #expect(type?.code == .mismatch)
    }

    @Test func bigIntegersDifferByOne() throws {
        let a = try Tensor([1], [Int64(1 << 60)])
        let b = try Tensor([1], [Int64(1 << 60) + 1])
        #expect(try !Comparison("y", a, b, rtol: 0, atol: 0).isWithinTolerance)
    }

    @Test func measures() throws {
        let program = try doubled()
        let inputs = try program.randomInputs(batch: 3, sizes: [:])
        #expect(inputs.map(\.shape) == [[3, 2]])
        let result = try Measurement.measure(program, inputs, batch: 3, threads: 2, seconds: 0.01)
        #expect(result.repetitions > 0)
        #expect(result.minimum > 0 && result.minimum <= result.median && result.median <= result.p99)
        for batch in [Int.max, 1 << 40] {
            let error = #expect(throws: ModelError.self) { try program.randomInputs(batch: batch, sizes: [:]) }
            #expect(error?.code == .limit)
        }
    }

    /// Damage to a model that computes: an error or results, never a trap.
    @Test func survivesDamage() throws {
        let folder = try TemporaryFolder()
        try Model.load(tagger.folder + "/model.onnx").save(to: folder("m.septum"))
        let whole = try folder.read("m.septum")
        let header = whole.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let inputs = try Npz.read(path: tagger.folder + "/inputs.npz")
        var state: UInt64 = 3
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var (refused, ran) = (0, 0)
        for _ in 0..<150 {
            var damaged = whole
            let place = 8 + next(header)
            // A digit for a digit reaches further than a flipped bit.
            if (0x30...0x39).contains(damaged[place]) {
                damaged[place] = 0x30 + UInt8(next(10))
            } else {
                damaged[place] ^= 1 << UInt8(next(8))
            }
            do throws(ModelError) {
                let source = try ModelSource(bytes: damaged, name: "m.septum")
                let model = try SeptumFile.read(source, operators: .standard)
                let program = try Program(model)
                var tensors: [Tensor] = []
                for port in program.inputs { tensors += inputs.filter { $0.name == port.name }.map(\.tensor) }
                _ = try program.makeContext().run(tensors)
                ran += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused + ran == 150)
        #expect(refused > 50 && ran > 5)
    }
}

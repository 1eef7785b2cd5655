import Septum
import Testing

/// Certified models: the bits that they carry are theirs, and every change is found.
@Suite struct SelfTestTests {
    private func certified(_ folder: TemporaryFolder, _ fixture: Fixture) throws -> String {
        let model = try Model.load(try fixture.models()[0])
        try model.certified().save(to: folder("m.septum"))
        return folder("m.septum")
    }

    @Test(
        arguments: [
            Fixture(format: "onnx", name: "jet_deepsets"), Fixture(format: "xgboost", name: "jet_classifier"),
            Fixture(format: "onnx", name: "jet_particlenet"),
        ])
    func certificatesSurviveTheFile(_ fixture: Fixture) throws {
        let folder = try TemporaryFolder()
        let model = try Model.load(try certified(folder, fixture))
        let test = try model.selfTest()
        #expect(test.version == septumVersion && test.probeCount == 3 && test.valueCount > 0)
        try model.save(to: folder("copy.septum"))
        #expect(try Model.load(folder("copy.septum")).selfTest().valueCount == test.valueCount)
        #expect(model.summary["certificate"]?["probes"]?.int == 3)
    }

    @Test func probesMayBeGiven() throws {
        let folder = try TemporaryFolder()
        let fixture = Fixture(format: "onnx", name: "jet_deepsets")
        let model = try Model.load(fixture.folder + "/model.onnx")
        let program = try Program(model)
        let inputs = try program.inputs(npz: fixture.folder + "/inputs.npz")
        try model.certified(probes: [inputs]).save(to: folder("m.septum"))
        #expect(try Model.load(folder("m.septum")).selfTest().valueCount == program.makeContext().run(inputs)[0].count)
        #expect(throws: ModelError.self) { try model.certified(probes: [[]]) }
    }

    @Test func oneWrongBitIsFound() throws {
        let folder = try TemporaryFolder()
        let path = try certified(folder, Fixture(format: "onnx", name: "jet_deepsets"))
        let whole = try folder.read("m.septum")
        let header = whole.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        // Weights take the most room, the results of the last probe lie at the end.
        for (place, message) in [
            (8 + header + (whole.count - header) / 3, "the weights are not those that were certified: "),
            (whole.count - 4, "output 'probabilities' of probe 2 differs in 1 of 15 values, first at 14: found "),
        ] {
            var damaged = whole
            damaged[place] ^= 1
            _ = try folder.write("m.septum", damaged)
            let error = #expect(throws: ModelError.self) { try Model.load(path).selfTest() }
            #expect(error?.code == .mismatch)
            #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
        }
        let plain = #expect(throws: ModelError.self) { try Model(graph: Graph()).selfTest() }
        #expect(plain?.code == .invalidInput && plain?.message == "the model carries no certificate")
    }
}

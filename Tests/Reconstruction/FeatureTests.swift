import SeptumEngine
import SeptumIR
import SeptumReconstruction
import SeptumTensor
import Testing

/// Features against `contract.py`, which computes them in numpy.
@Suite struct FeatureTests {
    private let folder = fixtures + "/contract/features"

    @Test func areThoseOfTheReference() throws {
        let contract = try InputContract(yamlPath: folder + "/contract.yaml")
        let features = try #require(contract.inputs.first?.features)
        #expect(features.count == 22)
        var named = contract
        named.outputs = [.init(tensor: "y", columns: features.map(\.name))]
        let scheduler = try Scheduler(try Programs.identity(features.count), named, try EventFiles.open(folder + "/inputs.npz"))
        let (sink, _) = try scheduler.collected()
        let expected = Dictionary(uniqueKeysWithValues: try Npz.read(path: folder + "/expected.npz").map { ($0.name, $0.tensor) })
        #expect(expected.count == features.count)
        for feature in features {
            let reference = try #require(expected[feature.name]).array(of: Float.self)
            let found = try #require(sink[feature.name])
            #expect(found.count == 60)
            for (index, (a, b)) in zip(found, reference).enumerated() {
                #expect(a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN), "\(feature.name)[\(index)]: \(a), expected \(b)")
            }
        }
    }

    @Test func areTheSameInFloat64() throws {
        let features = [InputContract.Feature(name: "a", branch: "hard", offset: 0.1, scale: 3.3)]
        let contract = InputContract(name: "", inputs: [.init(tensor: "x", features: features)])
        let events = try EventFiles.open(folder + "/inputs.npz")
        let wide = try Scheduler(try Programs.identity(1, .float64), contract, events)
        let narrow = try Scheduler(try Programs.identity(1), contract, events)
        let (sink, summary) = try narrow.collected()
        let folder = try TemporaryFolder()
        var file = try EventFiles.create(folder("o.npz"))
        let found = try wide.run(into: &file)
        #expect(found.scores.first?.histogram == summary.scores.first?.histogram)
        let values = try #require(try Npz.read(path: folder("o.npz")).first).tensor.array(of: Double.self)
        #expect(values.count == 60)
        #expect(values.map(\.bitPattern) == sink.columns[0].values.map { Double($0).bitPattern })
        #expect(try #require(Npz.read(path: folder("o.npz")).first).tensor.elementType == .float64)
    }
}

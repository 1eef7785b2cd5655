import SeptumIR
import SeptumONNX
import SeptumOperators
import SeptumTensor
import Testing

/// A node without a seed draws numbers of its own, which the file alone decides.
@Suite struct RandomSeedTests {
    private static func model(_ seeds: [Float?], outputs: [String]) throws -> Model {
        let nodes = zip(seeds, outputs).map { seed, output in
            NodeRecord(
                "RandomNormal", inputs: [], outputs: [output],
                attributes: [.init("shape", .ints([5]))] + (seed.map { [.init("seed", .float($0))] } ?? []))
        }
        return try StructureTests.imported(Sample.model(StructureTests.graph(nodes, inputs: [], outputs: outputs)))
    }

    private static func seeds(_ model: Model) -> [Float?] { model.graph.nodes.map { ($0.op as? Op.RandomNormal)?.seed } }

    @Test func seedsComeFromTheFile() throws {
        let model = try Self.model([nil, nil, 3, .nan], outputs: ["y", "z", "u", "v"])
        let seeds = Self.seeds(model)
        #expect(Set(seeds).count == 4 && seeds[2] == 3)
        #expect(seeds.allSatisfy { $0 != nil && $0 != 0 && $0?.isNaN == false })
        #expect(try Self.seeds(Self.model([nil, nil, 3, .nan], outputs: ["y", "z", "u", "v"])) == seeds)
        let numbers = try StructureTests.run(model)
        #expect(!numbers[0].isIdentical(to: numbers[1]))
        for (first, second) in zip(numbers, try StructureTests.run(model)) { #expect(first.isIdentical(to: second)) }
    }

    @Test func seedsSurviveExportAndPasses() throws {
        let model = try Self.model([nil, 3], outputs: ["y", "z"])
        #expect(try Self.seeds(ExportTests.again(model)) == Self.seeds(model))
        #expect(try Self.seeds(Model(graph: model.graph.simplified())) == Self.seeds(model))
    }
}

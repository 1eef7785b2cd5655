import Septum
import Testing

@Suite struct PlanTests {
    /// Models whose buffers leave gaps, with their arena over what lives at the same time.
    static let looser = ["onnx/quantized_mlp_16bit": 1.25, "onnx/unet": 1.16, "tmva/fisher": 1.15]

    /// The arena of every other model is within a tenth of what lives at the same time at its worst step.
    @Test(arguments: Fixture.all) func packsTheArena(_ fixture: Fixture) throws {
        for path in try fixture.models() {
            let program = try Program(try fixture.load(path))
            for event in fixture.events {
                let summary = try program.planSummary(try fixture.inputs(event, program).map(\.shape))
                let limit = Self.looser[fixture.testDescription] ?? 1.1
                #expect(Double(summary.arenaByteCount) <= limit * Double(summary.leastByteCount), "\(event)")
            }
        }
    }

    /// Formulas give what the type rules give: plans with and without them agree, whatever the sizes.
    @Test(arguments: [5, 8, 9, 13]) func followsFormulas(_ particles: Int) throws {
        for name in ["jet_particlenet", "jet_deepsets", "transformer_block", "weaver_particlenet"] {
            let program = try Program(try Model.load("\(Fixture.root)/onnx/\(name)/model.onnx"))
            var sizes: [String: Int] = [:]
            for port in program.inputs {
                for case let symbol? in (port.type.tensor?.shape ?? []).map(\.symbolName) { sizes[symbol] = particles }
            }
            let inputs = try program.randomInputs(batch: 2, sizes: sizes)
            let found = try program.makeContext().run(inputs)
            let plain = try Interpreter.run(program.graph, inputs.map(Value.tensor)).map { try #require($0.tensor) }
            for (a, b) in zip(found, plain) {
                #expect(a.shape == b.shape)
                let isClose = zip(try a.array(of: Float.self), try b.array(of: Float.self)).allSatisfy {
                    abs($0 - $1) <= 1e-4 * max(1, abs($1)) || $0.isNaN && $1.isNaN
                }
                #expect(isClose, "\(name)")
            }
        }
    }
}

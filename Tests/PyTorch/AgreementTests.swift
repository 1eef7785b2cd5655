import Foundation
import Septum
import Testing

/// Networks in every form, imported, compiled and run, against PyTorch itself.
@Suite struct AgreementTests {
    /// The networks, and the exporter whose graph is used.
    static let cases = [
        ("cnn", "dynamo=True"), ("cnn_traced", "dynamo=False"),
        ("deepsets", "dynamo=True"), ("deepsets_program", "dynamo=True"), ("deepsets_scripted", "dynamo=False"),
        ("edgeconv", "dynamo=True"), ("edgeconv_program", "dynamo=True"), ("edgeconv_traced", "dynamo=False"),
        ("fixed_length_traced", "dynamo=False"),
        ("graph_index_add", "dynamo=True"), ("graph_program", "dynamo=True"), ("graph_scatter_add", "dynamo=True"),
        ("gru", "dynamo=True"), ("heads", "dynamo=True"), ("heads_program", "dynamo=True"),
        ("library_transformer", "dynamo=True"), ("lstm", "dynamo=True"), ("lstm_scripted", "dynamo=False"),
        ("mlp", "dynamo=True"), ("mlp_float64", "dynamo=True"), ("mlp_program", "dynamo=True"), ("mlp_traced", "dynamo=False"),
        ("optional_mask", "dynamo=True"), ("optional_mask_left_out", "dynamo=True"),
        ("small_constant", "dynamo=True"), ("small_constant_program", "dynamo=True"),
        ("training_mode", "dynamo=True"), ("training_mode_scripted", "dynamo=False"),
        ("transformer", "dynamo=True"), ("transformer_program", "dynamo=True"), ("unrolled_scripted", "dynamo=False"),
    ]

    @Test func caseCount() throws {
        #expect(AgreementTests.cases.count == 31)
        let made = try FileManager.default.contentsOfDirectory(atPath: Case.root.get())
        #expect(Set(made) == Set(AgreementTests.cases.map(\.0) + ["fixed_length", "graph_traced", "refused"]))
    }

    /// The tolerance: sums of float32 in another order; float64 to almost all of its digits.
    @Test(arguments: cases) func agrees(_ name: String, _ exporter: String) throws {
        let test = try Case(name)
        let model = try test.load()
        #expect(model.provenance.format == "pytorch")
        #expect(model.provenance.producer.hasPrefix("torch 2."))
        #expect(model.provenance.options == ["exporter": exporter])
        let program = try Program(model)
        let context = program.makeContext()
        #expect(Set(program.inputs.map(\.name)) == Set(test.shapes.map(\.name)))
        for (file, inputs, expected) in try test.events() {
            #expect(Set(program.outputs.map(\.name)) == Set(expected.keys))
            let ordered = try program.inputs.map { try #require(inputs[$0.name]) }
            let plain = try Interpreter.run(model.graph, ordered.map(Value.tensor)).map { try #require($0.tensor) }
            for (how, results) in [("engine", try context.run(ordered)), ("definitions", plain)] {
                for (port, result) in zip(program.outputs, results) {
                    let want = try #require(expected[port.name])
                    let isDouble = want.elementType == .float64
                    let comparison = try Comparison(
                        port.name, result, want, rtol: isDouble ? 1e-12 : 1e-5, atol: isDouble ? 1e-13 : 2e-6)
                    #expect(
                        result.elementType == want.elementType && comparison.isWithinTolerance,
                        "\(how), \(file), \(port.name): off by \(comparison.maxAbsoluteDifference)")
                }
            }
        }
    }

    @Test func bytesInMemoryAreRead() throws {
        let test = try Case("deepsets")
        var options = ImportOptions()
        options.trustsPickle = true
        options.pythonExecutable = try Case.python
        options.inputShapes = test.shapes
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: test.model)))
        let adapter = try AdapterRegistry.standard.adapter(named: "pytorch")
        let model = try adapter.importModel(try ModelSource(bytes: bytes, name: "memory.pt"), options)
        #expect(try model.graph.nodes.count == test.load().graph.nodes.count)
    }
}

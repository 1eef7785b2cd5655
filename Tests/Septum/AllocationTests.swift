import CSeptumCounters
import Septum
import Testing

/// Runs of a model with given shapes, once it is warm, ask nothing of the system.
@Suite(.enabled(if: septum_counts_are_kept() != 0)) struct AllocationTests {
    /// Models with parts that allocate, and why.
    static let allocating = [
        "catboost/ctr": "categories are strings",
        "catboost/ctr_borders": "categories are strings",
        "catboost/ctr_cbm": "categories are strings",
        "catboost/ctr_classes": "categories are strings",
        "catboost/ctr_depthwise": "categories are strings",
        "catboost/ctr_kinds": "categories are strings",
        "catboost/ctr_kinds_cbm": "categories are strings",
        "catboost/ctr_mixed": "categories are strings",
        "catboost/ctr_mixed_json": "categories are strings",
        "catboost/ctr_only": "categories are strings",
        "catboost/ctr_renamed": "categories are strings",
        "catboost/integers": "categories are strings",
        "catboost/one_hot": "categories are strings",
        "catboost/one_hot_cbm": "categories are strings",
        "catboost/v0_ctr": "categories are strings",
        "catboost/v0_ctr_json": "categories are strings",
        "onnx/keras_tracks": "a loop, whose body runs as a graph of its own",
        "onnx/keras_tracks_tf2onnx": "a loop, whose body runs as a graph of its own",
        "onnx/pyg_convolutions": "NonZero, whose number of rows is in the values",
        "onnx/pyg_convolutions_dynamo": "NonZero, whose number of rows is in the values",
        "onnx/script_loop": "a loop and branches, whose bodies run as graphs of their own",
        "onnx/weaver_part_dynamo": "sequences of tensors",
        "sklearn/adaboost_binary": "the classes are strings",
        "sklearn/bagging_classifier": "the classes are strings",
        "sklearn/extra_trees_classifier": "the classes are strings",
        "sklearn/extra_trees_label_names": "the classes are strings",
        "sklearn/hist_boosting_multiclass": "the classes are strings",
        "sklearn/logistic_binary": "the classes are strings",
        "sklearn/voting_soft": "the classes are strings",
    ]

    @Test(arguments: Fixture.all) func allocatesNothing(_ fixture: Fixture) throws {
        for path in try fixture.models() {
            let program = try Program(try fixture.load(path))
            guard (program.inputs + program.outputs).allSatisfy({ $0.type.tensor.map { $0.elementType != .string } ?? false })
            else {
                #expect(Self.allocating[fixture.testDescription] != nil, "a value that is not in memory")
                continue
            }
            let context = program.makeContext()
            for event in fixture.events {
                let inputs = try fixture.inputs(event, program)
                let binding = try context.bind(inputs.map(\.shape))
                for (index, tensor) in inputs.enumerated() {
                    if let pointer = UnsafeRawPointer(tensor.bytes.baseAddress) { binding.setInput(index, pointer) }
                }
                for _ in 0..<2 { try binding.run() }
                let before = septum_counts_now()
                for _ in 0..<3 { try binding.run() }
                let after = septum_counts_now()
                let isQuiet = after.allocations == before.allocations
                #expect(isQuiet == (Self.allocating[fixture.testDescription] == nil), "\(after.allocations - before.allocations)")
                if isQuiet { #expect(after.locks == before.locks && after.threads == before.threads) }
            }
        }
    }
}

import SeptumIR
import SeptumTensor

/// Operators that ONNX has under another name or in another form.
enum SpecialExports {
    typealias Export = @Sendable (Graph.Node, inout GraphExporter, inout ExportSession) throws(ModelError) -> Void

    static let all: [String: Export] = ["Forest": exportForest]

    /// Operators of `ai.onnx.ml` that these write, with the version of the operator set.
    static let written = ["TreeEnsembleRegressor": 3, "TreeEnsemble": 5]
}

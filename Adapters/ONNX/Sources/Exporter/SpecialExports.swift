import SeptumIR
import SeptumTensor

/// Operators that ONNX has under another name or in another form.
enum SpecialExports {
    typealias Export = @Sendable (Graph.Node, inout GraphExporter, inout ExportSession) throws(ModelError) -> Void

    static let all: [String: Export] = ["Forest": exportForest]
}

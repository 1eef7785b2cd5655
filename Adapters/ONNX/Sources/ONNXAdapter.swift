public import SeptumIR
public import SeptumOperators
public import SeptumTensor

/// Reads and writes ONNX files.
///
/// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/IR.md
public struct ONNXAdapter: ModelAdapter {
    static let formatName = "onnx"

    let registry: OperatorRegistry

    /// - Parameter registry: The operators that nodes may become; one of a domain of its own is found under `domain.name`.
    public init(operators registry: OperatorRegistry = .standard) { self.registry = registry }

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: ONNXAdapter.formatName, title: "ONNX", suffixes: ["onnx"], canImport: true, canExport: true,
            versions: "opset 1 to 28, ai.onnx.ml 1 to 5; writes opset 13 to 28, unless told the oldest sufficient from 18 on")
    }

    /// A file starts with its IR version, and says soon where its graph is.
    public func recognizes(_ source: ModelSource) -> Bool { ProtobufSketch.isModel(source.bytes) }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            return try ModelImporter.model(source, options, registry)
        } catch {
            throw error.inFile(source.path)
        }
    }

    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        do throws(ModelError) {
            try ModelExporter.write(model, options, to: path)
        } catch {
            throw error.inFile(path)
        }
    }
}

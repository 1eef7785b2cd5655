public import SeptumIR
import SeptumOperators
public import SeptumTensor

/// Writes a forest of trees, with its link functions, as one C++17 header that needs nothing else.
///
/// Each output of the graph becomes a function of one row; scores before link functions have Septum's bits.
public struct CppAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "cpp", title: "C++ header", suffixes: ["hpp", "h"], canImport: false, canExport: true, versions: "C++17")
    }

    public func recognizes(_ source: ModelSource) -> Bool { false }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        throw ModelError(.unsupported, "a C++ header can be written, not read", file: source.path)
    }

    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        let reading = try ForestReading(model, outputs: options.outputs)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let header = try Header(reading, file: file, provenance: model.provenance)
        try OutputFile.write(header.text.utf8, to: path)
    }
}

public import SeptumIR
import SeptumOperators
public import SeptumTensor

/// Septum's own format as one adapter among the others.
public struct SeptumFileAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "septum", title: "Septum", suffixes: ["septum"], canImport: true, canExport: true,
            versions: "\(SeptumFile.version)")
    }

    public func recognizes(_ source: ModelSource) -> Bool { SeptumFile.recognizes(source) }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        try SeptumFile.read(source, operators: .standard)
    }

    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        try SeptumFile.write(model, to: path)
    }
}

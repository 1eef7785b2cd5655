public import SeptumIR
import SeptumOperators
public import SeptumTensor

/// Reads LightGBM models in their text form, versions v2 to v4.
///
/// The graph takes `X`, float64 `[batch, features]`, and gives `prediction` and `margin` with the shapes and values of
/// `Booster.predict(raw_score=False)` and `True`.
public struct LightGBMAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "lightgbm", title: "LightGBM text", suffixes: ["lgb", "txt"], canImport: true, canExport: true,
            versions: "v2 to v4")
    }

    /// The first line is `tree`, the version follows.
    public func recognizes(_ source: ModelSource) -> Bool {
        let start = String(decoding: source.bytes.prefix(256), as: UTF8.self)
        let lines = start.split(whereSeparator: \.isNewline)
        return lines.first == "tree" && lines.dropFirst().contains { $0.hasPrefix("version=v") }
    }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            let file = try TextFile(source.bytes)
            let booster = try Booster(file)
            var model = try Importer(booster: booster).model(named: source.name)
            if options.keepsStatistics { try BoosterStatistics.read(file).write(to: &model.metadata) }
            model.provenance = Provenance(format: "lightgbm", producer: "lightgbm text \(booster.version)")
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        try OutputFile.write(try Exporter(model, options).document().utf8, to: path)
    }
}

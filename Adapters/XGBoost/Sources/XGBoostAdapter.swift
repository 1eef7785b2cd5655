public import SeptumIR
import SeptumOperators
public import SeptumTensor

/// Reads XGBoost models in JSON and UBJSON, versions 1.0 to 3.x, and in the binary form of 0.6 to 2.x.
///
/// The graph takes `X`, float32 `[batch, features]`, in which NaN is a missing value, and gives `prediction` and `margin`
/// with the shapes and values of `Booster.predict(output_margin=False)` and `True`: all rounds are used, also after early
/// stopping.
public struct XGBoostAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "xgboost", title: "XGBoost", suffixes: ["json", "ubj"], canImport: true, canExport: true,
            versions: "JSON and UBJSON of 1.0 to 3.x, binary of 0.6 to 2.x")
    }

    /// Text and UBJSON start with an object, among whose first members is the learner; the binary form with its parameters.
    public func recognizes(_ source: ModelSource) -> Bool {
        if Booster.isBinary(source.bytes) || XGBoostAdapter.isPickled(source) { return true }
        let start = source.bytes.prefix(4096)
        guard let first = start.first(where: { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }), first == UInt8(ascii: "{") else {
            return false
        }
        return Array(start).firstRange(of: Array((RecordFile.isBinary(source.bytes) ? "learner" : "\"learner\"").utf8)) != nil
    }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            var model = try XGBoostAdapter.isPickle(source) ? pickled(source, options) : plain(source, options)
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    private func plain(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        let isBinary = Booster.isBinary(source.bytes)
        let keeps = options.keepsStatistics
        let booster =
            isBinary
            ? try Booster(binary: source.bytes, keepsStatistics: keeps)
            : try Booster(try RecordFile.read(source.bytes), keepsStatistics: keeps)
        var model = try Importer(booster: booster).model(named: source.name)
        if keeps { booster.statistics.write(to: &model.metadata) }
        model.provenance = Provenance(format: "xgboost", producer: XGBoostAdapter.producer(booster.version, isBinary))
        return model
    }

    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        guard !path.lowercased().hasSuffix(".ubj") else {
            throw ModelError(.unsupported, "XGBoost models are written as JSON", remedy: "name the file .json")
        }
        try OutputFile.write(try Exporter(model, options).document().utf8, to: path)
    }

    /// The binary form has no patch number, and before 1.0 none at all.
    static func producer(_ version: Booster.Version, _ isBinary: Bool) -> String {
        guard isBinary else { return "xgboost \(version)" }
        return version.major == 0 ? "xgboost before 1.0" : "xgboost \(version.major).\(version.minor)"
    }
}

public import SeptumIR
public import SeptumTensor

/// Reads XGBoost models in JSON and UBJSON, versions 1.0 to 3.x.
///
/// The graph takes `X`, float32 `[batch, features]`, in which NaN is a missing value, and gives `prediction` and `margin`
/// with the shapes and values of `Booster.predict(output_margin=False)` and `True`: all rounds are used, also after early
/// stopping.
public struct XGBoostAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "xgboost", title: "XGBoost JSON and UBJSON", suffixes: ["json", "ubj"], canImport: true, canExport: false,
            versions: "1.0 to 3.x")
    }

    /// Both encodings start with an object, among whose first members is the learner.
    public func recognizes(_ source: ModelSource) -> Bool {
        let start = source.bytes.prefix(4096)
        guard let first = start.first(where: { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }), first == UInt8(ascii: "{") else {
            return false
        }
        return Array(start).firstRange(of: Array((RecordFile.isBinary(source.bytes) ? "learner" : "\"learner\"").utf8)) != nil
    }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            let booster = try Booster(try RecordFile.read(source.bytes))
            var model = try Importer(booster: booster).model(named: source.name)
            model.provenance = Provenance(format: "xgboost", producer: "xgboost \(booster.version)")
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }
}

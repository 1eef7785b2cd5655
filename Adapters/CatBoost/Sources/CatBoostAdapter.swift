public import SeptumIR
public import SeptumTensor

/// Reads CatBoost models in their JSON and binary forms.
///
/// The graph takes `X`, float32 `[batch, numerical features]`, and where there are categorical features `categories`, string
/// `[batch, categorical features]`, or int64 when the caller says so. It gives `margin`, CatBoost's `RawFormulaVal`, and
/// `prediction`, what the loss makes of it: probabilities, expected values.
public struct CatBoostAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "catboost", title: "CatBoost JSON and cbm", suffixes: ["cbm", "json"], canImport: true, canExport: false,
            versions: "0.2x to 1.2")
    }

    /// The binary form has a mark; a JSON file starts with one of its members.
    public func recognizes(_ source: ModelSource) -> Bool {
        if source.bytes.starts(with: BinaryFile.mark) { return true }
        let start = String(decoding: source.bytes.prefix(256).filter { $0 > 0x20 }, as: UTF8.self)
        return JSONFile.members.contains { start.hasPrefix("{\"\($0)\":") }
    }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            let isBinary = source.bytes.starts(with: BinaryFile.mark)
            let ensemble = isBinary ? try BinaryFile.read(source.bytes) : try JSONFile.read(source.bytes)
            var model = try Importer(ensemble, categoryType: try categoryType(options)).model(named: source.name)
            model.provenance = Provenance(format: "catboost", producer: "catboost \(version(ensemble))")
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    private func categoryType(_ options: ImportOptions) throws(ModelError) -> ElementType {
        guard let type = options.inputShapes.first(where: { $0.name == "categories" })?.type.elementType else { return .string }
        guard type == .string || type == .int64 else {
            throw ModelError(.invalidInput, "found \(type) for the input 'categories', expected string or int64")
        }
        return type
    }

    /// The tag from which CatBoost was built, as it says of itself.
    private func version(_ ensemble: Ensemble) -> String {
        let lines = (ensemble.information["catboost_version_info"] ?? "").split(whereSeparator: \.isNewline)
        let line = lines.first { $0.contains("Branch: tags/v") }
        return line?.split(separator: "/").last.map { String($0.dropFirst().prefix(20)) } ?? "of unknown version"
    }
}

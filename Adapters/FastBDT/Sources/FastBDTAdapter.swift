public import SeptumIR
public import SeptumTensor
import SeptumXML

/// Reads weights of FastBDT: its own text, and the XML weight files of Belle II's basf2 that hold such a text.
///
/// The graph takes `X`, float32 `[batch, features]`, and gives `prediction`, float32 `[batch]`, what `Classifier.predict`
/// returns, and `margin`, float64, what `Forest.GetF` returns.
public struct FastBDTAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "fastbdt", title: "FastBDT weights, basf2 XML", suffixes: ["weights"], canImport: true, canExport: false,
            versions: "FastBDT 3 to 5")
    }

    /// A basf2 file starts with the element `method`; a text of FastBDT holds numbers only and tells how many there are.
    public func recognizes(_ source: ModelSource) -> Bool {
        isBasf2(source) || (try? WeightText(source.bytes, form: nil)) != nil
    }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            var model: Model
            if isBasf2(source) {
                let file = try Basf2File(try XMLDocument(sideBySide: source.bytes).root)
                let form: WeightText.Form = file.version >= 2 ? .classifier : .forest
                let text = try file.weights.withUnsafeBytes { bytes in
                    Result { () throws(ModelError) in try WeightText(bytes, form: form) }
                }.get()
                model = try Importer(text: text, variables: file.variables, name: file.identifier).model()
                if let fraction = file.signalFraction { model.metadata["signal_fraction"] = fraction }
                model.provenance = Provenance(format: "fastbdt", producer: "basf2")
            } else {
                model = try Importer(text: try WeightText(source.bytes, form: nil), variables: nil, name: source.name).model()
                model.provenance = Provenance(format: "fastbdt", producer: "FastBDT")
            }
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    private func isBasf2(_ source: ModelSource) -> Bool { XMLDocument.mayStart(source.bytes, with: "method>") }
}

public import SeptumIR
public import SeptumTensor
import SeptumXML

/// Reads weight files of TMVA: boosted decision trees, multilayer perceptrons and linear discriminants; writes forests.
///
/// The graph takes `X`, float32 `[batch, variables]`, and gives `prediction`, what `TMVA::Reader` returns.
public struct TMVAAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "tmva", title: "TMVA weights", suffixes: ["xml"], canImport: true, canExport: true,
            versions: "TMVA 4.0 to 4.2 (ROOT 5.26 to 6.40)")
    }

    /// The outermost element is `MethodSetup`.
    public func recognizes(_ source: ModelSource) -> Bool { XMLDocument.mayStart(source.bytes, with: "MethodSetup") }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            let document = try XMLDocument(source.bytes)
            let tables = document.count(named: "PDF")
            guard tables <= CumulativeTable.countLimit else {
                throw ModelError(.limit, "found \(tables) distributions, at most \(CumulativeTable.countLimit) are read")
            }
            let file = try WeightFile(document.root)
            var model = try Importer(file: file).model(named: source.name)
            model.provenance = Provenance(format: "tmva", producer: file.producer)
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    /// Writes one forest of one output as boosted decision trees.
    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        do throws(ModelError) {
            guard options.version == nil, !options.externalData else {
                throw ModelError(.unsupported, "TMVA's files have no versions to choose from and no data beside them")
            }
            var writer = try WeightWriter(model, options)
            try OutputFile.write(try writer.text().utf8, to: path)
        } catch {
            throw error.inFile(path)
        }
    }
}

public import SeptumIR
public import SeptumTensor

/// Reads checkpoints that `treelite.Model.serialize` wrote, formats 3 and 4.
///
/// The graph takes `X`, of the type of the thresholds, `[batch, features]`, and gives `prediction` and `margin`, each
/// `[batch, targets, classes]`, with the values of `treelite.gtil.predict(pred_margin=False)` and `True` of treelite 4.
public struct TreeliteAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "treelite", title: "treelite checkpoint", suffixes: ["treelite", "tl"], canImport: true, canExport: false,
            versions: "3.9, 4.0 to 4.8")
    }

    /// A version 3 or 4 in three integers, then twice the same floating-point type, then a number of trees.
    public func recognizes(_ source: ModelSource) -> Bool { Checkpoint.mayStart(source.bytes) }

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        do throws(ModelError) {
            let checkpoint = try Checkpoint(source.bytes)
            var model = try Importer(checkpoint: checkpoint).model()
            model.provenance = Provenance(format: "treelite", producer: "treelite \(checkpoint.version)")
            model.provenance.setSource(source)
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }
}

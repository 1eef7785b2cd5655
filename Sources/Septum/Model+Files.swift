public import SeptumIR
public import SeptumTensor

extension Model {
    /// Reads a model of any known format.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - format: The short name of the format; by default it is found from the content.
    ///   - options: What the reader may do.
    ///   - adapters: The formats to choose from.
    /// - Returns: The model; its types were inferred, and its nodes checked, as the graph was built.
    /// - Throws: `ModelError` naming the file and the place in it.
    public static func load(
        _ path: String, format: String? = nil, options: ImportOptions = ImportOptions(), adapters: AdapterRegistry = .standard
    ) throws(ModelError) -> Model {
        try load(try ModelSource(path: path), format: format, options: options, adapters: adapters)
    }

    /// Reads a model of any known format from memory or a mapped file.
    ///
    /// - Parameters:
    ///   - source: The content, and the name that stands for the file's.
    ///   - format: The short name of the format; by default it is found from the content and the name.
    ///   - options: What the reader may do.
    ///   - adapters: The formats to choose from.
    /// - Returns: The verified model.
    /// - Throws: `ModelError` naming the file and the place in it.
    public static func load(
        _ source: ModelSource, format: String? = nil, options: ImportOptions = ImportOptions(),
        adapters: AdapterRegistry = .standard
    ) throws(ModelError) -> Model {
        do throws(ModelError) {
            let adapter = if let format { try adapters.adapter(named: format) } else { try adapters.adapter(reading: source) }
            var model = try adapter.importModel(source, options)
            if model.provenance.sourceName.isEmpty {
                model.provenance.format = adapter.descriptor.name
                model.provenance.setSource(source)
            }
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    /// Writes the model in the format that the path's suffix names.
    ///
    /// - Parameters:
    ///   - path: The file; it is replaced when it exists.
    ///   - format: The short name of the format; by default the suffix decides.
    ///   - options: What the writer decides.
    ///   - adapters: The formats to choose from.
    /// - Throws: `unsupported` naming the node that the format cannot hold; `file` when the path cannot be written.
    public func save(
        to path: String, format: String? = nil, options: ExportOptions = ExportOptions(), adapters: AdapterRegistry = .standard
    ) throws(ModelError) {
        do throws(ModelError) {
            let adapter = if let format { try adapters.adapter(named: format) } else { try adapters.adapter(writing: path) }
            try graph.sources.check()
            try adapter.exportModel(self, to: path, options)
        } catch {
            throw error.inFile(path)
        }
    }
}

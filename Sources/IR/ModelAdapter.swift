public import SeptumTensor

/// Reads, and where it can writes, one external format.
///
/// An adapter never executes what it reads, refuses what it does not understand, and reports with `ModelError` only.
public protocol ModelAdapter: Sendable {
    var descriptor: AdapterDescriptor { get }

    /// Whether the content is of this format; `source.bytes` may be any bytes at all.
    func recognizes(_ source: ModelSource) -> Bool

    /// Reads a model.
    ///
    /// - Throws: `ModelError` naming the place in the file.
    func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model

    /// Writes a model to a path.
    ///
    /// - Throws: `unsupported` when the format cannot hold it, naming the node.
    func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError)
}

extension ModelAdapter {
    public func exportModel(_ model: Model, to path: String, _ options: ExportOptions) throws(ModelError) {
        throw ModelError(
            .unsupported, "\(descriptor.title) can be read, not written", remedy: "run 'septum formats' for those that can",
            file: path)
    }
}

/// What a format is called and how to know it.
public struct AdapterDescriptor: Sendable, Hashable {
    /// The short name, such as `onnx`, used on the command line.
    public var name: String
    /// The name for people, such as `ONNX`.
    public var title: String
    /// File name endings without the dot, such as `onnx`.
    public var suffixes: [String]
    public var canImport: Bool
    public var canExport: Bool
    /// The versions of the format or of its library that are understood.
    public var versions: String

    public init(name: String, title: String, suffixes: [String], canImport: Bool, canExport: Bool, versions: String) {
        self.name = name
        self.title = title
        self.suffixes = suffixes
        self.canImport = canImport
        self.canExport = canExport
        self.versions = versions
    }
}

/// What the caller of an import decides.
public struct ImportOptions: Sendable {
    /// Whether a pickle may be read, which runs the code in it.
    public var trustsPickle = false
    /// The Python interpreter for formats that need their own library.
    public var pythonExecutable: String?
    /// Shapes of inputs for sources that do not hold them, by input name.
    public var inputShapes: [(name: String, type: TensorType)] = []
    /// Whether statistics of training that a file keeps go into the metadata; reading them takes time.
    public var keepsStatistics = false

    public init() {}
}

/// What the caller of an export decides.
public struct ExportOptions: Sendable {
    /// The version of the target format, where it has several, such as the ONNX opset.
    public var version: Int?
    /// Whether weights go to a file beside the model, where the format has one for them; otherwise only when they must.
    public var externalData = false
    /// The outputs to write, where a format has room for some only; all of them when empty.
    public var outputs: [String] = []
    /// Whether a format may be written whose library rounds sums otherwise, or takes other values for categories.
    public var approximates = false

    public init() {}
}

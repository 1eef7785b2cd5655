public import SeptumIR
import SeptumPythonHost
public import SeptumTensor

/// Reads fitted scikit-learn estimators from pickle, joblib and skops files.
///
/// The file is read by scikit-learn itself, in the user's Python; it hands over class names, parameters and arrays, and what
/// they mean is decided here. The input is `X`, float64 `[batch, features]`, as scikit-learn computes for float64 data.
public struct ScikitLearnAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "sklearn", title: "scikit-learn", suffixes: ["joblib", "pkl", "pickle", "skops"], canImport: true,
            canExport: false, versions: "1.9")
    }

    /// First bytes of compressed pickles, as joblib writes them.
    ///
    /// Source: https://github.com/joblib/joblib/blob/1.5.0/joblib/compressor.py#L28-L37
    private static let compressed: [[UInt8]] = [
        [0x78], [0x1f, 0x8b], [0x42, 0x5a], [0xfd, 0x37, 0x7a, 0x58, 0x5a], [0x5d, 0x00], [0x04, 0x22, 0x4d, 0x18],
    ]

    public func recognizes(_ source: ModelSource) -> Bool {
        let bytes = source.bytes
        if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            // A pickle that starts with a class of XGBoost's has a reader of its own.
            return Array(bytes.prefix(64)).firstRange(of: Array("xgboost.".utf8)) == nil
        }
        guard descriptor.suffixes.contains(source.suffix) else { return false }
        if source.suffix == "skops" { return bytes.starts(with: Array("PK\u{3}\u{4}".utf8)) }
        return ScikitLearnAdapter.compressed.contains { bytes.starts(with: $0) }
    }

    private static let python = PythonSource(name: "estimator", bytes: PackageResources.estimator_py)

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        let form = source.suffix == "skops" ? "skops" : "pickle"
        guard options.trustsPickle || form == "skops" else {
            throw ModelError(
                .untrusted, "it is a pickle, and reading a pickle runs the code in it",
                remedy: "allow it with --trust-pickle if you trust where the file comes from, or save the model with skops",
                file: source.path)
        }
        let attributes = EstimatorRule.all.map { (key: $0.key, value: PlainValue.list($0.value.attributes.map { .string($0) })) }
        let content = source.isFile ? PlainValue.none : .bytes(Array(source.bytes))
        let python = try PythonHost.shared(executable: options.pythonExecutable)
        let found: PlainValue
        do throws(ModelError) {
            let arguments: [PlainValue] = [
                .string(source.path), content, .string(form), .bool(options.trustsPickle), .dictionary(attributes),
            ]
            found = try python.run(ScikitLearnAdapter.python, "read", arguments, file: source.path)
        } catch {
            var explained = error
            if error.code == .malformed {
                explained.remedy = "name the Python with the scikit-learn that wrote it (--python), if that is another version"
            }
            throw explained
        }
        if let types = found["untrusted"]?.strings {
            throw ModelError(
                .untrusted, "it holds types that are not known to be harmless: \(types.joined(separator: ", "))",
                remedy: "allow them with --trust-pickle if you trust where the file comes from", file: source.path)
        }
        do throws(ModelError) {
            var model = try Estimator(found["model"] ?? .none, path: "").model()
            model.provenance = Provenance(format: "sklearn", producer: "scikit-learn \(found["version"]?.string ?? "")")
            let notes = found["warnings"]?.strings ?? []
            if !notes.isEmpty { model.metadata["warnings"] = notes.joined(separator: "\n") }
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }
}

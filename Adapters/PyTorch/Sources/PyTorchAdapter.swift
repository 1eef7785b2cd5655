public import SeptumIR
import SeptumONNX
import SeptumPythonHost
public import SeptumTensor

/// Reads PyTorch models by way of PyTorch's own ONNX exporters: pickled modules, TorchScript, exported programs (`.pt2`).
///
/// The exported graph is run on two sets of inputs of different sizes and must give what PyTorch gives for them: exporters are
/// known to drop constants, to freeze dimensions and to lose reductions.
public struct PyTorchAdapter: ModelAdapter {
    public init() {}

    public var descriptor: AdapterDescriptor {
        AdapterDescriptor(
            name: "pytorch", title: "PyTorch", suffixes: ["pt", "pth", "pt2"], canImport: true, canExport: false,
            versions: "2.13")
    }

    public func recognizes(_ source: ModelSource) -> Bool {
        guard descriptor.suffixes.contains(source.suffix) else { return false }
        return source.bytes.starts(with: Array("PK\u{3}\u{4}".utf8)) || source.bytes.starts(with: [0x80, 0x02])
    }

    private static let python = PythonSource(name: "export", bytes: PackageResources.export_py)

    public func importModel(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) -> Model {
        guard options.trustsPickle else {
            throw ModelError(
                .untrusted, "reading a PyTorch file runs the code in it",
                remedy: "allow it with --trust-pickle if you trust where the file comes from, or export the model to ONNX",
                file: source.path)
        }
        let found: PlainValue
        do throws(ModelError) {
            let content = source.isFile ? PlainValue.none : .bytes(Array(source.bytes))
            let shapes = try options.inputShapes.map(PyTorchAdapter.shape)
            found = try PythonProcess(executable: options.pythonExecutable).run(
                PyTorchAdapter.python, "read", [.string(source.path), content, .list(shapes)])
            return try PyTorchAdapter.model(found, source, options)
        } catch {
            throw error.inFile(source.path)
        }
    }

    /// The form in which Python takes the shape of an input: name, element type, numbers and symbols.
    private static func shape(_ input: (name: String, type: TensorType)) throws(ModelError) -> PlainValue {
        var dimensions: [PlainValue] = []
        for dimension in input.type.shape ?? [] {
            if let number = dimension.number {
                dimensions.append(.int(Int64(number)))
            } else if let symbol = dimension.symbolName {
                dimensions.append(.string(symbol))
            } else {
                throw ModelError(
                    .invalidInput,
                    "the shape of input '\(input.name)' has the dimension \(dimension), expected a number or a name")
            }
        }
        return .list([.string(input.name), .string(input.type.elementType.name), .list(dimensions)])
    }

    private static func model(
        _ found: PlainValue, _ source: ModelSource, _ options: ImportOptions
    ) throws(ModelError) -> Model {
        if let kind = found["found"]?.string {
            throw ModelError(
                .unsupported, "the file holds \(kind), not a module",
                remedy: "save the whole module with torch.save(module, path), or torch.export.save, or export it to ONNX")
        }
        if let names = found["parameters"]?.strings {
            throw wrongInputs(names, optional: found["optional"]?.strings ?? [], given: options.inputShapes.map(\.name))
        }
        var failures = found["failures"]?.strings ?? []
        for candidate in found["candidates"]?.list ?? [] {
            let exporter = candidate["exporter"]?.string ?? ""
            do throws(ModelError) {
                var model = try imported(candidate["onnx"]?.bytes ?? [], source)
                try Probe.check(model.graph, found["probes"]?.list ?? [])
                model.provenance = Provenance(
                    format: "pytorch", producer: "torch \(found["version"]?.string ?? "")", options: ["exporter": exporter])
                return model
            } catch {
                failures.append("\(exporter): \(error.description)")
            }
        }
        throw ModelError(
            .unsupported, "PyTorch's exporters give no graph that agrees with the model", cause: failures.joined(separator: "; "))
    }

    private static func wrongInputs(_ names: [String], optional: [String], given: [String]) -> ModelError {
        func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
        let further = optional.isEmpty ? "" : " (then, if wanted, \(list(optional)))"
        return ModelError(
            .invalidInput, "the module's inputs are \(list(names))\(further), shapes are given for \(list(given))",
            remedy: "give each input's shape, such as --input-shape \(names.first ?? "x")=batch,30,7")
    }

    private static func imported(_ bytes: [UInt8], _ source: ModelSource) throws(ModelError) -> Model {
        let options = ImportOptions()
        return try ONNXAdapter().importModel(try ModelSource(bytes: bytes, name: source.name + " as ONNX"), options)
    }
}

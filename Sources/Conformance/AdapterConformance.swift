public import Septum

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The contract of an adapter as a check: what every adapter of a registry or a plugin must pass.
///
/// Besides good files the adapter is given empty, cut and damaged ones, which it must refuse with a `ModelError`: a trap ends
/// the process.
public enum AdapterConformance {
    /// Checks an adapter on model files that it must accept.
    ///
    /// - Parameters:
    ///   - adapter: The adapter.
    ///   - samples: Files of its format, each importable by itself; no samples are a violation.
    ///   - options: What the reader may do.
    /// - Returns: The rules that are broken; empty when the adapter conforms.
    public static func check(
        _ adapter: any ModelAdapter, samples: [String], options: ImportOptions = ImportOptions()
    ) -> [Violation] {
        var violations = checkDescriptor(adapter.descriptor) + checkForeign(adapter, options)
        if samples.isEmpty { violations.append(Violation("there are samples", adapter.descriptor.name)) }
        for path in samples {
            do throws(ModelError) {
                let source = try ModelSource(path: path)
                if !adapter.recognizes(source) { violations.append(Violation("its own files are recognized", path)) }
                let model = try adapter.importModel(source, options)
                violations += checkModel(model, path)
                let again = try adapter.importModel(source, options)
                if model.graph.description != again.graph.description {
                    violations.append(Violation("a file always gives the same graph", path))
                }
                violations += checkDamage(adapter, source, options)
                if adapter.descriptor.canExport { violations += checkExport(adapter, model, path, options) }
            } catch {
                violations.append(Violation("its own files are imported", "\(path): \(error)"))
            }
        }
        return violations
    }

    private static func checkDescriptor(_ descriptor: AdapterDescriptor) -> [Violation] {
        var violations: [Violation] = []
        let isPlain = { (text: String) in !text.isEmpty && text.allSatisfy { $0.isLowercase || $0.isNumber || "-_".contains($0) }
        }
        if !isPlain(descriptor.name) { violations.append(Violation("the name is a lower-case word", descriptor.name)) }
        if descriptor.title.isEmpty { violations.append(Violation("there is a title", descriptor.name)) }
        for suffix in descriptor.suffixes where !isPlain(suffix) {
            violations.append(Violation("suffixes are lower-case and without the dot", suffix))
        }
        if !descriptor.canImport && !descriptor.canExport {
            violations.append(Violation("the format is read or written", descriptor.name))
        }
        return violations
    }

    private static func checkModel(_ model: Model, _ path: String) -> [Violation] {
        var violations: [Violation] = []
        if model.graph.outputs.isEmpty { violations.append(Violation("a model has outputs", path)) }
        let names = (model.graph.inputs + model.graph.outputs).map { model.graph[$0].name }
        if names.contains("") { violations.append(Violation("inputs and outputs have names", path)) }
        do throws(ModelError) {
            try model.graph.verify()
        } catch {
            violations.append(Violation("the graph keeps its rules", "\(path): \(error)"))
        }
        return violations
    }

    // MARK: Bad files

    /// Content of no format must not be recognized, and must be refused all the same.
    private static func checkForeign(_ adapter: any ModelAdapter, _ options: ImportOptions) -> [Violation] {
        var violations: [Violation] = []
        let contents: [(String, [UInt8])] = [
            ("empty", []), ("one zero", [0]), ("zeros", Array(repeating: 0, count: 4096)),
            ("ones", Array(repeating: 0xff, count: 4096)), ("a word", Array("hello\n".utf8)), ("noise", noise(4096)),
        ]
        for (name, bytes) in contents {
            guard let source = try? ModelSource(bytes: bytes, name: name) else { continue }
            if adapter.recognizes(source) { violations.append(Violation("foreign content is not recognized", name)) }
            if (try? adapter.importModel(source, options)) != nil {
                violations.append(Violation("foreign content is refused", name))
            }
        }
        return violations
    }

    /// Cut files must be refused; a file with a damaged byte must be refused or give a graph that keeps its rules.
    private static func checkDamage(
        _ adapter: any ModelAdapter, _ source: ModelSource, _ options: ImportOptions
    ) -> [Violation] {
        let whole = Array(source.bytes)
        var violations: [Violation] = []
        for eighth in 0..<8 {
            let length = whole.count * eighth / 8
            guard let cut = try? ModelSource(bytes: Array(whole.prefix(length)), name: source.name) else { continue }
            _ = adapter.recognizes(cut)
            if (try? adapter.importModel(cut, options)) != nil {
                violations.append(
                    Violation("cut files are refused", "\(source.path): the first \(length) of \(whole.count) bytes"))
            }
        }
        for step in 0..<32 {
            var damaged = whole
            // More of the positions lie near the start, where headers are.
            let position = whole.count * step * step / (32 * 32)
            guard damaged.indices.contains(position) else { continue }
            damaged[position] ^= step % 2 == 0 ? 0xff : 1 << UInt8(step / 2 % 8)
            guard let bad = try? ModelSource(bytes: damaged, name: source.name) else { continue }
            _ = adapter.recognizes(bad)
            if let model = try? adapter.importModel(bad, options) {
                violations += checkModel(model, "\(source.path) with byte \(position) damaged")
            }
        }
        return violations
    }

    private static func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    // MARK: Writing

    /// What is written reads back as a model that computes the same bits.
    private static func checkExport(
        _ adapter: any ModelAdapter, _ model: Model, _ path: String, _ options: ImportOptions
    ) -> [Violation] {
        var violations: [Violation] = []
        let folder = "/tmp/septum-conformance-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        guard mkdir(folder, 0o700) == 0 else { return [Violation("there is a folder for copies", folder)] }
        let copy = folder + "/copy." + (adapter.descriptor.suffixes.first ?? "bin")
        defer {
            unlink(copy)
            rmdir(folder)
        }
        if (try? adapter.exportModel(model, to: folder + "/none/copy", ExportOptions())) != nil {
            violations.append(Violation("a path that cannot be written is refused", path))
        }
        do throws(ModelError) {
            try adapter.exportModel(model, to: copy, ExportOptions())
            let source = try ModelSource(path: copy)
            if !adapter.recognizes(source) { violations.append(Violation("its own files are recognized", "copy of \(path)")) }
            let again = try adapter.importModel(source, options)
            violations += checkModel(again, "copy of \(path)")
            violations += try compare(model.graph, again.graph, path)
        } catch  where error.code == .unsupported {
            return violations
        } catch {
            violations.append(Violation("what is written reads back", "\(path): \(error)"))
        }
        return violations
    }

    private static func compare(_ model: Graph, _ copy: Graph, _ path: String) throws(ModelError) -> [Violation] {
        let (before, after) = (try Program(model), try Program(copy))
        let isSame = { (a: [Program.Port], b: [Program.Port]) in
            a.map(\.name) == b.map(\.name) && zip(a, b).allSatisfy { $0.type.admits($1.type) }
        }
        guard isSame(before.inputs, after.inputs), isSame(before.outputs, after.outputs) else {
            return [Violation("a copy has the same inputs and outputs", path)]
        }
        // Inputs of other kinds than numbers are compared by their types only.
        guard let inputs = try? before.randomInputs(batch: 3, sizes: [:]),
            let expected = try? Interpreter.run(model, inputs.map(Value.tensor))
        else { return [] }
        let found = try Interpreter.run(copy, inputs.map(Value.tensor))
        let isIdentical = found.count == expected.count && zip(found, expected).allSatisfy { $0.isIdentical(to: $1) }
        return isIdentical ? [] : [Violation("a copy computes the same bits", path)]
    }
}

public import SeptumTensor

/// The formats that a process knows.
public struct AdapterRegistry: Sendable {
    public private(set) var adapters: [any ModelAdapter]

    public init(_ adapters: [any ModelAdapter]) { self.adapters = adapters }

    /// Adds an adapter; it is asked before those that were there.
    public mutating func register(_ adapter: any ModelAdapter) { adapters.insert(adapter, at: 0) }

    /// The adapter of a format's short name.
    ///
    /// - Throws: `unsupported` listing the names.
    public func adapter(named name: String) throws(ModelError) -> any ModelAdapter {
        guard let adapter = adapters.first(where: { $0.descriptor.name == name }) else {
            let known = adapters.map(\.descriptor.name).joined(separator: ", ")
            throw ModelError(.unsupported, "no format is called '\(name)'", remedy: "known formats: \(known)")
        }
        return adapter
    }

    /// The adapter for a file, by its content first and its suffix second.
    ///
    /// - Throws: `malformed` when neither is known.
    public func adapter(reading source: ModelSource) throws(ModelError) -> any ModelAdapter {
        guard !source.bytes.isEmpty else { throw ModelError(.malformed, "the file is empty", file: source.path) }
        let suffix = source.suffix
        let bySuffix = adapters.first { adapter in
            let descriptor = adapter.descriptor
            return descriptor.canImport && descriptor.suffixes.contains(suffix)
        }
        if let bySuffix, bySuffix.recognizes(source) { return bySuffix }
        let byContent = adapters.first { $0.descriptor.canImport && $0.recognizes(source) }
        if let byContent { return byContent }
        if let bySuffix { return bySuffix }
        throw ModelError(
            .malformed, "the content is of no known model format", remedy: "run 'septum formats' for the list", file: source.path)
    }

    /// The adapter that writes a path, by its suffix.
    ///
    /// - Throws: `unsupported` listing the suffixes.
    public func adapter(writing path: String) throws(ModelError) -> any ModelAdapter {
        let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let writers = adapters.filter(\.descriptor.canExport)
        if let adapter = writers.first(where: { $0.descriptor.suffixes.contains { name.hasSuffix("." + $0) } }) {
            return adapter
        }
        let known = writers.flatMap(\.descriptor.suffixes).map { "." + $0 }.joined(separator: ", ")
        throw ModelError(.unsupported, "no format that can be written has this suffix", remedy: "use one of \(known)", file: path)
    }
}

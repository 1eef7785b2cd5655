#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import SeptumIR
import SeptumTensor

/// The model's file and the files of external data beside it, each mapped once.
package final class DataFiles {
    package let source: ModelSource
    /// Tensors that have been made already.
    var tensors: [Place: Tensor] = [:]
    private var opened: [String: ModelSource] = [:]
    /// Elements that sparse tensors may still have: a few bytes of a file may not ask for any amount of memory.
    private var sparseBudget = 1 << 26

    /// Where the data of a tensor lies and how it is read.
    struct Place: Hashable {
        let path: String
        let range: Range<Int>
        let type: ElementType
        let shape: [Int]
    }

    package init(_ source: ModelSource) { self.source = source }

    /// Counts the elements of sparse tensors.
    ///
    /// - Throws: `limit` when there are too many.
    func spend(sparse count: Int) throws(ModelError) {
        guard count <= sparseBudget else { throw ModelError(.limit, "sparse tensors have more than \(1 << 26) elements") }
        sparseBudget -= count
    }

    /// The part of a file that the entries of `TensorProto.external_data` name.
    ///
    /// Only regular files in or below the model's own folder are opened, wherever links lead.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/ExternalData.md
    ///
    /// - Throws: `malformed` for a place outside the folder or the file, `file` when it cannot be opened.
    func external(_ entries: [Entry]) throws(ModelError) -> (source: ModelSource, range: Range<Int>) {
        guard let location = entries.last(where: { $0.key == "location" })?.value, !location.isEmpty else {
            throw ModelError(.malformed, "is external but names no file")
        }
        let file = try open(location)
        let offset = try number("offset", entries) ?? 0
        let size = file.bytes.count
        guard offset >= 0, offset <= size else {
            throw ModelError(.malformed, "external data starts at byte \(offset) of '\(location)', which has \(size)")
        }
        let length = try number("length", entries) ?? size - offset
        guard length >= 0, length <= size - offset else {
            throw ModelError(
                .malformed, "external data takes \(length) bytes from byte \(offset) of '\(location)', which has \(size)",
                remedy: "check that the file is complete")
        }
        return (file, offset..<offset + length)
    }

    private func number(_ key: String, _ entries: [Entry]) throws(ModelError) -> Int? {
        guard let text = entries.last(where: { $0.key == key })?.value else { return nil }
        guard let value = Int(text) else { throw ModelError(.malformed, "the \(key) of external data is '\(text)', no number") }
        return value
    }

    private func open(_ location: String) throws(ModelError) -> ModelSource {
        if let source = opened[location] { return source }
        guard source.isFile else {
            throw ModelError(.file, "external data '\(location)' cannot be found for a model that is in memory")
        }
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        guard !location.hasPrefix("/"), !parts.contains(".."), !location.utf8.contains(0), !location.contains("\\") else {
            throw DataFiles.outside(location)
        }
        let directory = source.path.contains("/") ? String(source.path.prefix(source.path.count - source.name.count)) : "./"
        guard let folder = DataFiles.resolved(directory) else { throw ModelError(.file, "folder '\(directory)' does not exist") }
        guard let path = DataFiles.resolved(folder + "/" + location) else {
            throw ModelError(
                .file, "external data file '\(location)' does not exist", remedy: "put it into the folder of the model")
        }
        guard path.hasPrefix(folder == "/" ? folder : folder + "/") else { throw DataFiles.outside(location) }
        let file = try ModelSource(path: path)
        opened[location] = file
        return file
    }

    private static func outside(_ location: String) -> ModelError {
        ModelError(
            .malformed, "external data '\(location)' is outside the folder of the model",
            remedy: "keep the data file beside the model")
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor

/// Writes the files of exporting adapters.
public enum OutputFile {
    /// Writes a file; it appears under its name only when it is complete.
    ///
    /// - Throws: `file` when the path cannot be written.
    public static func write(_ bytes: some Collection<UInt8>, to path: String) throws(ModelError) {
        let part = path + ".part"
        guard let file = fopen(part, "wb") else {
            throw ModelError(.file, "cannot be created: \(String(cString: strerror(errno)))")
        }
        let content = ContiguousArray(bytes)
        let written = content.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        let isClosed = fclose(file) == 0
        guard written == content.count, isClosed, rename(part, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(part)
            throw ModelError(.file, "cannot be written: \(reason)")
        }
    }
}

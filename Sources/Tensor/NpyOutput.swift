#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file being written, which takes its name only when it is complete.
final class NpyOutput {
    private let file: UnsafeMutablePointer<FILE>
    private(set) var position = 0
    private var failure: Int32 = 0

    private init(_ file: UnsafeMutablePointer<FILE>) { self.file = file }

    func write(_ bytes: UnsafeRawBufferPointer) {
        guard failure == 0, bytes.count > 0 else { return }
        if fwrite(bytes.baseAddress, 1, bytes.count, file) != bytes.count { failure = errno == 0 ? EIO : errno }
        position += bytes.count
    }

    /// Runs `body` on a temporary file next to `path` and renames it.
    ///
    /// - Throws: `file` when the path cannot be written; what `body` throws.
    static func write(_ path: String, _ body: (NpyOutput) throws(ModelError) -> Void) throws(ModelError) {
        let temporary = path + ".part\(getpid())"
        guard let file = fopen(temporary, "wb") else {
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))", file: path)
        }
        let output = NpyOutput(file)
        do throws(ModelError) {
            try body(output)
        } catch {
            fclose(file)
            unlink(temporary)
            throw error.inFile(path)
        }
        if fclose(file) != 0, output.failure == 0 { output.failure = errno }
        if output.failure == 0, rename(temporary, path) != 0 { output.failure = errno }
        guard output.failure == 0 else {
            unlink(temporary)
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(output.failure)))", file: path)
        }
    }
}

extension Storage {
    /// Reads a whole file.
    ///
    /// - Throws: `file` when it cannot be read, `limit` when it is too large.
    convenience init(contentsOf path: String) throws(ModelError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ModelError(.file, "cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw ModelError(.file, "is not a regular file")
        }
        try self.init(byteCount: Int(info.st_size))
        var offset = 0
        while offset < bytes.count {
            let count = read(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
            guard count > 0 else { throw ModelError(.file, "cannot be read to its end") }
            offset += count
        }
    }
}

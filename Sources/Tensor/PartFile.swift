#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file being written beside its destination, whose name it takes only when it is complete; until then it is removed with the object.
package final class PartFile {
    private let path: String
    private let temporary: String
    private var file: UnsafeMutablePointer<FILE>?
    package private(set) var position = 0
    private var failure: Int32 = 0

    /// - Throws: `file` when the folder does not take it.
    package init(_ path: String) throws(ModelError) {
        self.path = path
        temporary = path + ".part\(getpid())"
        file = fopen(temporary, "wb")
        guard file != nil else { throw PartFile.refusal(errno, path) }
    }

    deinit {
        guard let file else { return }
        fclose(file)
        unlink(temporary)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) {
        guard failure == 0, bytes.count > 0, let file else { return }
        if fwrite(bytes.baseAddress, 1, bytes.count, file) != bytes.count { failure = errno == 0 ? EIO : errno }
        position += bytes.count
    }

    /// Says whether what was written so far has reached the system.
    ///
    /// - Throws: `file` when the disk did not take it.
    package func check() throws(ModelError) {
        guard failure == 0 else { throw PartFile.refusal(failure, path) }
    }

    /// Gives the file its name.
    ///
    /// - Throws: `file` when the disk did not take it; nothing is left then.
    package func close() throws(ModelError) {
        guard let file else { return }
        self.file = nil
        if fclose(file) != 0, failure == 0 { failure = errno }
        if failure == 0, rename(temporary, path) != 0 { failure = errno }
        if failure != 0 { unlink(temporary) }
        try check()
    }

    /// Writes a whole file.
    ///
    /// - Throws: `file` when the path cannot be written; what `body` throws.
    static func write(_ path: String, _ body: (PartFile) throws(ModelError) -> Void) throws(ModelError) {
        do throws(ModelError) {
            let file = try PartFile(path)
            try body(file)
            try file.close()
        } catch {
            throw error.inFile(path)
        }
    }

    static func refusal(_ failure: Int32, _ path: String) -> ModelError {
        ModelError(.file, "cannot be written: \(String(cString: strerror(failure)))", file: path)
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

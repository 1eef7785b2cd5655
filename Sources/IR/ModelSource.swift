#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor

/// The bytes of a model file, mapped into memory, and where they came from.
public struct ModelSource: Sendable {
    /// The path as the caller gave it; a description when the bytes came from elsewhere.
    public let path: String
    /// Whether `path` names a file, next to which external data may lie.
    public let isFile: Bool
    package let mapping: Mapping

    /// The content.
    public var bytes: UnsafeRawBufferPointer { mapping.bytes }

    /// Maps a file.
    ///
    /// - Throws: `file` when it cannot be opened, is a folder, or cannot be mapped.
    public init(path: String) throws(ModelError) {
        self.path = path
        isFile = true
        do throws(ModelError) {
            mapping = try Mapping(path: path)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Copies bytes that are in memory already.
    public init(bytes: [UInt8], name: String) throws(ModelError) {
        path = name
        isFile = false
        mapping = try Mapping(bytes)
    }

    /// The path's ending in lower case, without the dot.
    public var suffix: String {
        let name = path.split(separator: "/").last ?? ""
        return name.contains(".") ? (name.split(separator: ".").last?.lowercased() ?? "") : ""
    }

    /// The path's last part.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Wraps a part of the content as a tensor without copying it, where it is aligned.
    ///
    /// - Throws: `malformed` when the range is outside the content or too small for the shape.
    package func tensor(_ elementType: ElementType, _ shape: [Int], at range: Range<Int>) throws(ModelError) -> Tensor {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw ModelError(.malformed, "bytes \(range) are outside the file of \(bytes.count) bytes", file: path)
        }
        let storage = Storage(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), pages: mapping)
        let tensor = try Tensor(elementType, shape, storage: storage)
        if tensor.storage !== storage { storage.forgetPages(UnsafeRawBufferPointer(storage.bytes)) }
        return tensor
    }
}

/// Read-only bytes: a mapped file, or a copy. Small files are copied, as a mapped one that is cut short in place ends the process which
/// reads beyond its end.
package final class Mapping: PageOwner, @unchecked Sendable {
    package let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool
    private let path: String?
    private let opened: stat
    /// Files above this size are mapped: their pages are shared by all processes.
    package static let copyLimit = 1 << 20

    package init(path: String) throws(ModelError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ModelError(.file, "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw ModelError(.file, "is not a regular file")
        }
        opened = info
        let size = Int(info.st_size)
        isMapped = size > Mapping.copyLimit
        guard isMapped else {
            let copy = try Storage(byteCount: size)
            var count = 0
            while count < size {
                let more = pread(descriptor, copy.bytes.baseAddress.map { $0 + count }, size - count, off_t(count))
                if more < 0, errno == EINTR { continue }
                guard more > 0 else {
                    let reason = more < 0 ? String(cString: strerror(errno)) : "it was cut short meanwhile"
                    throw ModelError(.file, "cannot be read: \(reason)")
                }
                count += more
            }
            bytes = UnsafeRawBufferPointer(copy.bytes)
            owner = copy
            return
        }
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw ModelError(.file, "cannot be mapped: \(String(cString: strerror(errno)))")
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    package init(_ copy: [UInt8]) throws(ModelError) {
        isMapped = false
        path = nil
        opened = stat()
        let storage = try Storage(byteCount: copy.count)
        storage.bytes.copyBytes(from: copy)
        bytes = UnsafeRawBufferPointer(storage.bytes)
        owner = storage
    }

    private var owner: Storage?

    /// Whether the bytes are still those that were mapped: reading beyond the end of a file that was cut short ends the process. A file
    /// that took the path of this one does not touch it.
    package var isUnchanged: Bool {
        var now = stat()
        guard isMapped, let path, stat(path, &now) == 0, now.st_dev == opened.st_dev, now.st_ino == opened.st_ino else {
            return true
        }
        #if canImport(Glibc)
            let (then, changed) = (opened.st_mtim, now.st_mtim)
        #else
            let (then, changed) = (opened.st_mtimespec, now.st_mtimespec)
        #endif
        return now.st_size == opened.st_size && changed.tv_sec == then.tv_sec && changed.tv_nsec == then.tv_nsec
    }

    /// Lets the system take back whole pages among bytes of the file.
    package func forget(_ part: UnsafeRawBufferPointer) {
        guard isMapped, let base = bytes.baseAddress, let start = part.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let lower = start - base
        let (first, last) = ((lower + page - 1) / page * page, (lower + part.count) / page * page)
        if first < last { madvise(UnsafeMutableRawPointer(mutating: base) + first, last - first, MADV_DONTNEED) }
    }

    deinit {
        if isMapped { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
    }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An owner of bytes that can be read again from where they came.
package protocol PageOwner: AnyObject, Sendable {
    /// Whether the bytes are still those that were there at first; nobody may read them when they are not.
    var isUnchanged: Bool { get }
    /// Lets the system take back the memory of these bytes.
    func forget(_ bytes: UnsafeRawBufferPointer)
}

/// A block of bytes that tensors share: allocated here, or borrowed from an owner such as a mapped file.
///
/// Bytes are written only while the block is being created; afterwards it is immutable, hence Sendable.
public final class Storage: @unchecked Sendable {
    /// The largest block that one tensor may take, in bytes.
    public static let byteLimit = 1 << 34

    package let bytes: UnsafeMutableRawBufferPointer
    package let strings: [String]
    private let owner: (any Sendable)?
    package let pages: (any PageOwner)?
    private let isOwned: Bool

    /// Allocates zeroed bytes on a 64-byte boundary.
    ///
    /// - Throws: `limit` when the size is negative, beyond `byteLimit`, or not to be had.
    package convenience init(byteCount: Int) throws(ModelError) {
        try self.init(unwritten: byteCount)
        if let start = bytes.baseAddress { memset(start, 0, byteCount) }
    }

    /// Allocates bytes on a 64-byte boundary for somebody who writes them all.
    ///
    /// - Throws: `limit` when the size is negative, beyond `byteLimit`, or not to be had.
    package init(unwritten byteCount: Int) throws(ModelError) {
        guard byteCount >= 0, byteCount <= Storage.byteLimit else {
            throw ModelError(
                .limit, "a tensor of \(byteCount) bytes was asked for, at most \(Storage.byteLimit) are allowed")
        }
        var pointer: UnsafeMutableRawPointer?
        let status = posix_memalign(&pointer, 64, max(byteCount, 64))
        guard status == 0, let pointer else {
            throw ModelError(.limit, "no memory for a tensor of \(byteCount) bytes")
        }
        bytes = UnsafeMutableRawBufferPointer(start: pointer, count: byteCount)
        strings = []
        (owner, pages) = (nil, nil)
        isOwned = true
    }

    /// Borrows bytes that stay valid and unchanged as long as `owner` lives.
    package init(borrowing buffer: UnsafeRawBufferPointer, owner: some Sendable) {
        bytes = UnsafeMutableRawBufferPointer(mutating: buffer)
        strings = []
        (self.owner, pages) = (owner, nil)
        isOwned = false
    }

    /// Borrows bytes that their owner can read again.
    package init(borrowing buffer: UnsafeRawBufferPointer, pages: some PageOwner) {
        bytes = UnsafeMutableRawBufferPointer(mutating: buffer)
        strings = []
        (owner, self.pages) = (nil, pages)
        isOwned = false
    }

    package init(strings: [String]) {
        bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        self.strings = strings
        (owner, pages) = (nil, nil)
        isOwned = false
    }

    /// Tells the owner of borrowed bytes that they are not needed soon; they can still be read.
    package func forgetPages(_ part: UnsafeRawBufferPointer) {
        // The call takes longer than a few pages are worth.
        if part.count >= 1 << 18 { pages?.forget(part) }
    }

    deinit {
        if isOwned { free(bytes.baseAddress) }
    }
}

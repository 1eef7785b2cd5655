import CSeptumZlib

/// Unpacks deflated bytes from first to last.
final class Inflater {
    private let packed: UnsafeRawBufferPointer
    private let stream: UnsafeMutablePointer<z_stream>
    /// Packed bytes taken, and unpacked bytes given.
    private(set) var taken = 0
    private(set) var position = 0
    private var status = Z_OK

    private static let stepLimit = 1 << 30

    /// - Throws: `limit` without memory.
    init(_ packed: UnsafeRawBufferPointer) throws(ModelError) {
        self.packed = packed
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ModelError(.limit, "no memory to unpack an archive")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Fills `target` with what comes next.
    ///
    /// - Throws: `malformed` when there is less.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ModelError) {
        var written = 0
        while written < target.count, status == Z_OK {
            written += step(into: UnsafeMutableRawBufferPointer(rebasing: target[written...].prefix(Inflater.stepLimit)))
        }
        guard written == target.count else { throw Inflater.damaged }
    }

    /// - Throws: `malformed` unless all is unpacked.
    func finish() throws(ModelError) {
        // The end may stand in bytes that were not needed for the last element.
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { spare in
            while status == Z_OK, step(into: spare) == 0 {}
        }
        guard status == Z_STREAM_END, taken == packed.count else { throw Inflater.damaged }
    }

    private static let damaged = ModelError(.malformed, "the packed bytes are damaged")

    /// The number of bytes unpacked.
    private func step(into room: UnsafeMutableRawBufferPointer) -> Int {
        let input = UnsafeMutableRawBufferPointer(
            mutating: UnsafeRawBufferPointer(rebasing: packed[taken...].prefix(Inflater.stepLimit)))
        stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(room.count)
        status = inflate(stream, Z_NO_FLUSH)
        let made = room.count - Int(stream.pointee.avail_out)
        taken += input.count - Int(stream.pointee.avail_in)
        position += made
        return made
    }
}

import Synchronization

/// One array of one axis in an archive, read in parts; parts that follow each other are checked against the archive's checksum.
///
/// A part before the last one of a deflated array is unpacked from the array's start.
package final class NpzMember: Sendable {
    package let elementType: ElementType
    package let shape: [Int]
    private let header: NpyHeader
    private let dataStart: Int
    private let entry: NpzArchive.Entry
    private let archive: Archive
    private let lock = Mutex(())
    /// Guarded by the lock.
    private nonisolated(unsafe) var state = State()

    /// The archive's bytes, which `owner` keeps.
    private struct Archive: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
        let owner: any PageOwner
    }

    /// How far the checksum goes, and the array being unpacked.
    private struct State {
        var checked = 0
        var sum: UInt32 = 0
        var inflater: Inflater?
    }

    /// - Throws: `malformed`, `unsupported` or `limit` when the header is no array's.
    package init(
        _ entry: NpzArchive.Entry, in archive: UnsafeRawBufferPointer, owner: some PageOwner
    ) throws(ModelError) {
        self.entry = entry
        let packed = UnsafeRawBufferPointer(rebasing: archive[entry.range])
        self.archive = Archive(bytes: packed, owner: owner)
        let limit = NpyHeader.lengthLimit + 12
        let found: (header: NpyHeader, dataStart: Int)
        if entry.isDeflated {
            let unpacked = try Storage(byteCount: min(entry.size, limit))
            try Inflater(packed).read(into: unpacked.bytes)
            found = try withExtendedLifetime(unpacked) { () throws(ModelError) in
                try NpyHeader.parse(UnsafeRawBufferPointer(unpacked.bytes))
            }
        } else {
            found = try NpyHeader.parse(UnsafeRawBufferPointer(rebasing: packed.prefix(limit)))
        }
        (header, dataStart) = (found.header, found.dataStart)
        shape = header.shape
        if case .scalar(let type) = header.layout { elementType = type } else { elementType = .string }
        let (size, overflow) = try Tensor.elementCount(shape).multipliedReportingOverflow(by: header.itemSize)
        guard !overflow, size == entry.size - dataStart else {
            throw ModelError(
                .malformed,
                "shape \(shape) of \(header.itemSize) bytes an element was announced, \(entry.size - dataStart) bytes are there")
        }
    }

    /// Shape: `[rows]`. A part of an array of one axis.
    ///
    /// - Throws: `invalidInput` for a range outside the array; `malformed` when the bytes are damaged; `file` when the archive was
    ///   changed in place.
    package func read(_ rows: Range<Int>) throws(ModelError) -> Tensor {
        guard shape.count == 1, rows.lowerBound >= 0, rows.upperBound <= shape[0] else {
            throw ModelError(.invalidInput, "rows \(rows) were asked for of shape \(shape)")
        }
        guard archive.owner.isUnchanged else { throw ModelError(.file, "was changed while it was read") }
        let storage = try Storage(byteCount: rows.count * header.itemSize)
        let start = dataStart + rows.lowerBound * header.itemSize
        try lock.withLock { _ throws(ModelError) in
            if entry.isDeflated { try unpack(start, storage.bytes) } else { try copy(start, storage.bytes) }
        }
        var part = header
        part.shape = [rows.count]
        return try NpyFile.tensor(part, storage, 0..<storage.bytes.count)
    }

    private func copy(_ start: Int, _ target: UnsafeMutableRawBufferPointer) throws(ModelError) {
        let end = start + target.count
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: archive.bytes[start..<end]))
        if state.checked == 0 { add(UnsafeRawBufferPointer(rebasing: archive.bytes[..<dataStart])) }
        if start <= state.checked, end > state.checked {
            add(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(target)[(state.checked - start)...]))
        }
        try compare()
        archive.owner.forget(UnsafeRawBufferPointer(rebasing: archive.bytes[start..<end]))
    }

    private func unpack(_ start: Int, _ target: UnsafeMutableRawBufferPointer) throws(ModelError) {
        var inflater: Inflater
        if let current = state.inflater, current.position <= start {
            inflater = current
        } else {
            inflater = try Inflater(archive.bytes)
            (state.checked, state.sum) = (0, 0)
        }
        state.inflater = inflater
        let before = inflater.taken
        while inflater.position < start {
            let size = min(1 << 16, start - inflater.position)
            try withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { block throws(ModelError) in
                try inflater.read(into: block)
                add(UnsafeRawBufferPointer(block))
            }
        }
        try inflater.read(into: target)
        add(UnsafeRawBufferPointer(target))
        if state.checked == entry.size { try inflater.finish() }
        try compare()
        archive.owner.forget(UnsafeRawBufferPointer(rebasing: archive.bytes[before..<inflater.taken]))
    }

    private func add(_ bytes: UnsafeRawBufferPointer) {
        state.sum = Npz.checksum(bytes, state.sum)
        state.checked += bytes.count
    }

    private func compare() throws(ModelError) {
        guard state.checked < entry.size || state.sum == entry.checksum else {
            throw ModelError(.malformed, "the checksum does not match: the file is damaged")
        }
    }
}

import CSeptumZlib

/// Named arrays in numpy's `.npz` format: a zip archive of `.npy` files.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.savez.html,
/// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (zip 6.3.10)
public enum Npz {
    /// Reads every array, in the order of the archive.
    ///
    /// Entries may be stored or deflated; checksums are verified. What is unpacked may exceed the file at most 64-fold or
    /// reach 1 GiB, whichever is more.
    ///
    /// - Throws: `file`, `malformed`, `unsupported` or `limit`, naming the file and the array.
    public static func read(path: String) throws(ModelError) -> [(name: String, tensor: Tensor)] {
        do throws(ModelError) {
            return try decode(try Storage(contentsOf: path))
        } catch {
            throw error.inFile(path)
        }
    }

    /// Decodes the content of a file.
    ///
    /// - Throws: `malformed`, `unsupported` or `limit`, naming the array.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> [(name: String, tensor: Tensor)] {
        let storage = try Storage(byteCount: bytes.count)
        storage.bytes.copyMemory(from: bytes)
        return try decode(storage)
    }

    private static func decode(_ storage: Storage) throws(ModelError) -> [(name: String, tensor: Tensor)] {
        var result: [(name: String, tensor: Tensor)] = []
        let limit = max(1 << 30, storage.bytes.count * 64)
        for entry in try NpzArchive.entries(UnsafeRawBufferPointer(storage.bytes), unpackedLimit: limit) {
            guard entry.name.hasSuffix(".npy") else {
                throw ModelError(.unsupported, "the archive's entry '\(entry.name)' is no .npy array")
            }
            let name = String(entry.name.dropLast(4))
            do throws(ModelError) {
                result.append((name, try tensor(entry, storage)))
            } catch {
                var named = error
                named.message = "array '\(name)': \(error.message)"
                throw named
            }
        }
        return result
    }

    private static func tensor(_ entry: NpzArchive.Entry, _ storage: Storage) throws(ModelError) -> Tensor {
        let packed = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage.bytes)[entry.range])
        let content = entry.isDeflated ? try NpzArchive.inflated(packed, size: entry.size) : storage
        let range = entry.isDeflated ? 0..<entry.size : entry.range
        guard checksum(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(content.bytes)[range])) == entry.checksum else {
            throw ModelError(.malformed, "the checksum does not match: the file is damaged")
        }
        return try NpyFile.decode(content, range)
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer, _ start: UInt32 = 0) -> UInt32 {
        guard bytes.count > 0 else { return start }
        return UInt32(truncatingIfNeeded: crc32_z(UInt(start), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }

    /// Writes arrays uncompressed; the file appears under its name only when it is complete.
    ///
    /// - Throws: `invalidInput` when a name is given twice, `unsupported` when numpy has no such element type, `file` when
    ///   the path cannot be written.
    public static func write(_ tensors: [(name: String, tensor: Tensor)], path: String) throws(ModelError) {
        guard Set(tensors.map(\.name)).count == tensors.count else {
            throw ModelError(.invalidInput, "two arrays have the same name", file: path)
        }
        try PartFile.write(path) { output throws(ModelError) in
            var entries: [NpzArchive.Entry] = []
            for (name, tensor) in tensors {
                let (header, payload) = try NpyFile.parts(tensor)
                entries.append(
                    try entry(name, header, payload.byteCount, output) { body in
                        withExtendedLifetime(payload) { body(payload.bytes) }
                    })
            }
            NpzArchive.directory(entries, at: output.position).withUnsafeBytes { output.write($0) }
        }
    }

    /// Writes arrays that were collected beside the archive.
    ///
    /// - Throws: As `write(_:path:)`.
    package static func write(spools arrays: [(name: String, spool: NpySpool)], path: String) throws(ModelError) {
        guard Set(arrays.map(\.name)).count == arrays.count else {
            throw ModelError(.invalidInput, "two arrays have the same name", file: path)
        }
        try PartFile.write(path) { output throws(ModelError) in
            var entries: [NpzArchive.Entry] = []
            for (name, spool) in arrays {
                let (header, size) = try spool.header()
                entries.append(
                    try entry(name, header, size, output) { body throws(ModelError) in try spool.forEachBlock(body) })
            }
            NpzArchive.directory(entries, at: output.position).withUnsafeBytes { output.write($0) }
        }
    }

    /// Writes one array, whose elements `blocks` gives twice: for the checksum, which comes first, and for the file.
    private static func entry(
        _ name: String, _ header: [UInt8], _ payloadSize: Int, _ output: PartFile,
        _ blocks: ((UnsafeRawBufferPointer) -> Void) throws(ModelError) -> Void
    ) throws(ModelError) -> NpzArchive.Entry {
        guard !name.isEmpty, name.utf8.count < 1 << 15, !name.utf8.contains(0) else {
            throw ModelError(.invalidInput, "'\(name.prefix(80))' is no valid name of an array")
        }
        var sum = header.withUnsafeBytes { checksum($0) }
        try blocks { sum = checksum($0, sum) }
        let size = header.count + payloadSize
        let entry = NpzArchive.Entry(
            name: name + ".npy", isDeflated: false, checksum: sum, size: size, range: output.position..<output.position + size)
        NpzArchive.localHeader(entry).withUnsafeBytes { output.write($0) }
        header.withUnsafeBytes { output.write($0) }
        try blocks { output.write($0) }
        try output.check()
        return entry
    }
}

/// The zip container of a `.npz` file, read strictly: what is not understood is refused.
///
/// Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (zip 6.3.10), sections 4.3 and 4.5.3
package enum NpzArchive {
    package struct Entry: Sendable {
        package var name: String
        var isDeflated: Bool
        var checksum: UInt32
        /// Bytes when unpacked.
        var size: Int
        /// The packed bytes in the archive; while writing, where the local header starts and the unpacked size.
        var range: Range<Int>
    }

    private static let localSignature: UInt32 = 0x0403_4b50
    private static let entrySignature: UInt32 = 0x0201_4b50
    private static let endSignature: UInt32 = 0x0605_4b50
    private static let end64Signature: UInt32 = 0x0606_4b50
    private static let locatorSignature: UInt32 = 0x0706_4b50

    /// Deflate packs at most 1032 bytes into one.
    ///
    /// Source: https://zlib.net/zlib_tech.html, "Maximum Compression Factor"
    private static let deflateRatioLimit = 1032
}

// MARK: Reading

extension NpzArchive {
    /// Finds the entries; together they may unpack to `unpackedLimit` bytes.
    package static func entries(_ bytes: UnsafeRawBufferPointer, unpackedLimit: Int) throws(ModelError) -> [Entry] {
        let directory = try findDirectory(bytes)
        var entries: [Entry] = []
        var position = directory.start
        for _ in 0..<directory.count {
            entries.append(try entry(bytes, &position, directory.end))
        }
        guard position == directory.end else { throw malformed("its directory has a wrong length") }
        try checkSizes(entries, unpackedLimit)
        return entries
    }

    private static func malformed(_ what: String) -> ModelError {
        ModelError(.malformed, "no valid .npz archive: \(what)", remedy: "check that the file was copied completely")
    }

    private static func findDirectory(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ModelError) -> (start: Int, end: Int, count: Int) {
        let last = bytes.count - 22
        var end = last
        while end >= max(0, last - 0xffff), !isEnd(bytes, end) { end -= 1 }
        guard end >= max(0, last - 0xffff), last >= 0 else { throw malformed("it has no end-of-directory record") }
        guard bytes.uint16(end + 4) == 0, bytes.uint16(end + 6) == 0 else { throw malformed("it is split in several parts") }
        var count = UInt64(bytes.uint16(end + 10))
        var size = UInt64(bytes.uint32(end + 12))
        var start = UInt64(bytes.uint32(end + 16))
        var limit = end
        if count == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff {
            guard end >= 20, bytes.uint32(end - 20) == locatorSignature,
                let record = Int(exactly: bytes.uint64(end - 12)), record >= 0, record <= end - 76,
                bytes.uint32(record) == end64Signature
            else { throw malformed("its zip64 directory record is missing") }
            count = bytes.uint64(record + 32)
            size = bytes.uint64(record + 40)
            start = bytes.uint64(record + 48)
            limit = record
        }
        guard start <= UInt64(limit), size == UInt64(limit) - start, count <= size / 46 else {
            throw malformed("its directory is not where the end record says")
        }
        return (Int(start), limit, Int(count))
    }

    private static func isEnd(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
        position >= 0 && bytes.uint32(position) == endSignature
            && Int(bytes.uint16(position + 20)) == bytes.count - position - 22
    }

    private static func entry(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ end: Int
    ) throws(ModelError) -> Entry {
        guard end - position >= 46, bytes.uint32(position) == entrySignature else { throw malformed("an entry is damaged") }
        let (flags, method) = (bytes.uint16(position + 8), bytes.uint16(position + 10))
        let nameLength = Int(bytes.uint16(position + 28))
        let extraLength = Int(bytes.uint16(position + 30))
        let commentLength = Int(bytes.uint16(position + 32))
        guard end - position - 46 >= nameLength + extraLength + commentLength else { throw malformed("an entry is damaged") }
        let nameBytes = bytes[position + 46..<position + 46 + nameLength]
        guard let name = String(validating: nameBytes, as: UTF8.self) else { throw malformed("a name is not UTF-8") }
        guard flags & 0x2061 == 0 else {
            throw ModelError(.unsupported, "the archive's entry '\(name)' is encrypted or patched")
        }
        guard method == 0 || method == 8 else {
            throw ModelError(
                .unsupported, "the archive's entry '\(name)' is packed by method \(method), expected stored or deflate",
                remedy: "write it with numpy.savez or numpy.savez_compressed")
        }
        var fields = [
            UInt64(bytes.uint32(position + 24)), UInt64(bytes.uint32(position + 20)), UInt64(bytes.uint32(position + 42)),
        ]
        let extra = position + 46 + nameLength
        try readZip64(UnsafeRawBufferPointer(rebasing: bytes[extra..<extra + extraLength]), &fields)
        guard let size = Int(exactly: fields[0]), let packed = Int(exactly: fields[1]), let local = Int(exactly: fields[2]) else {
            throw malformed("the sizes of '\(name)' are impossible")
        }
        let checksum = bytes.uint32(position + 16)
        position = extra + extraLength + commentLength
        guard local <= bytes.count - 30, bytes.uint32(local) == localSignature,
            Int(bytes.uint16(local + 26)) == nameLength, bytes.count - local - 30 >= nameLength,
            bytes[local + 30..<local + 30 + nameLength].elementsEqual(nameBytes)
        else { throw malformed("'\(name)' is not where its directory says") }
        let start = local + 30 + nameLength + Int(bytes.uint16(local + 28))
        guard start <= bytes.count, packed <= bytes.count - start else { throw malformed("'\(name)' is truncated") }
        guard method == 8 || size == packed else { throw malformed("the sizes of '\(name)' disagree") }
        return Entry(name: name, isDeflated: method == 8, checksum: checksum, size: size, range: start..<start + packed)
    }

    /// Fields that are all ones in the directory stand in the zip64 extra field, in the order size, packed size, offset.
    private static func readZip64(_ extra: UnsafeRawBufferPointer, _ fields: inout [UInt64]) throws(ModelError) {
        var missing = fields.indices.filter { fields[$0] == 0xffff_ffff }
        var position = 0
        while extra.count - position >= 4 {
            let length = Int(extra.uint16(position + 2))
            guard extra.count - position - 4 >= length else { throw malformed("an extra field is damaged") }
            if extra.uint16(position) == 1 {
                guard length >= missing.count * 8 else { throw malformed("a zip64 field is too short") }
                for (order, field) in missing.enumerated() { fields[field] = extra.uint64(position + 4 + order * 8) }
                missing = []
            }
            position += 4 + length
        }
        guard missing.isEmpty else { throw malformed("a zip64 field is missing") }
    }

    /// Overlapping entries and absurd sizes are how a small archive exhausts memory.
    private static func checkSizes(_ entries: [Entry], _ limit: Int) throws(ModelError) {
        guard Set(entries.map(\.name)).count == entries.count else { throw malformed("a name occurs twice") }
        let sorted = entries.sorted { $0.range.lowerBound < $1.range.lowerBound }
        for (a, b) in zip(sorted, sorted.dropFirst()) where a.range.upperBound > b.range.lowerBound {
            throw malformed("'\(a.name)' and '\(b.name)' overlap")
        }
        var total = 0
        for entry in entries {
            let (possible, overflow) = entry.range.count.multipliedReportingOverflow(by: deflateRatioLimit)
            guard entry.size >= 0, !overflow, !entry.isDeflated || entry.size <= possible else {
                throw malformed("'\(entry.name)' cannot unpack to \(entry.size) bytes")
            }
            total = total.addingReportingOverflow(entry.size).partialValue
            guard total >= 0, total <= limit else {
                throw ModelError(
                    .limit, "the archive unpacks to more than \(limit) bytes", remedy: "store the arrays without compression")
            }
        }
    }

    static func inflated(_ packed: UnsafeRawBufferPointer, size: Int) throws(ModelError) -> Storage {
        let output = try Storage(byteCount: size)
        let inflater = try Inflater(packed)
        try inflater.read(into: output.bytes)
        try inflater.finish()
        return output
    }
}

// MARK: Writing

extension NpzArchive {
    static func localHeader(_ entry: Entry) -> [UInt8] {
        let isLarge = entry.size >= 0xffff_ffff
        var bytes = little(localSignature) + common(entry, needsZip64: isLarge)
        let size = isLarge ? UInt32.max : UInt32(entry.size)
        bytes += little(size) + little(size) + little(UInt16(entry.name.utf8.count))
        let extra = isLarge ? zip64([entry.size, entry.size]) : []
        return bytes + little(UInt16(extra.count)) + Array(entry.name.utf8) + extra
    }

    static func directory(_ entries: [Entry], at start: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            let offset = entry.range.lowerBound
            let large = (entry.size >= 0xffff_ffff ? [entry.size, entry.size] : []) + (offset >= 0xffff_ffff ? [offset] : [])
            let extra = large.isEmpty ? [] : zip64(large)
            let size = UInt32(clamping: entry.size)
            bytes += little(entrySignature) + little(UInt16(45)) + common(entry, needsZip64: !large.isEmpty)
            bytes += little(size) + little(size) + little(UInt16(entry.name.utf8.count)) + little(UInt16(extra.count))
            bytes += [UInt8](repeating: 0, count: 10) + little(UInt32(clamping: offset)) + Array(entry.name.utf8) + extra
        }
        let (size, count) = (bytes.count, entries.count)
        if count >= 0xffff || size >= 0xffff_ffff || start >= 0xffff_ffff {
            bytes += little(end64Signature) + little(UInt64(44)) + little(UInt16(45)) + little(UInt16(45)) + little(UInt64(0))
            bytes += little(UInt64(count)) + little(UInt64(count)) + little(UInt64(size)) + little(UInt64(start))
            bytes += little(locatorSignature) + little(UInt32(0)) + little(UInt64(start + size)) + little(UInt32(1))
        }
        bytes += little(endSignature) + little(UInt32(0)) + little(UInt16(clamping: count)) + little(UInt16(clamping: count))
        return bytes + little(UInt32(clamping: size)) + little(UInt32(clamping: start)) + little(UInt16(0))
    }

    /// Version needed, flags (UTF-8 names), method, time and date (the first of 1980: same arrays, same file), checksum.
    private static func common(_ entry: Entry, needsZip64: Bool) -> [UInt8] {
        let flags: UInt16 = entry.name.utf8.allSatisfy { $0 < 0x80 } ? 0 : 0x800
        return little(UInt16(needsZip64 ? 45 : 20)) + little(flags) + little(UInt16(0)) + little(UInt16(0))
            + little(UInt16(0x21)) + little(entry.checksum)
    }

    private static func zip64(_ fields: [Int]) -> [UInt8] {
        fields.reduce(into: little(UInt16(1)) + little(UInt16(fields.count * 8))) { $0 += little(UInt64($1)) }
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func uint16(_ offset: Int) -> UInt16 { loadUnaligned(fromByteOffset: offset, as: UInt16.self).littleEndian }
    fileprivate func uint32(_ offset: Int) -> UInt32 { loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian }
    fileprivate func uint64(_ offset: Int) -> UInt64 { loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian }
}

import SeptumTensor
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files that numpy wrote, see Fixtures/tensor/recipe.py.
let fixtures = #filePath.replacing("Tests/Tensor/NpyTests.swift", with: "Fixtures/tensor/")

@Suite struct NpyTests {
    func read(_ file: String) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try Npz.read(path: fixtures + file).map { ($0.name, $0.tensor) })
    }

    @Test(arguments: ["basic.npz", "deflated.npz"]) func readsEveryElementType(file: String) throws {
        let arrays = try read(file)
        #expect(arrays.count == (file == "basic.npz" ? 19 : 20))
        let float32 = try #require(arrays["float32"])
        #expect(float32.shape == [2, 3])
        let bits: [UInt32] = [0x3fc0_0000, 0xc010_0000, 0x7f80_0000, 0x3dcc_cccd, 0x7fc0_0000, 0x8000_0000]
        #expect(try float32.array(of: Float.self).map(\.bitPattern) == bits)
        #expect(try arrays["float64"]?.array(of: Double.self) == [0.1, 1e300, .leastNonzeroMagnitude])
        #expect(try arrays["float16"]?.array(of: Float16.self) == [0.5, 65504])
        #expect(try arrays["bool"]?.array(of: Bool8.self) == [true, false, true])
        #expect(arrays["int8"]?.integers == [-128, 127])
        #expect(arrays["int16"]?.integers == [-32768, 32767])
        #expect(arrays["int32"]?.integers == [Int(Int32.min), Int(Int32.max)])
        #expect(arrays["int64"]?.integers == [.min, .max])
        #expect(arrays["uint8"]?.integers == [0, 255])
        #expect(arrays["uint16"]?.integers == [0, 65535])
        #expect(arrays["uint32"]?.integers == [0, 0xffff_ffff])
        #expect(try arrays["uint64"]?.array(of: UInt64.self) == [0, .max])
        #expect(arrays["complex64"].map { floats($0.bytes) } == [1, 2, 0, -0.5])
        #expect(arrays["complex128"]?.elementType == .complex128)
        #expect(arrays["text"]?.strings == ["jet", "é∂𝛾", "", "a\0b"])
        #expect(arrays["bytes"]?.strings == ["pt", "eta", ""])
        #expect(arrays["scalar"]?.shape == [])
        #expect(arrays["empty"]?.shape == [0, 4])
        #expect(arrays["name/with.dots é"]?.integers == [0, 1, 2])
    }

    func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] { Array(bytes.bindMemory(to: Float.self)) }

    @Test func convertsForeignOrders() throws {
        let arrays = try read("orders.npz")
        #expect(arrays.count == 6)
        #expect(try arrays["big_float32"]?.array(of: Float.self) == [0, 1, 2, 3, 4, 5])
        #expect(arrays["big_int16"]?.integers == [1, -2, 300])
        #expect(arrays["big_complex64"].map { floats($0.bytes) } == [1, 2])
        #expect(arrays["big_text"]?.strings == ["jet", "é"])
        #expect(arrays["fortran"]?.shape == [2, 3, 4])
        #expect(arrays["fortran"]?.integers == Array(0..<24))
        #expect(arrays["fortran_big_text"]?.strings == ["a", "b", "c", "d", "e", "f"])
    }

    @Test(arguments: ["version2.npy", "version3.npy"]) func readsLaterVersions(file: String) throws {
        let tensor = try NpyFile.read(path: fixtures + file)
        #expect(tensor.shape == [2, 2])
        #expect(try tensor.array(of: Double.self) == [0, 1, 2, 3])
    }

    @Test(arguments: [
        ("structured.npy", "structured"), ("objects.npy", "pickled Python objects"), ("datetime.npy", "<M8"),
        ("long_double.npy", "<f16"), ("basic.npz", "does not start with"), ("missing.npy", "cannot be opened"),
    ]) func refuses(file: String, reason: String) throws {
        let error = try #require(throws: ModelError.self) { try NpyFile.read(path: fixtures + file) }
        #expect("\(error)".contains(reason))
        #expect(error.file == fixtures + file)
    }

    @Test(arguments: [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "{'descr':\"<f4\",'fortran_order':False,'shape':(2,)}",
        "{'shape': (1, 2), 'fortran_order': True, 'descr': '<f4'}",
    ]) func takesHeader(text: String) throws {
        #expect(try decode(text, data: 8).count == 2)
    }

    @Test(arguments: [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'descr': '<f4', 'shape': (2,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "__import__('os')", "",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} 1", "{'descr': '<U+2', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (2,)}", "{'descr': '<U99999999999', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (4611686018427387904,)}",
    ]) func refusesHeader(text: String) {
        #expect(throws: ModelError.self) { try decode(text, data: 8) }
    }

    func decode(_ header: String, data: Int) throws -> Tensor {
        let length = header.utf8.count
        let start: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, UInt8(length & 255), UInt8(length >> 8)]
        let bytes = start + Array(header.utf8) + [UInt8](repeating: 0, count: data)
        return try bytes.withUnsafeBytes { try NpyFile.decode($0) }
    }

    @Test func refusesTextThatIsNotUnicode() {
        for code in [0x110000, 0xd800] {
            var bytes = Array("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}".utf8)
            bytes = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, UInt8(bytes.count), 0] + bytes
            bytes += withUnsafeBytes(of: UInt32(code)) { Array($0) }
            #expect(throws: ModelError.self) { try bytes.withUnsafeBytes { try NpyFile.decode($0) } }
        }
    }

    @Test func writesWhatItReads() throws {
        let path = temporaryPath("round.npz")
        defer { unlink(path) }
        let arrays = try Npz.read(path: fixtures + "basic.npz")
        try Npz.write(arrays, path: path)
        let again = try Npz.read(path: path)
        #expect(again.map(\.name) == arrays.map(\.name))
        for (old, new) in zip(arrays, again) { #expect(old.tensor.isIdentical(to: new.tensor), "\(old.name)") }
        try NpyFile.write(arrays[0].tensor, path: path)
        #expect(try NpyFile.read(path: path).isIdentical(to: arrays[0].tensor))
        try Npz.write([], path: path)
        #expect(try Npz.read(path: path).isEmpty)
    }

    /// numpy pads and orders the header in the same way; only the container differs (it forces zip64).
    @Test func writesTheBytesThatNumpyWrites() throws {
        let path = temporaryPath("same.npy")
        defer { unlink(path) }
        let archive = try bytes(of: fixtures + "basic.npz")
        for (name, tensor) in try Npz.read(path: fixtures + "basic.npz") where tensor.elementType != .string {
            try NpyFile.write(tensor, path: path)
            #expect(archive.firstRange(of: try bytes(of: path)) != nil, "\(name)")
        }
    }

    @Test func refusesToWrite() throws {
        let path = temporaryPath("refused.npz")
        let float = try Tensor([1], [Float(1)])
        for type in [ElementType.bfloat16, .float8e4m3fn, .int4] {
            let error = #expect(throws: ModelError.self) { try Npz.write([("x", try Tensor(zeros: type, [1]))], path: path) }
            #expect(error.map { "\($0)" }?.contains("\(type)") == true)
        }
        #expect(throws: ModelError.self) { try Npz.write([("x", float), ("x", float)], path: path) }
        #expect(throws: ModelError.self) { try Npz.write([("", float)], path: path) }
        #expect(throws: ModelError.self) { try NpyFile.write(float, path: "/nowhere/at/all.npy") }
        #expect(access(path, F_OK) != 0)
    }

    @Test(arguments: ["tiny.npz", "tiny_deflated.npz"]) func survivesTruncation(file: String) throws {
        let whole = try bytes(of: fixtures + file)
        #expect(try whole.withUnsafeBytes { try Npz.decode($0) }.count == 2)
        for length in 0..<whole.count {
            #expect(throws: ModelError.self) { try whole[..<length].withUnsafeBytes { try Npz.decode($0) } }
        }
    }

    @Test(arguments: ["tiny.npz", "tiny_deflated.npz"]) func survivesEveryChangedByte(file: String) throws {
        let whole = try bytes(of: fixtures + file)
        var accepted = 0
        for position in whole.indices {
            for value in [0, 0x7f, 0xff, whole[position] ^ 1] as [UInt8] {
                var changed = whole
                changed[position] = value
                if (try? changed.withUnsafeBytes({ try Npz.decode($0) })) != nil { accepted += 1 }
            }
        }
        // Time stamps, versions and the like may change freely; the content may not.
        #expect(accepted < whole.count * 2)
    }

    @Test func readsZip64() throws {
        let tensor = try #require(try read("zip64.npz")["x"])
        #expect(tensor.isIdentical(to: try NpyFile.read(path: fixtures + "version2.npy")))
        let whole = try bytes(of: fixtures + "zip64.npz")
        for length in 0..<whole.count {
            #expect(throws: ModelError.self) { try whole[..<length].withUnsafeBytes { try Npz.decode($0) } }
        }
        for position in whole.indices {
            var changed = whole
            changed[position] = 0x80
            _ = try? changed.withUnsafeBytes { try Npz.decode($0) }
        }
    }

    /// A directory of zip counts to 65,534; beyond, it is one of zip64.
    @Test func writesManyArrays() throws {
        let path = temporaryPath("many.npz")
        defer { unlink(path) }
        let empty = try Tensor(zeros: .float32, [0])
        try Npz.write((0..<66_000).map { ("\($0)", empty) }, path: path)
        #expect(try Npz.read(path: path).map(\.name) == (0..<66_000).map { "\($0)" })
    }

    @Test func boundsWhatIsUnpacked() throws {
        let small = try bytes(of: fixtures + "deflated.npz")
        let error = #expect(throws: ModelError.self) {
            try small.withUnsafeBytes { _ = try NpzArchive.entries($0, unpackedLimit: 10_000) }
        }
        #expect(error?.code == .limit)
        #expect(throws: ModelError.self) { try Npz.read(path: fixtures + "foreign.npz") }
        var claims = try bytes(of: fixtures + "tiny_deflated.npz")
        let entry = try #require(claims.firstRange(of: [0x50, 0x4b, 1, 2] as [UInt8])).lowerBound
        claims.replaceSubrange(entry + 24..<entry + 28, with: [0, 0, 0, 0xf0])
        let bomb = #expect(throws: ModelError.self) { try claims.withUnsafeBytes { try Npz.decode($0) } }
        #expect(bomb?.message.contains("cannot unpack") == true)
    }
}

func temporaryPath(_ name: String) -> String { "/tmp/septum-test-\(getpid())-\(name)" }

func bytes(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"))
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: ftell(file))
    rewind(file)
    let count = bytes.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) }
    try #require(count == bytes.count)
    return bytes
}

import Foundation
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

@Suite struct TensorRecordTests {
    private static func files() throws -> DataFiles { DataFiles(try ModelSource(bytes: [1], name: "memory")) }

    private static func tensor(_ code: Int, _ dimensions: [Int], _ data: TensorRecord.Data) throws -> Tensor {
        try TensorRecord(name: "t", elementCode: code, dimensions: dimensions, data: data).tensor(in: try files())
    }

    private static func bytes(_ code: Int, _ dimensions: [Int], _ data: TensorRecord.Data) throws -> [UInt8] {
        let tensor = try tensor(code, dimensions, data)
        return withExtendedLifetime(tensor) { Array(tensor.bytes) }
    }

    @Test func everyFieldOfNumbersIsRead() throws {
        #expect(try Self.tensor(1, [2], .floats([1, -2])).array(of: Float.self) == [1, -2])
        #expect(try Self.tensor(11, [2], .doubles([1, -2])).array(of: Double.self) == [1, -2])
        #expect(try Self.tensor(7, [1], .int64s([-5])).array(of: Int64.self) == [-5])
        #expect(try Self.tensor(6, [1], .int32s([-5])).array(of: Int32.self) == [-5])
        #expect(try Self.tensor(5, [2], .int32s([-5, 300])).array(of: Int16.self) == [-5, 300])
        #expect(try Self.tensor(4, [1], .int32s([65535])).array(of: UInt16.self) == [65535])
        #expect(try Self.tensor(3, [1], .int32s([-5])).array(of: Int8.self) == [-5])
        #expect(try Self.tensor(2, [1], .int32s([200])).array(of: UInt8.self) == [200])
        #expect(try Self.tensor(9, [2], .int32s([1, 0])).array(of: Bool8.self).map(\.value) == [true, false])
        #expect(try Self.tensor(10, [1], .int32s([0x3c00])).array(of: Float16.self) == [1])
        #expect(try Self.tensor(16, [1], .int32s([0x3f80])).array(of: BFloat16.self).map(\.float) == [1])
        #expect(try Self.tensor(12, [1], .uint64s([4_000_000_000])).array(of: UInt32.self) == [4_000_000_000])
        #expect(try Self.tensor(13, [1], .uint64s([.max])).array(of: UInt64.self) == [.max])
        #expect(try Self.tensor(8, [1], .strings(["a"])).strings == ["a"])
        #expect(try Self.bytes(14, [1], .floats([1, 2])).count == 8)
        #expect(try Self.bytes(17, [1], .int32s([0x38])) == [0x38])
    }

    @Test func packedTypesAreSpread() throws {
        #expect(try Self.tensor(22, [3], .raw([0xf1, 0x08])).integers == [1, -1, -8])
        #expect(try Self.tensor(21, [3], .int32s([0xf1, 0x08])).integers == [1, 15, 8])
        #expect(try Self.tensor(26, [5], .raw([0b11_10_01_00, 0b01])).integers == [0, 1, -2, -1, 1])
        #expect(try Self.tensor(25, [4], .raw([0b11_10_01_00])).integers == [0, 1, 2, 3])
        #expect(try Self.bytes(23, [2], .raw([0x7f])) == [0x0f, 0x07])
    }

    @Test func dataThatDoesNotFitIsRefused() throws {
        let wrong: [(Int, [Int], TensorRecord.Data)] = [
            (1, [2], .floats([1])), (1, [2], .raw([0, 0, 0, 0])), (1, [2], .none), (1, [1], .doubles([1])),
            (1, [-1], .floats([1])), (1, [1 << 40, 1 << 40], .floats([1])), (1, [1 << 62], .raw([0])), (0, [1], .raw([0])),
            (27, [1], .raw([0])), (99, [1], .raw([0])), (8, [1], .raw([0])), (8, [2], .strings(["a"])), (22, [3], .raw([0])),
            (1, [2], .inFile(0..<8)), (1, [2], .inFile(4096..<4104)), (1, [1], .external([])),
            (1, [1], .external([Entry(key: "location", value: "w.bin")])),
        ]
        for (code, dimensions, data) in wrong {
            #expect(throws: ModelError.self, "\(code) \(dimensions) \(data)") { _ = try Self.tensor(code, dimensions, data) }
        }
    }

    @Test func sparseTensorsAreWrittenOut() throws {
        func dense(_ indices: TensorRecord, _ dimensions: [Int] = [2, 2]) throws -> [Float] {
            let record = SparseTensorRecord(values: Sample.floats("s", [2], [5, 6]), indices: indices, dimensions: dimensions)
            return try record.tensor(in: try Self.files()).array()
        }
        #expect(try dense(Sample.int64s("", [2, 2], [0, 1, 1, 0])) == [0, 5, 6, 0])
        #expect(try dense(Sample.int64s("", [2], [0, 3])) == [5, 0, 0, 6])
        #expect(throws: ModelError.self) { _ = try dense(Sample.int64s("", [2], [0, 4])) }
        #expect(throws: ModelError.self) { _ = try dense(Sample.int64s("", [2, 2], [0, 0, 0, -1])) }
        #expect(throws: ModelError.self) { _ = try dense(Sample.int64s("", [2], [0, 1]), [1 << 30]) }
    }

    @Test func externalDataStaysInTheFolder() throws {
        let manager = FileManager.default
        let root = manager.temporaryDirectory.appending(path: "septum-onnx-\(UUID().uuidString)")
        let folder = root.appending(path: "model")
        try manager.createDirectory(at: folder.appending(path: "data"), withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: root) }
        let content: [Float] = [1, 2, 3, 4]
        let bytes = content.withUnsafeBytes { Data($0) }
        try bytes.write(to: folder.appending(path: "data/w.bin"))
        try bytes.write(to: root.appending(path: "outside.bin"))
        try Data([1]).write(to: folder.appending(path: "m.onnx"))
        try manager.createSymbolicLink(
            at: folder.appending(path: "link.bin"), withDestinationURL: root.appending(path: "outside.bin"))
        try manager.createSymbolicLink(
            at: folder.appending(path: "inner.bin"), withDestinationURL: folder.appending(path: "data/w.bin"))
        let files = DataFiles(try ModelSource(path: folder.appending(path: "m.onnx").path))

        func read(_ location: String, _ offset: String?, _ length: String?, count: Int) throws -> [Float] {
            var entries = [Entry(key: "location", value: location)]
            if let offset { entries.append(Entry(key: "offset", value: offset)) }
            if let length { entries.append(Entry(key: "length", value: length)) }
            let record = TensorRecord(name: "t", elementCode: 1, dimensions: [count], data: .external(entries))
            return try record.tensor(in: files).array()
        }
        #expect(try read("data/w.bin", nil, nil, count: 4) == content)
        #expect(try read("data/w.bin", "4", "8", count: 2) == [2, 3])
        #expect(try read("inner.bin", "12", nil, count: 1) == [4])
        let refused: [(String, String?, String?)] = [
            ("../outside.bin", nil, nil), ("link.bin", nil, nil), (root.appending(path: "outside.bin").path, nil, nil),
            ("data/../../outside.bin", nil, nil), ("data", nil, nil), ("absent.bin", nil, nil), ("", nil, nil),
            ("data/w.bin", "-4", "8"), ("data/w.bin", "20", nil), ("data/w.bin", "8", "16"), ("data/w.bin", "x", nil),
            ("data/w.bin", "9223372036854775807", "16"), ("data/w.bin", "0", "-16"), ("data/w.bin", "0", "12"),
        ]
        for (location, offset, length) in refused {
            #expect(throws: ModelError.self, "\(location) \(offset ?? "") \(length ?? "")") {
                _ = try read(location, offset, length, count: 4)
            }
        }
    }
}

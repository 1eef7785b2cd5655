import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

@Suite struct RecordTests {
    private static func parsed(_ bytes: [UInt8]) throws -> ModelRecord {
        let source = try ModelSource(bytes: bytes, name: "test")
        return try ModelRecord(parsing: source)
    }

    @Test func everyFieldSurvivesARoundTrip() throws {
        let record = Sample.everything
        let bytes = try record.serialized()
        let back = try RecordTests.parsed(bytes)
        let isEqual = String(describing: back) == String(describing: record)
        #expect(isEqual, "the records differ")
        let isSame = try back.serialized() == bytes
        #expect(isSame, "the bytes differ")
    }

    @Test func largeRawDataStaysInTheFile() throws {
        var graph = GraphRecord()
        let content = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let large = TensorRecord(name: "large", elementCode: 2, dimensions: [4096], data: .raw(content))
        graph.initializers = [large]
        graph.nodes = [NodeRecord("Constant", inputs: [], outputs: ["c"], attributes: [.init("value", .tensor(large))])]
        let source = try ModelSource(bytes: try Sample.model(graph).serialized(), name: "test")
        let record = try ModelRecord(parsing: source)
        guard case .inFile(let range) = record.graph.initializers[0].data,
            case .tensor(let inner) = record.graph.nodes[0].attributes[0].value,
            case .inFile = inner.data
        else {
            Issue.record("the data was copied")
            return
        }
        #expect(source.bytes[range].elementsEqual(content))
        let files = DataFiles(source)
        #expect(try record.graph.initializers[0].tensor(in: files).array(of: UInt8.self) == content)
        #expect(try inner.tensor(in: files).array(of: UInt8.self) == content)
    }

    @Test func bytesThatAreNoModelAreRefused() throws {
        for bytes in [[UInt8](repeating: 255, count: 40), Array("hello, world".utf8), [8, 7]] {
            #expect(throws: ModelError.self) { _ = try RecordTests.parsed(bytes) }
        }
    }

    @Test func nestingIsBounded() throws {
        var graph = GraphRecord()
        for _ in 0..<60 {
            var outer = GraphRecord()
            outer.nodes = [NodeRecord("If", inputs: ["c"], outputs: ["y"], attributes: [.init("then_branch", .graph(graph))])]
            graph = outer
        }
        let bytes = try Sample.model(graph).serialized()
        #expect(throws: ModelError.self) { _ = try RecordTests.parsed(bytes) }
    }
}

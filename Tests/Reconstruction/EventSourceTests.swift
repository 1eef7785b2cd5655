import SeptumReconstruction
import SeptumTensor
import Testing

/// Sources that are read in parts.
@Suite struct EventSourceTests {
    private let jets = fixtures + "/events/jets"

    /// The archive of the fixture is deflated, a copy is stored.
    @Test(arguments: [true, false])
    func partsOfArchivesAreThoseOfTheWhole(isDeflated: Bool) throws {
        let folder = try TemporaryFolder()
        let whole = try Npz.read(path: jets + "/jets.npz")
        let path = isDeflated ? jets + "/jets.npz" : folder("jets.npz")
        if !isDeflated { try Npz.write(whole, path: path) }
        let events = try EventFiles.open(path)
        let count = events.eventCount
        #expect(count == whole[0].tensor.count && events.columns.map(\.name) == whole.map(\.name))
        for size in [count, 100, 7] {
            for start in stride(from: 0, to: count, by: size) {
                let range = start..<min(start + size, count)
                for (name, tensor) in whole {
                    let part = try #require(try events.read([name], range)[name]).values
                    let width = tensor.elementType.byteWidth
                    #expect(part.elementType == tensor.elementType)
                    #expect(part.bytes.elementsEqual(tensor.bytes[range.lowerBound * width..<range.upperBound * width]))
                }
            }
        }
        let beyond = #expect(throws: ModelError.self) { try events.read(["Jet_pt"], count - 1..<count + 1) }
        #expect(beyond?.message == "events \(count - 1)..<\(count + 1) were asked for, there are \(count)")
    }

    @Test func damagedArraysAreFoundWhileTheyAreRead() throws {
        let folder = try TemporaryFolder()
        try Npz.write([("x", try Tensor([1000], (0..<1000).map(Float.init)))], path: folder("a.npz"))
        var bytes = try folder.read("a.npz")
        bytes[128 + 30 + 5 + 4 * 700] ^= 1
        let events = try EventFiles.open(try folder.write("b.npz", bytes))
        _ = try events.read(["x"], 0..<600)
        let error = #expect(throws: ModelError.self) { try events.read(["x"], 600..<1000) }
        #expect(error?.description == "\(folder("b.npz")): the checksum does not match: the file is damaged")
        var packed = try TemporaryFolder.bytes(jets + "/jets.npz")
        packed[200] ^= 0x55
        let damaged = try folder.write("c.npz", packed)
        let found = #expect(throws: ModelError.self) {
            let events = try EventFiles.open(damaged)
            for column in events.columns { _ = try events.read([column.name], 0..<events.eventCount) }
        }
        #expect(found?.code == .malformed)
    }

    @Test func stringsAndOffsetsSurviveBatches() throws {
        let folder = try TemporaryFolder()
        var sink = try EventFiles.create(folder("a.npz"))
        for part in [["a", "", "longer"], [], ["é"]] as [[String]] {
            let offsets = Array(0...part.count).map { $0 * 2 }
            let items = (0..<part.count * 2).map(Int16.init)
            try sink.append([
                ("name", Column(values: try Tensor([part.count], strings: part))),
                ("item", Column(values: try Tensor([items.count], items), offsets: offsets)),
            ])
        }
        #expect(folder.names == [])
        try sink.close()
        let read = try Npz.read(path: folder("a.npz"))
        #expect(read.map(\.name) == ["name", "item", "item.offsets"])
        #expect(read[0].tensor.strings == ["a", "", "longer", "é"])
        #expect(try read[1].tensor.array(of: Int16.self) == [0, 1, 2, 3, 4, 5, 0, 1])
        #expect(try read[2].tensor.array(of: Int64.self) == [0, 2, 4, 6, 8])
        let events = try EventFiles.open(folder("a.npz"))
        let part = try events.read(["name", "item"], 2..<4)
        #expect(part["name"]?.values.strings == ["longer", "é"] && part["item"]?.offsets == [0, 2, 4])
    }

    @Test func partsOfTablesAreThoseOfTheWhole() throws {
        let folder = try TemporaryFolder()
        var text = "a,t,b\n"
        for line in 0..<9000 { text += "\(line),x\(line),\(Double(line) / 7)\n" + (line % 1000 == 0 ? "\r\n\n" : "") }
        let table = try EventFiles.open(try folder.write("t.csv", Array(text.utf8)))
        #expect(table.eventCount == 9000)
        for range in [0..<10, 10..<4090, 4090..<4100, 8190..<8200, 8999..<9000, 3..<4, 9000..<9000, 0..<9000] {
            let read = try table.read(["b", "a"], range)
            #expect(try read["a"]?.values.array(of: Double.self) == range.map(Double.init))
            #expect(try read["b"]?.values.array(of: Double.self) == range.map { Double($0) / 7 })
        }
    }

    @Test func numbersOfTablesAreRoundedRightly() throws {
        let folder = try TemporaryFolder()
        let cells = [
            "0.1", "-0.30000000000000004", "123456789.123456", "1e-5", "9007199254740993", "5.", ".5", "-0",
            "1.7976931348623157e308",
            "\"2.5\"", "+3", "0.000000000000001", "999999999999999", "0x10", "-12.",
        ]
        let table = try EventFiles.open(try folder.write("t.csv", Array(("x\n" + cells.joined(separator: "\n") + "\n").utf8)))
        let read = try #require(try table.read(["x"], 0..<cells.count)["x"]).values.array(of: Double.self)
        for (cell, value) in zip(cells, read) {
            let expected = try #require(Double(cell.replacing("\"", with: "")), "\(cell)")
            #expect(value.bitPattern == expected.bitPattern, "\(cell)")
        }
    }
}

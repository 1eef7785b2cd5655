import SeptumEngine
import SeptumIR
import SeptumReconstruction
import SeptumTensor
import Testing

/// The simulated jets, in every format.
@Suite struct SchedulerTests {
    private let jets = fixtures + "/events/jets"

    private func tagger() throws -> InputContract { try InputContract(yamlPath: fixtures + "/onnx/jet_deepsets/contract.yaml") }

    /// Quantities that every jet has.
    private func flat(row: String?) -> InputContract {
        let names = ["Jet_pt", "Jet_eta", "Jet_mass", "Jet_nConstituents", "Jet_width"]
        let features = names.map { InputContract.Feature(name: $0, transform: $0 == "Jet_pt" ? .log : .none) }
        return InputContract(
            name: "flat", row: row, inputs: [.init(tensor: "x", features: features)],
            outputs: [.init(tensor: "y", columns: ["a", "b", "c", "d", "e"])])
    }

    @Test func countsEventsAndJets() throws {
        let events = try EventFiles.open(jets + "/events.root", tree: "Events")
        #expect(events.eventCount == 600)
        let rows = try EventFiles.open(jets + "/jets.npz").eventCount
        let (sink, summary) = try Scheduler(try Programs.tagger(), try tagger(), events).collected()
        #expect(summary.events == 600)
        #expect(summary.rows == rows)
        #expect(sink.columns.map(\.name) == ["Jet_probb", "Jet_probc", "Jet_probl"])
        #expect(summary.scores.map(\.name) == sink.columns.map(\.name))
        #expect(summary.scores.allSatisfy { $0.histogram.count == rows && $0.histogram.invalid == 0 })
        for (score, column) in zip(summary.scores, sink.columns) {
            #expect(score.histogram == Histogram(column.values.map(Double.init)))
        }
        let offsets = try #require(sink.columns[0].offsets)
        #expect(zip(offsets, offsets.dropFirst()).count { $0 == $1 } == 31)
    }

    @Test func bitsDoNotDependOnChunkBatchOrThreads() throws {
        let events = try EventFiles.open(jets + "/events.root", tree: "Events")
        let program = try Programs.tagger()
        func scores(chunk: Int, batch: Int, threads: Int, slots: Int? = nil) throws -> [[UInt32]] {
            var scheduler = Scheduler([ModelAlgorithm(program, try tagger(), batch: batch)], events)
            (scheduler.chunk, scheduler.threads, scheduler.slots) = (chunk, threads, slots)
            return try scheduler.collected().sink.columns.map { $0.values.map(\.bitPattern) }
        }
        let expected = try scores(chunk: 1000, batch: 128, threads: 1)
        for (chunk, batch, threads) in [(1, 128, 1), (7, 1, 2), (7, 128, 2), (1000, 1, 1), (1000, 128, 2), (.max, .max, 3)] {
            for slots in [1, 2, 5] {
                #expect(
                    try scores(chunk: chunk, batch: batch, threads: threads, slots: slots) == expected,
                    "\(chunk) \(batch) \(threads) \(slots)")
            }
        }
    }

    @Test func parquetHoldsTheFirstEvents() throws {
        let root = try Scheduler(
            try Programs.tagger(), try tagger(), try EventFiles.open(jets + "/events.root", tree: "Events")
        ).collected()
        let parquet = try Scheduler(try Programs.tagger(), try tagger(), try EventFiles.open(jets + "/events.parquet"))
            .collected()
        #expect(parquet.summary.events == 200)
        for (a, b) in zip(parquet.sink.columns, root.sink.columns) {
            #expect(a.name == b.name)
            #expect(a.values == Array(b.values.prefix(a.values.count)))
            #expect(a.offsets == b.offsets.map { Array($0.prefix(201)) })
        }
    }

    @Test func tablesHoldTheSameJets() throws {
        let program = try Programs.identity(5)
        let nested = try Scheduler(
            program, flat(row: "Jet"), try EventFiles.open(jets + "/events.root", tree: "Events")
        ).collected()
        for name in ["jets.csv", "jets.npz"] {
            let table = try Scheduler(program, flat(row: nil), try EventFiles.open(jets + "/" + name)).collected()
            #expect(table.sink.columns.map(\.name) == ["a", "b", "c", "d", "e"])
            for (a, b) in zip(table.sink.columns, nested.sink.columns) {
                #expect(a.values == b.values, "\(name) \(a.name)")
                #expect(a.offsets == nil)
            }
        }
    }

    @Test(
        arguments: [
            ("root", .ttree), ("root", .rntuple), ("parquet", .ttree), ("arrow", .ttree), ("feather", .ttree), ("h5", .ttree),
            ("npz", .ttree),
        ] as [(String, RootLayout)])
    func filesReadBackEqual(_ suffix: String, _ layout: RootLayout) throws {
        let folder = try TemporaryFolder()
        let events = try EventFiles.open(jets + "/events.root", tree: "Events")
        var scheduler = try Scheduler(try Programs.tagger(), try tagger(), events)
        scheduler.chunk = 250
        let expected = try scheduler.collected().sink
        scheduler.keep = ["run", "event", "Jet_pt"]
        let path = folder("scores." + suffix)
        var file = try EventFiles.create(path, layout: layout)
        let summary = try scheduler.run(into: &file)
        let written = try EventFiles.open(path)
        #expect(written.eventCount == 600)
        #expect(summary.scores.count == 3)
        for (name, _) in summary.scores {
            let column = try #require(try written.read([name], 0..<600)[name])
            #expect(try column.values.array(of: Float.self) == expected[name])
            #expect(column.offsets?.count == 601)
        }
        for name in scheduler.keep {
            let copy = try #require(try written.read([name], 0..<600)[name])
            let original = try #require(try events.read([name], 0..<600)[name])
            #expect(copy.values.isIdentical(to: original.values), "\(name)")
            #expect(copy.offsets == original.offsets)
        }
        #expect(folder.names == ["scores." + suffix])
    }

    @Test func tableHasALineForEachJet() throws {
        let folder = try TemporaryFolder()
        var scheduler = try Scheduler(
            try Programs.tagger(), try tagger(), try EventFiles.open(jets + "/events.root", tree: "Events"))
        let expected = try scheduler.collected().sink
        scheduler.keep = ["event"]
        var file = try EventFiles.create(folder("scores.csv"))
        let summary = try scheduler.run(into: &file)
        let lines = String(decoding: try folder.read("scores.csv"), as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "entry,event,Jet_probb,Jet_probc,Jet_probl")
        #expect(lines.count == summary.rows + 1)
        let table = try EventFiles.open(folder("scores.csv"))
        let column = try #require(try table.read(["Jet_probb"], 0..<summary.rows)["Jet_probb"])
        #expect(try column.values.array(of: Double.self).map { Float($0) } == expected["Jet_probb"])
        #expect(folder.names == ["scores.csv"])
    }

    @Test func leavesNothingWhenItFails() throws {
        let folder = try TemporaryFolder()
        let events = try EventFiles.open(jets + "/events.root", tree: "Events")
        // A track's impact parameter is NaN for neutral particles.
        var contract = try tagger()
        contract.inputs[0].features[5].missing = .refuse
        for suffix in ["root", "parquet", "arrow", "h5", "npz", "csv"] {
            func fail() throws {
                let scheduler = try Scheduler(try Programs.tagger(), contract, events)
                var file = try EventFiles.create(folder("scores." + suffix))
                _ = try scheduler.run(into: &file)
            }
            let error = #expect(throws: ModelError.self) { try fail() }
            #expect(error?.message.hasPrefix("event 0: branch 'JetPFCand_d0' is NaN at item ") == true, "\(error?.message ?? "")")
            #expect(folder.names == [], "\(suffix)")
        }
    }

    @Test func tellsProgress() throws {
        var scheduler = try Scheduler(try Programs.identity(5), flat(row: nil), try EventFiles.open(jets + "/jets.npz"))
        scheduler.chunk = 1000
        var done: [Int] = []
        var sink: any EventSink = MemorySink()
        let summary = try scheduler.run(into: &sink) { done.append($0) }
        #expect(done == Array(stride(from: 1000, to: summary.events, by: 1000)) + [summary.events])
    }

    @Test func choosesTheSizeOfChunks() throws {
        let scheduler = try Scheduler(try Programs.identity(5), flat(row: nil), try EventFiles.open(jets + "/jets.npz"))
        var done: [Int] = []
        var sink: any EventSink = MemorySink()
        let summary = try scheduler.run(into: &sink) { done.append($0) }
        #expect(done == [1024, summary.events])
    }

    @Test func refusesFilesItDoesNotKnow() throws {
        let folder = try TemporaryFolder()
        let suffix = #expect(throws: ModelError.self) { try EventFiles.open("events.txt") }
        #expect(
            suffix?.description == "events.txt: events cannot be read from or written to a file with this suffix; "
                + "use one of .root, .parquet, .pq, .arrow, .feather, .h5, .hdf5, .npz, .csv")
        let created = #expect(throws: ModelError.self) { try EventFiles.create("scores") }
        #expect(created?.code == .unsupported)
        for name in ["none.root", "none.parquet", "none.arrow", "none.h5", "none.npz", "none.csv"] {
            let error = #expect(throws: ModelError.self) { try EventFiles.open(folder(name)) }
            #expect(error?.code == .file, "\(name): \(error?.description ?? "")")
            #expect(error?.file == folder(name))
            let empty = try folder.write(name, [])
            let malformed = #expect(throws: ModelError.self) { try EventFiles.open(empty) }
            #expect(malformed?.code == .malformed, "\(name): \(malformed?.description ?? "")")
            #expect(malformed?.file == empty)
        }
    }

    static let tables: [(text: String, message: String)] = [
        ("\n\n", "has no header line"),
        ("a,b,a\n1,2,3\n", "the header names a column twice"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, the header has 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells, the header has 2"),
    ]

    @Test func refusesTablesThatAreRagged() throws {
        #expect(SchedulerTests.tables.count == 4)
        let folder = try TemporaryFolder()
        for (text, message) in SchedulerTests.tables {
            let path = try folder.write("t.csv", Array(text.utf8))
            let error = #expect(throws: ModelError.self) { try EventFiles.open(path) }
            #expect(error?.message == message)
        }
    }

    @Test func readsTables() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", Array("a, b ,\"c,d\",text\r\n1,,-inf,x\r\n 2.5 ,nan,1e3,\"y,z\"\r\n".utf8))
        let table = try EventFiles.open(path)
        #expect(table.eventCount == 2)
        #expect(table.columns.map(\.name) == ["a", "b", "c,d", "text"])
        #expect(table.columns.map(\.elementType) == [.float64, .float64, .float64, .string])
        let read = try table.read(["a", "b", "c,d"], 0..<2)
        #expect(try read["a"]?.values.array(of: Double.self) == [1, 2.5])
        #expect(try read["b"]?.values.array(of: Double.self).allSatisfy(\.isNaN) == true)
        #expect(try read["c,d"]?.values.array(of: Double.self) == [-.infinity, 1000])
        let error = #expect(throws: ModelError.self) { try table.read(["text"], 0..<2) }
        #expect(error?.message == "column 'text' holds text, expected numbers")
    }

    /// A cell holds one number; lists make a column text, whichever way they are written.
    @Test(arguments: ["\"[1,2]\"", "\"1,2\"", "[1 2]", "1;2", "1 2"]) func takesListsForText(_ cell: String) throws {
        let folder = try TemporaryFolder()
        let table = try EventFiles.open(try folder.write("t.csv", Array("a,b\n1,2\n3,\(cell)\n".utf8)))
        #expect(table.columns.map(\.elementType) == [.float64, .string])
        #expect(table.columns.allSatisfy { !$0.isJagged })
        let error = #expect(throws: ModelError.self) { try table.read(["b"], 0..<2) }
        #expect(error?.message == "column 'b' holds text, expected numbers")
    }

    @Test func refusesOffsetsThatDoNotCut() throws {
        let folder = try TemporaryFolder()
        let values = try Tensor([3], [Float(1), 2, 3])
        for offsets in [[0, 2], [1, 3], [0, 2, 1, 3], [0, 4], []] as [[Int64]] {
            let path = folder("e.npz")
            try Npz.write([("x", values), ("x.offsets", try Tensor([offsets.count], offsets))], path: path)
            let error = #expect(throws: ModelError.self) { try EventFiles.open(path) }
            #expect(error?.message == "'x.offsets' does not cut 'x' into events")
        }
        try Npz.write([("x", values), ("y", try Tensor([2], [Float(1), 2]))], path: folder("e.npz"))
        let error = #expect(throws: ModelError.self) { try EventFiles.open(folder("e.npz")) }
        #expect(error?.message == "column 'y' has 2 events, those before have 3")
    }
}

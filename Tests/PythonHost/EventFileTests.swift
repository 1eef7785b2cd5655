import SeptumPythonHost
import SeptumTensor
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A folder that is removed with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/septum-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            unlink(path + "/" + name)
        }
        closedir(folder)
        rmdir(path)
    }
}

@Suite struct EventFileTests {
    /// Files made and read back with uproot and pyarrow alone.
    let reference = PythonSource(
        name: "event_reference",
        bytes: Array(
            """
            import awkward, numpy, pyarrow, pyarrow.parquet, uproot

            FLAT = numpy.array([1.5, 2.5, -3.0, 4.0, 0.25], "f4")
            JAGGED = [[1.0, 2.0], [], [3.0], [4.0, 5.0, 6.0], []]
            TRIPLES = numpy.arange(15, dtype="f8").reshape(5, 3)
            NAMES = ["a", "", "ccc", "dé", "e"]

            def root(path):
                with uproot.recreate(path) as file:
                    types = {"flat": "f4", "jagged": "var * float64", "triples": numpy.dtype(("f8", (3,))), "flag": "bool",
                             "names": "string"}
                    file.mktree("Events", types)
                    file["Events"].extend({"flat": FLAT, "jagged": awkward.Array(JAGGED), "triples": TRIPLES, "flag": FLAT > 0,
                                           "names": awkward.Array(NAMES)})

            def two_trees(path):
                with uproot.recreate(path) as file:
                    file.mktree("A", {"x": "f4"})
                    file.mktree("sub/B", {"y": "i4"})
                    file["sub/B"].extend({"y": numpy.arange(3)})

            def ntuple(path):
                with uproot.recreate(path) as file:
                    file.mkrntuple("Events", {"flat": FLAT, "jagged": awkward.Array(JAGGED)})

            def parquet(path):
                muons = [[{"pt": x, "charge": int(x)} for x in items] for items in JAGGED]
                table = pyarrow.table({
                    "flat": FLAT, "jagged": JAGGED, "names": NAMES, "muon": muons,
                    "nullable": pyarrow.array([1.0, None, 3.0, 4.0, None]), "counts": pyarrow.array([1, None, 3, 4, 5]),
                    "nested": [[[1]], [], [], [], []]})
                pyarrow.parquet.write_table(table, path, row_group_size=2)

            def read_root(path, tree):
                tree = uproot.open(path)[tree]
                return {"names": tree.keys(), "values": [awkward.to_list(tree[name].array()) for name in tree.keys()]}

            def read_parquet(path):
                table = pyarrow.parquet.read_table(path)
                return {"names": table.column_names, "values": [column.to_pylist() for column in table.columns],
                        "types": [str(field.type) for field in table.schema]}

            """.utf8))

    func make(_ function: String, _ path: String) throws {
        _ = try testPython().run(reference, function, [.string(path)])
    }

    @Test(arguments: ["root", "ntuple", "parquet"])
    func columnsKeepTypesAndValues(format: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/events"
        try make(format, path)
        let reader = try PythonEventReader(path)
        #expect(reader.entryCount == 5)
        #expect(reader.tree == (format == "parquet" ? nil : "Events"))
        let flat = try #require(reader.columns.first { $0.name == "flat" })
        #expect(flat.elementType == .float32 && flat.itemShape == [] && !flat.isJagged)
        let jagged = try #require(reader.columns.first { $0.name == "jagged" })
        #expect(jagged.elementType == .float64 && jagged.itemShape == [] && jagged.isJagged)
        let all = try reader.read(["flat", "jagged"], 0..<5)
        #expect(try all["flat"]?.values.array(of: Float.self) == [1.5, 2.5, -3, 4, 0.25])
        #expect(all["flat"]?.offsets == nil)
        #expect(try all["jagged"]?.values.array(of: Double.self) == [1, 2, 3, 4, 5, 6])
        #expect(all["jagged"]?.offsets == [0, 2, 2, 3, 6, 6])
        for start in 0...5 {
            for stop in start...5 {
                let part = try reader.read(["jagged", "flat"], start..<stop)
                #expect(try part["flat"]?.values.array(of: Float.self) == Array([1.5, 2.5, -3, 4, 0.25][start..<stop]))
                #expect(part["jagged"]?.offsets?.count == stop - start + 1)
                #expect(part["jagged"]?.values.count == [0, 2, 2, 3, 6, 6][stop] - [0, 2, 2, 3, 6, 6][start])
            }
        }
    }

    @Test func shapesFlagsAndStringsOfRoot() throws {
        let folder = try TemporaryFolder()
        try make("root", folder.path + "/a.root")
        let reader = try PythonEventReader(folder.path + "/a.root")
        #expect(reader.columns.map(\.name) == ["flat", "njagged", "jagged", "triples", "flag", "names"])
        #expect(reader.columns[3].itemShape == [3])
        let read = try reader.read(["triples", "flag", "names"], 1..<4)
        #expect(read["triples"]?.values.isIdentical(to: try Tensor([3, 3], (3..<12).map(Double.init))) == true)
        #expect(read["flag"]?.values.isIdentical(to: try Tensor([3], [true, false, true] as [Bool8])) == true)
        #expect(read["names"]?.values.strings == ["", "ccc", "dé"])
    }

    @Test func recordsAndNullsOfParquet() throws {
        let folder = try TemporaryFolder()
        try make("parquet", folder.path + "/a.parquet")
        let reader = try PythonEventReader(folder.path + "/a.parquet")
        #expect(reader.columns.map(\.name) == ["flat", "jagged", "names", "muon.pt", "muon.charge", "nullable", "counts"])
        let read = try reader.read(["names", "muon.charge", "nullable"], 0..<4)
        #expect(read["names"]?.values.strings == ["a", "", "ccc", "dé"])
        #expect(try read["muon.charge"]?.values.array(of: Int64.self) == [1, 2, 3, 4, 5, 6])
        #expect(read["muon.charge"]?.offsets == [0, 2, 2, 3, 6])
        #expect("\(try #require(try read["nullable"]?.values.array(of: Double.self)))" == "[1.0, nan, 3.0, 4.0]")
        #expect(try reader.read(["counts"], 2..<5)["counts"]?.values.array(of: Int64.self) == [3, 4, 5])
        let null = try #require(throws: ModelError.self) { try reader.read(["counts"], 0..<3) }
        #expect(null.message.contains("column 'counts' holds a null at position 1"))
        let nested = try #require(throws: ModelError.self) { try reader.read(["nested"], 0..<3) }
        #expect(nested.message.hasPrefix("column 'nested' cannot be read, its type is"))
    }

    @Test func badRequestsAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.root"
        try make("two_trees", path)
        #expect(try #require(throws: ModelError.self) { try PythonEventReader(path) }.message.contains("2 trees (A, sub/B)"))
        #expect(
            try #require(throws: ModelError.self) { try PythonEventReader(path, tree: "C") }.message.contains(
                "no tree 'C', the file holds: A, sub/B"))
        let reader = try PythonEventReader(path, tree: "sub/B")
        let unknown = try #require(throws: ModelError.self) { try reader.read(["z"], 0..<1) }
        #expect(unknown.description == "\(path): there is no column 'z'; the columns are y")
        let beyond = try #require(throws: ModelError.self) { try reader.read(["y"], 2..<4) }
        #expect(beyond.description == "\(path): entries 2..<4 were asked for, there are 3")
        let absent = try #require(throws: ModelError.self) { try PythonEventReader(folder.path + "/none.root") }
        #expect(absent.code == .file)
        let other = try #require(throws: ModelError.self) { try PythonEventReader("/bin/sh") }
        #expect(other.message.contains("neither a ROOT nor a Parquet file"))
        #expect(other.file == "/bin/sh")
        #expect(try #require(throws: ModelError.self) { try PythonEventWriter(folder.path + "/a.csv") }.message.contains(".csv"))
    }

    func batch(_ range: Range<Int>) throws -> [(name: String, column: EventColumn)] {
        let items = range.map { $0 % 3 }
        let offsets = items.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
        let total = offsets.last ?? 0
        return [
            ("score", EventColumn(values: try Tensor([range.count], range.map { Float($0) / 4 }))),
            ("pair", EventColumn(values: try Tensor([range.count, 2], (0..<range.count * 2).map { Int32($0) }))),
            ("tag", EventColumn(values: try Tensor([range.count], strings: range.map { "e\($0)" }))),
            ("Jet_x", EventColumn(values: try Tensor([total], (0..<total).map(Double.init)), offsets: offsets)),
        ]
    }

    @Test func batchesAreWrittenToRoot() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.root"
        let writer = try PythonEventWriter(path, tree: "T")
        try writer.append(batch(0..<2))
        try writer.append(batch(2..<2))
        try writer.append(batch(2..<5))
        #expect(access(path, F_OK) != 0)
        try writer.close()
        let back = try testPython().run(reference, "read_root", [.string(path), .string("T")])
        #expect(back["names"]?.strings == ["score", "pair", "tag", "nJet", "Jet_x"])
        let values = try #require(back["values"]?.list)
        #expect("\(values[0].list?.compactMap(\.float) ?? [])" == "[0.0, 0.25, 0.5, 0.75, 1.0]")
        #expect(values[2].strings == ["e0", "e1", "e2", "e3", "e4"])
        #expect(values[4].list?.map { $0.list?.compactMap(\.float) ?? [] } == [[], [0], [0, 1], [], [2]])
    }

    @Test func batchesAreWrittenToParquet() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.parquet"
        let writer = try PythonEventWriter(path)
        try writer.append(batch(0..<2))
        try writer.append(batch(2..<5))
        try writer.close()
        let back = try testPython().run(reference, "read_parquet", [.string(path)])
        #expect(back["names"]?.strings == ["score", "pair", "tag", "Jet_x"])
        #expect(back["types"]?.strings?.prefix(3) == ["float", "fixed_size_list<element: int32>[2]", "string"])
        let values = try #require(back["values"]?.list)
        #expect(values[1].list?.map { $0.list?.compactMap(\.int) ?? [] } == [[0, 1], [2, 3], [0, 1], [2, 3], [4, 5]])
        #expect(values[3].list?.map { $0.list?.compactMap(\.float) ?? [] } == [[], [0], [0, 1], [], [2]])
    }

    @Test(arguments: ["out.root", "out.parquet"])
    func unfinishedAndInconsistentFilesLeaveNothing(name: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/" + name
        do {
            let writer = try PythonEventWriter(path)
            try writer.append(batch(0..<2))
            var other = try batch(0..<2)
            other[0].column.values = try Tensor([2], [1, 2] as [Double])
            let error = try #require(throws: ModelError.self) { try writer.append(other) }
            #expect(error.message.contains("differ from those of the first batch"))
        }
        #expect(access(path, F_OK) != 0)
        #expect(access(path + ".part", F_OK) != 0)
        let empty = try #require(throws: ModelError.self) { try PythonEventWriter(path).close() }
        #expect(empty.message.contains("no batch was written"))
    }

    @Test func threadsMayReadOneFile() async throws {
        let folder = try TemporaryFolder()
        try make("root", folder.path + "/a.root")
        let reader = try PythonEventReader(folder.path + "/a.root")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<32 {
                group.addTask {
                    let read = try reader.read(["jagged"], (index % 5)..<5)
                    #expect(read["jagged"]?.offsets?.count == 6 - index % 5)
                }
            }
            try await group.waitForAll()
        }
    }
}

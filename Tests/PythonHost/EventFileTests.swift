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
            import awkward, h5py, numpy, pyarrow, pyarrow.ipc, pyarrow.parquet, uproot

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

            def arrow(path):
                table = pyarrow.table({"flat": FLAT, "jagged": JAGGED})
                with pyarrow.ipc.new_file(path, table.schema, options=pyarrow.ipc.IpcWriteOptions(compression="lz4")) as file:
                    file.write_table(table, max_chunksize=2)

            def stream(path):
                table = pyarrow.table({"flat": FLAT})
                with pyarrow.ipc.new_stream(path, table.schema) as file:
                    file.write_table(table)

            def hdf5(path):
                with h5py.File(path, "w") as file:
                    file["flat"] = FLAT
                    file["jagged"] = numpy.concatenate([numpy.array(items) for items in JAGGED])
                    file["jagged.offsets"] = numpy.cumsum([0] + [len(items) for items in JAGGED])

            def cut(path):
                hdf5(path)
                with h5py.File(path, "a") as file:
                    file["jagged.offsets"][2] = 9

            def tagging(path):
                with h5py.File(path, "w") as file:
                    jets = numpy.zeros(5, [("pt", ">f4"), ("flavour", "i4")])
                    jets["pt"], jets["flavour"] = FLAT, range(5)
                    tracks = numpy.zeros((5, 4), [("d0", "f2"), ("charge", "i1"), ("valid", "?")])
                    for row, items in enumerate(JAGGED):
                        tracks["d0"][row, : len(items)], tracks["valid"][row, : len(items)] = items, True
                    tracks["charge"] = 1
                    file.create_dataset("jets", data=jets, chunks=(2,), compression="gzip")
                    file.create_dataset("tracks", data=tracks, chunks=(2, 4), compression="gzip")
                    file["padded"] = numpy.zeros((5, 4), [("d0", "f4")])
                    file["weights"] = numpy.zeros(3)
                    file["hits"] = h5py.Empty("f4")
                    lists = file.create_dataset("lists", (5,), h5py.vlen_dtype("i2"))
                    for row, items in enumerate(JAGGED):
                        lists[row] = numpy.array(items, "i2")
                    file["names"] = numpy.array(NAMES, object)

            def read_hdf5(path):
                with h5py.File(path) as file:
                    values = {name: file[name][()] for name in file}
                values["tag"] = [text.decode() for text in values["tag"]]
                return values

            def read_arrow(path):
                table = pyarrow.ipc.open_file(path).read_all()
                return {"names": table.column_names, "values": [column.to_pylist() for column in table.columns],
                        "types": [str(field.type) for field in table.schema]}

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

    @Test(arguments: ["root", "ntuple", "parquet", "arrow", "hdf5"])
    func columnsKeepTypesAndValues(format: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/events"
        try make(format, path)
        let reader = try PythonEventReader(path)
        #expect(reader.entryCount == 5)
        #expect(reader.tree == (["root", "ntuple"].contains(format) ? "Events" : nil))
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

    @Test func tablesOfFlavourTaggingInHDF5() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.h5"
        try make("tagging", path)
        let lengths = try #require(throws: ModelError.self) { try PythonEventReader(path) }
        #expect(
            lengths.message.contains(
                "the datasets differ in length (jets 5, lists 5, names 5, tracks 5, weights 3), the group or dataset with the events"
            ))
        let reader = try PythonEventReader(path, tree: "jets")
        #expect(reader.entryCount == 5)
        #expect(reader.columns.map(\.name) == ["jets.pt", "jets.flavour", "lists", "names", "tracks.d0", "tracks.charge"])
        #expect(reader.columns.map(\.isJagged) == [false, false, true, false, true, true])
        for (name, type) in [
            ("weights", "it has 3 entries, 'jets' has 5"), ("hits", "a single value"),
            ("padded", "a table of shape (5, 4) without a field 'valid' of booleans"),
        ] {
            let error = try #require(throws: ModelError.self) { try reader.read([name], 0..<1) }
            #expect(error.message == "column '\(name)' cannot be read, its type is \(type)")
        }
        let read = try reader.read(reader.columns.map(\.name), 1..<4)
        #expect(try read["jets.pt"]?.values.array(of: Float.self) == [2.5, -3, 4])
        #expect(try read["jets.flavour"]?.values.array(of: Int32.self) == [1, 2, 3])
        #expect(read["names"]?.values.strings == ["", "ccc", "dé"])
        for name in ["tracks.d0", "lists", "tracks.charge"] { #expect(read[name]?.offsets == [0, 0, 1, 4], "\(name)") }
        #expect(try read["tracks.d0"]?.values.array(of: Float16.self) == [3, 4, 5, 6])
        #expect(try read["lists"]?.values.array(of: Int16.self) == [3, 4, 5, 6])
        #expect(try read["tracks.charge"]?.values.array(of: Int8.self) == [1, 1, 1, 1])
    }

    @Test func offsetsAndStreamsThatCannotBeReadAreRefused() throws {
        let folder = try TemporaryFolder()
        try make("cut", folder.path + "/a.h5")
        let reader = try PythonEventReader(folder.path + "/a.h5")
        let cut = try #require(throws: ModelError.self) { try reader.read(["jagged"], 0..<5) }
        #expect(cut.message == "'jagged.offsets' does not cut 'jagged' into events")
        try make("stream", folder.path + "/a.arrow")
        let stream = try #require(throws: ModelError.self) { try PythonEventReader(folder.path + "/a.arrow") }
        #expect(stream.message.contains("it is an Arrow stream, which has to be read from its start"))
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
        #expect(other.message.contains("neither a ROOT, Parquet, Arrow nor HDF5 file"))
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

    @Test func batchesAreWrittenToArrow() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.feather"
        let writer = try PythonEventWriter(path)
        try writer.append(batch(0..<2))
        try writer.append(batch(2..<5))
        try writer.close()
        let back = try testPython().run(reference, "read_arrow", [.string(path)])
        #expect(back["names"]?.strings == ["score", "pair", "tag", "Jet_x"])
        #expect(back["types"]?.strings == ["float", "fixed_size_list<item: int32>[2]", "string", "large_list<item: double>"])
        let values = try #require(back["values"]?.list)
        #expect(values[3].list?.map { $0.list?.compactMap(\.float) ?? [] } == [[], [0], [0, 1], [], [2]])
    }

    @Test func batchesAreWrittenToHDF5() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.h5"
        let writer = try PythonEventWriter(path)
        try writer.append(batch(0..<2))
        try writer.append(batch(2..<2))
        try writer.append(batch(2..<5))
        try writer.close()
        let back = try testPython().run(reference, "read_hdf5", [.string(path)])
        #expect(try back["score"]?.tensor?.array(of: Float.self) == [0, 0.25, 0.5, 0.75, 1])
        #expect(back["pair"]?.tensor?.shape == [5, 2])
        #expect(back["tag"]?.strings == ["e0", "e1", "e2", "e3", "e4"])
        #expect(try back["Jet_x"]?.tensor?.array(of: Double.self) == [0, 0, 1, 2])
        #expect(try back["Jet_x.offsets"]?.tensor?.array(of: Int64.self) == [0, 0, 1, 3, 3, 4])
    }

    @Test func batchesAreWrittenToAnNTuple() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.root"
        let writer = try PythonEventWriter(path, tree: "T", isNTuple: true)
        for range in [0..<0, 0..<2, 2..<5] { try writer.append(batch(range).filter { $0.name != "pair" }) }
        try writer.close()
        let reader = try PythonEventReader(path)
        #expect(reader.tree == "T" && reader.entryCount == 5)
        let back = try reader.read(["score", "tag", "Jet_x"], 1..<5)
        #expect(try back["score"]?.values.array(of: Float.self) == [0.25, 0.5, 0.75, 1])
        #expect(back["tag"]?.values.strings == ["e1", "e2", "e3", "e4"])
        #expect(back["Jet_x"]?.offsets == [0, 1, 3, 3, 4])
    }

    @Test(arguments: ["out.root", "out.parquet", "out.arrow", "out.h5"])
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

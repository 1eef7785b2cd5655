import Foundation
import Septum
import Testing

/// Runs on many events: memory, bad events, interruption, several models.
@Suite struct RunTests {
    /// A model that gives its two features back, with the contract to take them from `x` and `y`.
    private func model(
        _ folder: TemporaryFolder, input tensor: String = "X", reads names: [String] = ["x", "y"], gives: [String] = ["a", "b"]
    ) throws -> String {
        var graph = Graph()
        let input = try graph.addInput(tensor, .tensor(.float32, ["batch", 2]))
        try graph.addOutput(try graph.append(Op.Identity(), inputs: [input], outputs: ["Y"])[0])
        var model = Model(graph: graph)
        model.contract = InputContract(
            name: "identity", inputs: [.init(tensor: tensor, features: names.map { .init(name: $0) })],
            outputs: [.init(tensor: "Y", columns: gives)])
        let path = folder("\(gives[0]).septum")
        try model.save(to: path)
        return path
    }

    /// Writes `x`, `y` and further columns of float64; `x` counts the events.
    private func write(_ path: String, events: Int, columns: Int, layout: RootLayout = .ttree) throws {
        var sink = try EventFiles.create(path, layout: layout)
        for start in stride(from: 0, to: events, by: 5000) {
            let range = start..<min(start + 5000, events)
            let x = try Tensor([range.count], range.map(Float.init))
            let wide = Column(values: try Tensor([range.count], range.map { Double($0 % 1000) }))
            try sink.append(
                [("x", Column(values: x)), ("y", Column(values: x))] + (0..<columns).map { ("k\($0)", wide) })
        }
        try sink.close()
    }

    /// Eight times the events take hardly more memory, though the file is read, copied and written.
    @Test(
        arguments: [
            ("npz", .ttree, 40_000), ("csv", .ttree, 20_000), ("root", .ttree, 80_000), ("root", .rntuple, 80_000),
            ("parquet", .ttree, 80_000), ("arrow", .ttree, 80_000), ("h5", .ttree, 80_000),
        ] as [(String, RootLayout, Int)])
    func memoryStaysFlat(_ suffix: String, _ layout: RootLayout, _ events: Int) throws {
        let folder = try TemporaryFolder()
        let model = try model(folder)
        var peaks: [Int] = []
        let kept = (0..<16).flatMap { ["--keep", "k\($0)"] }
        for factor in [1, 8] {
            let input = folder("in.\(suffix)")
            try write(input, events: events * factor, columns: 16, layout: layout)
            let run = try Command(
                [
                    "run", model, input, "-o", folder("out.\(suffix)"), "--json", "--chunk", "2000", "--root-layout",
                    layout.rawValue,
                ] + kept)
            try #require(run.status == 0, "\(run.errors)")
            let json = try run.json()
            #expect(json["events"]?.int == events * factor)
            peaks.append(try #require(json["peakMemoryBytes"]?.int))
            let result = try EventFiles.open(folder("out.\(suffix)"))
            #expect(result.eventCount == events * factor)
            let last = events * factor - 1
            #expect(try result.read(["a"], last..<last + 1)["a"]?.values.bytes.count ?? 0 > 0)
        }
        // Python's libraries read blocks of up to 32 MB, of which two may be there at once, and keep what they have freed.
        let bound = suffix == "csv" ? 16 : suffix == "npz" ? 20 : 64
        // What the larger file has more would not fit below the bound if it were in memory as a whole, even once.
        let more = (events * 8 - events) * 16 * 8
        #expect(more > bound << 20)
        #expect(peaks[1] - peaks[0] < bound << 20, "\(suffix) \(layout): \(peaks)")
    }

    @Test func aColumnMayBeCalledLikeTheInput() throws {
        let folder = try TemporaryFolder()
        let model = try model(folder, input: "x")
        try write(folder("in.npz"), events: 10, columns: 0)
        _ = try Command.succeed("run", model, folder("in.npz"), "-o", folder("out.npz"))
        let found = try Npz.read(path: folder("out.npz"))
        #expect(found.map(\.name) == ["a", "b"])
        #expect(try found[0].tensor.array(of: Float.self) == (0..<10).map(Float.init))
        try Npz.write([("x", try Tensor([1, 2], [Float(3), 4]))], path: folder("tensors.npz"))
        _ = try Command.succeed("run", model, folder("tensors.npz"), "-o", folder("out.npz"))
        #expect(try Npz.read(path: folder("out.npz"))[0].tensor.array(of: Float.self) == [3, 4])
    }

    private func table(_ folder: TemporaryFolder, bad: Set<Int>) throws -> String {
        let lines = (0..<1000).map { bad.contains($0) ? "\($0)," : "\($0),\($0 * 2)" }
        return try folder.write("in.csv", Array(("x,y\n" + lines.joined(separator: "\n") + "\n").utf8))
    }

    @Test func badEventsStopOrAreLeftOut() throws {
        let folder = try TemporaryFolder()
        let model = try model(folder)
        let input = try table(folder, bad: [313, 314, 999])
        for flags in [[], ["--on-bad-event", "stop"], ["--threads", "1"], ["--threads", "5", "--chunk", "10"]] {
            let stopped = try Command(["run", model, input, "-o", folder("out.csv")] + flags)
            #expect(stopped.status == 1)
            #expect(
                stopped.errors
                    == "septum: error: \(input): event 313: branch 'y' is NaN; give the feature 'y' a rule in the contract: "
                    + "'missing: keep' or 'missing: VALUE'\n")
            #expect(folder.names == ["a.septum", "in.csv"])
        }
        let skipped = try Command.succeed(
            "run", model, input, "-o", folder("out.npz"), "--on-bad-event", "skip", "--keep", "x", "--json")
        let json = try skipped.json()
        #expect(json["events"]?.int == 997 && json["rows"]?.int == 997 && json["badEvents"]?.int == 3)
        #expect(json["firstBadEvents"]?.array?.compactMap { $0["event"]?.int } == [313, 314, 999])
        let found = try #require(try Npz.read(path: folder("out.npz")).first { $0.name == "x" }).tensor.array(of: Double.self)
        #expect(found == (0..<999).filter { $0 != 313 && $0 != 314 }.map(Double.init))
        let line = try Command.succeed("run", model, input, "-o", folder("out.csv"), "--on-bad-event", "skip", "--report")
        #expect(line.output.contains("out.csv: 997 events, 3 bad events left out, 997 rows, "))
        #expect(line.output.contains("left out: \(input): event 314: branch 'y' is NaN"))
        #expect(try Command("run", model, input, "-o", folder("out.csv"), "--on-bad-event", "ignore").status == 64)
    }

    @Test func modelsFollowEachOther() throws {
        let folder = try TemporaryFolder()
        let first = try model(folder)
        let second = try model(folder, reads: ["b", "a"], gives: ["c", "d"])
        let third = try model(folder, reads: ["d", "x"], gives: ["e", "f"])
        let contract = try folder.write(
            "third.yaml", Array("{contract: 1, inputs: [{tensor: X, features: [{name: c, scale: 3}, {name: x}]}]}".utf8))
        let input = try table(folder, bad: [])
        let run = try Command.succeed(
            "run", first, input, "-o", folder("out.npz"), "--then", second, "--then", "\(third)=\(contract)", "--json")
        let json = try run.json()
        #expect(json["outputs"]?.array?.compactMap(\.string) == ["a", "b", "c", "d", "Y_0", "Y_1"])
        #expect(json["algorithms"]?.array?.count == 3)
        for algorithm in json["algorithms"]?.array ?? [] {
            #expect(algorithm["rows"]?.int == 1000 && algorithm["bytes"]?.int ?? 0 > 0)
            #expect(algorithm["seconds"]?.double ?? 0 >= algorithm["modelSeconds"]?.double ?? 1)
        }
        let found = try Npz.read(path: folder("out.npz"))
        #expect(try found.first { $0.name == "d" }?.tensor.array(of: Float.self) == (0..<1000).map(Float.init))
        #expect(try found.first { $0.name == "Y_0" }?.tensor.array(of: Float.self) == (0..<1000).map { Float($0 * 6) })
        let twice = try Command("run", first, input, "-o", folder("out.npz"), "--then", first)
        #expect(twice.status == 1 && twice.errors.contains("two columns are called 'a'"))
        let table = try Command.succeed("run", first, input, "-o", folder("out.npz"), "--report").output.split(separator: "\n")
        #expect(table.map { $0.prefix { $0 != " " } }.prefix(5) == ["step", "read", "identity", "write", "all"])
    }

    @Test(arguments: ["csv", "root", "parquet"]) func interruptedRunsLeaveWhatIsDone(_ suffix: String) throws {
        let folder = try TemporaryFolder()
        let model = try model(folder)
        let events = 200_000
        let lines = (0..<events).map { "\($0),1" }.joined(separator: "\n")
        let input = try folder.write("in.csv", Array(("x,y\n" + lines + "\n").utf8))
        let process = Process()
        process.executableURL = try Command.program()
        process.arguments = ["run", model, input, "-o", folder("out.\(suffix)"), "--chunk", "1", "--keep", "x"]
        let errors = Pipe()
        (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
        try process.run()
        // Once something lies in the file beside the result.
        for _ in 0..<6000 {
            let part = folder.names.first { $0.contains(".part") }
            if let part, let bytes = try? folder.read(part), !bytes.isEmpty { break }
            usleep(10_000)
        }
        process.interrupt()
        process.waitUntilExit()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130, "\(said)")
        let found = try EventFiles.open(folder("out.\(suffix)"))
        #expect(found.eventCount > 0 && found.eventCount < events)
        let count = found.eventCount.formatted(.number.locale(Locale(identifier: "en_US")))
        #expect(said == "septum: interrupted: \(count) of 200,000 events were written to \(folder("out.\(suffix)"))\n")
        let last = found.eventCount - 1
        let value = try #require(try found.read(["x"], last..<last + 1)["x"]).values.array(of: Double.self)
        #expect(value == [Double(last)])
    }
}

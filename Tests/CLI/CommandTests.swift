import Foundation
import Septum
import Testing

/// Commands that need no Python.
@Suite struct CommandTests {
    private let deepSets = Command.fixtures + "/onnx/jet_deepsets"
    private let classifier = Command.fixtures + "/xgboost/jet_classifier"
    private let jets = Command.fixtures + "/events/jets"

    @Test(arguments: [[], ["inspect"], ["doctor"], ["convert"], ["run"], ["verify"], ["bench"], ["formats"]])
    func explainsItself(_ command: [String]) throws {
        let help = try Command(command + ["--help"])
        #expect(help.status == 0)
        #expect(help.errors == "")
        #expect(
            help.output.contains("OVERVIEW: ") && help.output.contains("USAGE: septum" + (command.first.map { " " + $0 } ?? "")))
        #expect(try Command("help", command.first ?? "inspect").status == 0)
    }

    @Test func certifiesAndTests() throws {
        let folder = try TemporaryFolder()
        let said = try Command.succeed(
            "certify", deepSets + "/model.onnx", folder("m.septum"), "--inputs", deepSets + "/inputs.npz")
        #expect(said.output.hasPrefix("\(folder("m.septum")): 1 probes, "))
        let json = try Command.succeed("selftest", folder("m.septum"), "--json").json()
        #expect(json["passed"]?.bool == true && json["probes"]?.int == 1)
        for isa in ["baseline", "v3"] {
            let test = try Command("selftest", folder("m.septum"), environment: ["SEPTUM_ISA": isa])
            #expect(test.status == 0 || test.errors.contains("SEPTUM_ISA"), "\(test.errors)")
        }
        var bytes = try folder.read("m.septum")
        bytes[bytes.count - 4] ^= 1
        _ = try folder.write("m.septum", bytes)
        let failed = try Command(["selftest", folder("m.septum"), "--json"])
        #expect(failed.status == 1 && failed.errors.contains("output 'probabilities' of probe 0 differs in 1 of"))
        #expect(try failed.json()["passed"]?.bool == false)
        let plain = try Command(["selftest", deepSets + "/model.onnx"])
        #expect(plain.status == 1 && plain.errors.contains("carries no certificate; make one with 'septum certify"))
        #expect(try Command(["certify", deepSets + "/model.onnx", folder("m.onnx")]).status == 64)
    }

    @Test func tellsItsVersion() throws {
        #expect(try Command.succeed("--version").output == septumVersion + "\n")
    }

    @Test func listsFormats() throws {
        let names = try #require(try Command.succeed("formats", "--json").json()["formats"]?.array).compactMap {
            $0["name"]?.string
        }
        #expect(Set(names).isSuperset(of: ["septum", "onnx", "xgboost", "sklearn", "pytorch"]))
        let lines = try Command.succeed("formats").output.split(separator: "\n")
        #expect(lines.count == names.count + 1)
        #expect(lines[0].split(separator: " ") == ["format", "reads", "writes", "suffixes", "versions"])
    }

    @Test func inspects() throws {
        let json = try Command.succeed("inspect", deepSets + "/model.onnx", "--json").json()
        #expect(json["format"]?.string == "onnx")
        #expect(
            json["inputs"]?.description
                == "[{\"name\":\"constituents\",\"type\":\"float32\",\"shape\":[\"batch\",\"particles\",10]},"
                + "{\"name\":\"jet\",\"type\":\"float32\",\"shape\":[\"batch\",5]}]")
        #expect(json["outputs"]?.description == "[{\"name\":\"probabilities\",\"type\":\"float32\",\"shape\":[\"batch\",3]}]")
        #expect(json["nodes"]?.int ?? 0 > 5)
        #expect(json["parameters"]?.int == 6723)
        #expect(json["operators"]?["Gemm"] != nil || json["operators"]?["MatMul"] != nil)
        #expect(json["contract"] == .null)
        let named = try Command.succeed(
            "inspect", deepSets + "/model.onnx", "--contract", deepSets + "/contract.yaml", "--json"
        ).json()
        #expect(named["contract"]?["row"]?.string == "Jet")
        let text = try Command.succeed("inspect", deepSets + "/model.onnx", "--contract", deepSets + "/contract.yaml").output
        #expect(text.contains("constituents: float32[batch, particles, 10]"))
        #expect(text.contains("features    constituents of JetPFCand: log_pt, "))
        let graph = try Command.succeed("inspect", deepSets + "/model.onnx", "--graph").output
        #expect(graph.hasPrefix("graph ") && graph.hasSuffix("}\n"))
        #expect(json["memory"] == nil)
        func memory(_ batch: String) throws -> JSON {
            try #require(
                try Command.succeed(
                    "inspect", deepSets + "/model.onnx", "--batch", batch, "--size", "particles=30", "--json"
                ).json()["memory"])
        }
        let (one, many) = (try memory("1"), try memory("64"))
        #expect(one["weightBytes"]?.int ?? 0 >= 4 * 6723 && one["weightBytes"] == many["weightBytes"])
        #expect(one["packedBytes"]?.int ?? 0 > 4 * 6000 && one["packedBytes"] == many["packedBytes"])
        #expect(many["contextBytes"]?.int ?? 0 > 2 * (one["contextBytes"]?.int ?? .max))
        let shown = try Command.succeed("inspect", deepSets + "/model.onnx", "--batch", "1").output
        #expect(shown.contains("contextBytes"))
    }

    @Test func convertsAndVerifies() throws {
        let folder = try TemporaryFolder()
        let sources = [
            (deepSets, "model.onnx", "onnx"), (classifier, "model.json", "xgboost"), (classifier, "model.ubj", "xgboost"),
        ]
        for (fixture, file, format) in sources {
            let converted = folder("m.septum")
            let said = try Command.succeed("convert", "\(fixture)/\(file)", converted, "--contract", fixture + "/contract.yaml")
            #expect(said.output.hasPrefix(converted + ": ") && said.output.hasSuffix("parameters, from \(format)\n"))
            #expect(try Command.succeed("inspect", converted, "--json").json()["format"]?.string == format)
            let arguments = ["--inputs", fixture + "/inputs.npz", "--expected", fixture + "/expected.npz"]
            for path in [converted, "\(fixture)/\(file)"] {
                let verified = try Command(["verify", path, "--json"] + arguments)
                #expect(verified.status == 0 && verified.errors == "", "\(verified.errors)")
                #expect(try verified.json()["passed"]?.bool == true)
                #expect(try Command(["verify", path] + arguments).output.hasPrefix("output "))
            }
        }
        #expect(folder.names == ["m.septum"])
    }

    @Test func writesTheOpsetAskedForAndDataApart() throws {
        let folder = try TemporaryFolder()
        let exported = folder("m.onnx")
        try Command.succeed("convert", deepSets + "/model.onnx", exported, "--opset", "13", "--external-data")
        #expect(folder.names == ["m.onnx", "m.onnx.data"])
        let arguments = ["--inputs", deepSets + "/inputs.npz", "--expected", deepSets + "/expected.npz"]
        #expect(try Command(["verify", exported] + arguments).status == 0)
        let refused = try Command("convert", deepSets + "/model.onnx", exported, "--opset", "12")
        #expect(refused.status != 0 && refused.errors.contains("opset 12 was asked for, 13 to 28 can be written"))
    }

    @Test func marginsAgreeBitForBit() throws {
        let folder = try TemporaryFolder()
        let margin = try Npz.read(path: classifier + "/expected.npz").filter { $0.name == "margin" }
        #expect(margin.count == 1)
        try Npz.write(margin, path: folder("margin.npz"))
        let verified = try Command.succeed(
            "verify", classifier + "/model.ubj", "--inputs", classifier + "/inputs.npz", "--expected", folder("margin.npz"),
            "--rtol",
            "0", "--atol", "0", "--json")
        #expect(try verified.json()["outputs"]?.array?.first?["identical"]?.int == margin[0].tensor.count)
    }

    @Test func saysWhatDiffers() throws {
        let folder = try TemporaryFolder()
        var entries = try Npz.read(path: deepSets + "/expected.npz")
        var values = try entries[0].tensor.array(of: Float.self)
        values[0] += 0.25
        entries[0].tensor = try Tensor(entries[0].tensor.shape, values)
        try Npz.write(entries, path: folder("wrong.npz"))
        for flags in [[], ["--json"]] {
            let verified = try Command(
                ["verify", deepSets + "/model.onnx", "--inputs", deepSets + "/inputs.npz", "--expected", folder("wrong.npz")]
                    + flags)
            #expect(verified.status == 1)
            #expect(
                verified.errors == "septum: error: \(deepSets)/model.onnx: 'probabilities' beyond rtol 1e-05, atol 1e-06; "
                    + "check that inputs and expected values belong to this model\n")
            #expect(verified.output.contains(flags.isEmpty ? "1 differ" : "\"failures\": 1"))
        }
    }

    @Test func runsRawTensors() throws {
        let folder = try TemporaryFolder()
        let said = try Command.succeed("run", deepSets + "/model.onnx", deepSets + "/inputs.npz", "-o", folder("out.npz"))
        #expect(said.output == "")
        let found = try Npz.read(path: folder("out.npz"))
        #expect(found.map(\.name) == ["probabilities"])
        let expected = try Npz.read(path: deepSets + "/expected.npz")
        let comparison = try Comparison("", found[0].tensor, expected[0].tensor, rtol: 2e-5, atol: 1e-6)
        #expect(comparison.isWithinTolerance)
        // A contract in the model changes nothing about raw tensors.
        try Command.succeed(
            "run", deepSets + "/model.onnx", deepSets + "/inputs.npz", "-o", folder("again.npz"), "--contract",
            deepSets + "/contract.yaml")
        #expect(try folder.read("again.npz") == folder.read("out.npz"))
    }

    @Test func scoresTables() throws {
        let folder = try TemporaryFolder()
        // One line a jet: the contract without 'row'.
        let contract = try String(contentsOfFile: classifier + "/contract.yaml", encoding: .utf8).replacing(
            "row: Jet\n", with: "")
        let flat = try folder.write("flat.yaml", Array(contract.utf8))
        var scores: [[UInt8]] = []
        for (source, flags) in [
            ("jets.csv", []), ("jets.npz", []), ("jets.npz", ["--threads", "2", "--chunk", "7", "--batch", "1"]),
        ] {
            let output = folder("s.npz")
            let run = try Command(
                ["run", classifier + "/model.ubj", "\(jets)/\(source)", "-o", output, "--contract", flat, "--json"] + flags)
            #expect(run.status == 0 && run.errors == "", "\(run.errors)")
            #expect(try run.json()["outputs"] == .array([.string("probb"), .string("margin")]))
            scores.append(try folder.read("s.npz"))
        }
        #expect(scores[0] == scores[1] && scores[1] == scores[2])
        let expected = try Npz.read(path: classifier + "/event_scores.npz")
        let found = try Npz.read(path: folder("s.npz"))
        let margin = try #require(expected.first { $0.name == "margin" }).tensor
        #expect(try #require(found.first { $0.name == "margin" }).tensor.isIdentical(to: margin))
        let table = try Command.succeed(
            "run", classifier + "/model.ubj", jets + "/jets.csv", "-o", folder("s.csv"), "--contract", flat, "--plot",
            folder("p.svg"),
            "--keep", "event")
        #expect(table.output.contains("rows, ") && table.output.hasSuffix(" ns a row in the model\n"))
        #expect(folder.names == ["flat.yaml", "p.svg", "s.csv", "s.npz"])
    }

    @Test func measuresCalls() throws {
        let folder = try TemporaryFolder()
        let arguments = ["bench", deepSets + "/model.onnx", "--size", "particles=3", "--realtime", "--seconds", "0.02"]
        let json = try Command(arguments + ["--json", "--budget-us", "0.001", "--plot", folder("p.svg")]).json()
        let calls = try #require(json["calls"]?.int)
        #expect(calls >= 100 && calls % 100 == 0 && json["overruns"]?.int == calls)
        let times = try ["min", "p50", "p99", "p99.9", "max"].map { try #require(json["latencyNanoseconds"]?[$0]?.double) }
        #expect(times == times.sorted() && times[0] > 0)
        #expect(String(decoding: try folder.read("p.svg"), as: UTF8.self).contains("budget 1 ns"))
        let text = try Command(arguments + ["--budget-us", "1000000"])
        #expect(text.status == 0 && text.output.hasPrefix("calls") && text.output.hasSuffix("took longer than 1,000,000 us\n"))
        for wrong in [["--threads", "2"], ["--profile"], ["--budget-us", "0"]] {
            #expect(try Command(arguments + wrong).status == 64)
        }
        #expect(try Command("bench", deepSets + "/model.onnx", "--plot", folder("p.svg")).status == 64)
    }

    @Test func measures() throws {
        let json = try Command.succeed(
            "bench", deepSets + "/model.onnx", "--batch", "2", "--size", "particles=3", "--seconds", "0.01", "--threads", "2",
            "--json"
        ).json()
        for key in ["nanosecondsPerEvent", "minimum", "p99", "coldStartMilliseconds"] { #expect(json[key]?.double ?? 0 > 0) }
        #expect(json["batch"]?.int == 2 && json["threads"]?.int == 2)
        let given = try Command.succeed(
            "bench", deepSets + "/model.onnx", "--inputs", deepSets + "/inputs.npz", "--seconds", "0.01", "--json"
        ).json()
        let rows = try #require(try Npz.read(path: deepSets + "/inputs.npz").first?.tensor.shape.first)
        #expect(given["batch"]?.int == rows)
        let perRun = try #require(given["nanosecondsPerRun"]?.double)
        #expect(abs(perRun / Double(rows) / (given["nanosecondsPerEvent"]?.double ?? 0) - 1) < 1e-9)
        let shared = try Command.succeed(
            "bench", deepSets + "/model.onnx", "--batch", "64", "--seconds", "0.01", "--run-threads", "2", "--profile", "--json"
        ).json()
        #expect(shared["runThreads"]?.int == 2 && shared["profile"]?.array?.isEmpty == false)
        let text = try Command.succeed("bench", classifier + "/model.json", "--seconds", "0.01").output
        #expect(text.hasPrefix("batch  threads  median ns/event"))
    }
}

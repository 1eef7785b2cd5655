import Foundation
import Septum
import Testing

/// `septum doctor` and the list of operators.
@Suite struct DoctorTests {
    private let deepSets = Command.fixtures + "/onnx/jet_deepsets/model.onnx"
    private let unknown = Command.fixtures + "/onnx/refused/unknown_operator/model.onnx"

    @Test func printsATable() throws {
        let text = try Command.succeed("doctor", deepSets).output
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "model   \(deepSets)")
        let heading = try #require(lines.first { $0.hasPrefix("operator ") })
        for title in ["domain", "opset", "count", "first node", "Septum", "ROOT SOFIE", "ONNX Runtime", "hls4ml"] {
            #expect(heading.contains(title))
        }
        #expect(lines.contains("Septum \(septumVersion): yes"))
        #expect(lines.contains { $0.hasPrefix("ROOT SOFIE 40f71c6 (2026-09): ") })
        #expect(text.contains("\n\nsuggestions\n"))
    }

    @Test func printsJSON() throws {
        let json = try Command.succeed("doctor", deepSets, "--json").json()
        #expect(
            json.members?.map(\.name) == [
                "model", "format", "opsets", "note", "supported", "error", "engines", "operators", "suggestions",
            ])
        #expect(json["supported"]?.bool == true && json["error"] == .null)
        #expect(json["opsets"]?["ai.onnx"]?.int ?? 0 > 6)
        let engines = try #require(json["engines"]?.array)
        #expect(engines.count == 4)
        for engine in engines {
            #expect(
                engine.members?.map(\.name) == ["name", "version", "date", "source", "verdict", "summary", "refused"])
        }
        let operators = try #require(json["operators"]?.array)
        #expect(!operators.isEmpty)
        for entry in operators {
            #expect(
                entry.members?.map(\.name) == ["operator", "domain", "opset", "count", "firstNode", "support"])
            #expect(entry["support"]?.members?.map(\.name) == engines.compactMap { $0["name"]?.string })
            #expect(entry["support"]?["Septum"]?["verdict"]?.string == "yes")
        }
    }

    @Test func saysTheSameTwice() throws {
        for path in [deepSets, unknown, Command.fixtures + "/xgboost/categorical/model.json"] {
            for flags in [[], ["--json"]] {
                let first = try Command(["doctor", path] + flags)
                let second = try Command(["doctor", path] + flags)
                #expect(first.output == second.output && first.status == second.status && !first.output.isEmpty)
            }
        }
    }

    @Test func exitStatusTellsWhatSeptumCanDo() throws {
        let folder = try TemporaryFolder()
        let refused = try Command("doctor", unknown)
        #expect(refused.status == 2 && refused.errors == "")
        #expect(refused.output.contains("Septum \(septumVersion): no: ") && refused.output.contains("ParticleFlow"))
        #expect(try Command("doctor", unknown, "--json").json()["supported"]?.bool == false)
        let broken = try Command("doctor", try folder.write("x.onnx", Array("hello".utf8)))
        #expect(broken.status == 1 && broken.output == "" && broken.errors.hasPrefix("septum: error: "))
        #expect(try Command("doctor").status == 64)
    }

    @Test func printsNoControlCharacters() throws {
        let folder = try TemporaryFolder()
        let bytes = Array(try Data(contentsOf: URL(filePath: unknown)))
        let name = Array("flow_1".utf8)
        let place = try #require(bytes.firstRange(of: name))
        var changed = bytes
        changed.replaceSubrange(place, with: Array("\u{1B}[2J\r\n".utf8))
        let said = try Command("doctor", try folder.write("x.onnx", changed))
        #expect(said.status == 2)
        #expect(!said.output.contains("\u{1B}") && !said.output.contains("\r"))
    }

    @Test func listsOperators() throws {
        let list = try #require(try Command.succeed("formats", "--operators", "--json").json()["operators"]?.array)
        let page = try OperatorPage()
        #expect(list.count == page.rows.count)
        #expect(list.first?.members?.map(\.name) == ["operator", "domain", "read", "written", "engines"])
        #expect(try Command.succeed("formats", "--operators", "--markdown").output == page.markdown())
        #expect(try Command.succeed("formats", "--operators").output.split(separator: "\n").count == list.count + 1)
        #expect(try Command("formats", "--markdown").status == 64)
    }
}

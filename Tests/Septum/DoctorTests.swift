import Foundation
import Septum
import Testing

/// Where models can run, told for files that Septum imports and for files that it cannot.
@Suite struct DoctorTests {
    private static let networks = Fixture.all.filter { $0.format == "onnx" }
    private static let badFiles: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: Fixture.root + "/onnx/refused")) ?? [])
        .filter { FileManager.default.fileExists(atPath: refused($0)) }.sorted()

    private static func refused(_ name: String) -> String { "\(Fixture.root)/onnx/refused/\(name)/model.onnx" }

    private func refused(_ name: String) -> String { DoctorTests.refused(name) }

    private func column(_ name: String, _ diagnosis: Diagnosis) throws -> Int {
        try #require(diagnosis.engines.firstIndex { $0.name == name })
    }

    private func row(_ op: String, _ diagnosis: Diagnosis) throws -> Diagnosis.Row {
        try #require(diagnosis.rows.first { $0.op == op }, "there is no row '\(op)'")
    }

    private func texts(_ engine: String?, _ diagnosis: Diagnosis) -> [String] {
        diagnosis.suggestions.filter { $0.engine == engine }.map(\.text)
    }

    @Test func caseCount() {
        #expect(DoctorTests.networks.count == 63)
        #expect(DoctorTests.badFiles.count > 50)
    }

    /// ONNX Runtime ran every one of these models when its fixture was made, so its table must let each node pass; but it has no
    /// bfloat16 and no Gradient.
    @Test(arguments: networks) func examinesNetworks(_ fixture: Fixture) throws {
        let diagnosis = try Diagnosis(fixture.folder + "/model.onnx")
        #expect(diagnosis.isSupported && diagnosis.format == "onnx" && diagnosis.note == nil)
        #expect(diagnosis.engines.map(\.name) == ["Septum", "ROOT SOFIE", "ONNX Runtime", "hls4ml"])
        #expect(!diagnosis.rows.isEmpty && !diagnosis.opsets.isEmpty)
        #expect(diagnosis.verdict(0) == Verdict.yes)
        let runs = diagnosis.verdict(try column("ONNX Runtime", diagnosis)).level == .yes
        #expect(runs == !["bfloat_mlp", "gradient"].contains(fixture.name), "\(diagnosis.summary(2))")
        for row in diagnosis.rows {
            #expect(row.verdicts.count == 4 && row.refusedCounts.count == 4 && row.count > 0 && row.opset != nil)
            for (verdict, count) in zip(row.verdicts, row.refusedCounts) { #expect((verdict.level == .no) == (count > 0)) }
        }
    }

    @Test func namesWhatOthersLack() throws {
        let diagnosis = try Diagnosis(Fixture.root + "/onnx/unet/model.onnx")
        let sofie = try column("ROOT SOFIE", diagnosis)
        #expect(try row("Resize", diagnosis).verdicts[sofie].level == .no)
        #expect(diagnosis.summary(sofie).contains("Resize (2"))
        #expect(texts("ROOT SOFIE", diagnosis).contains { $0.hasPrefix("Resize can be written as ConvTranspose") })
        #expect(texts("hls4ml", diagnosis).contains { $0.contains("'rows', 'columns'") })
        let tagger = try Diagnosis(Fixture.root + "/onnx/gru_tagger/model.onnx")
        #expect(texts("hls4ml", tagger).contains { $0.contains("recurrent layers") })
    }

    @Test(arguments: [
        ("unknown_operator", "ParticleFlow", "has no operator 'ParticleFlow'"),
        ("unknown_domain", "", "is not known"),
        ("operator_too_new", "Gelu", "version 20 added it"),
        ("opset_from_the_future", "", "the newest known is 28"),
    ])
    func examinesWhatCannotBeImported(_ name: String, _ op: String, _ reason: String) throws {
        let diagnosis = try Diagnosis(refused(name))
        #expect(!diagnosis.isSupported)
        #expect(diagnosis.verdict(0).level == .no)
        let row = try #require(diagnosis.rows.first { op.isEmpty ? $0.verdicts[0].level == .no : $0.op == op })
        #expect(row.verdicts[0].reason.contains(reason), "\(row.verdicts[0])")
        #expect(row.verdicts[2].level == .no)
    }

    @Test func advisesAgainstNewOpsetsAndForeignDomains() throws {
        let future = try Diagnosis(refused("opset_from_the_future"))
        for engine in ["Septum", "ONNX Runtime"] {
            #expect(texts(engine, future).contains { $0.contains("opset 28 of ai.onnx or older, the file has 4000") })
        }
        #expect(texts(nil, try Diagnosis(refused("unknown_domain"))).contains { $0.contains("'org.experiment'") })
    }

    @Test func functionsAreExpandedBySome() throws {
        let diagnosis = try Diagnosis(refused("recursive_function"))
        let call = try row("Again", diagnosis)
        #expect(call.verdicts.map(\.level) == [.yes, .no, .yes, .no])
        #expect(!diagnosis.isSupported, "a function that calls itself")
        #expect(texts("hls4ml", diagnosis).contains { $0.contains("inline_local_functions") })
    }

    /// Whatever is wrong with a file, there is a table that says no, or an error.
    @Test(arguments: badFiles) func survivesBadFiles(_ name: String) throws {
        let path = refused(name)
        do throws(ModelError) {
            let diagnosis = try Diagnosis(path)
            #expect(!diagnosis.isSupported)
        } catch {
            #expect(error.file == path)
        }
    }

    @Test func survivesDamage() throws {
        let folder = try TemporaryFolder()
        let whole = Array(try Data(contentsOf: URL(filePath: Fixture.root + "/onnx/script_loop/model.onnx")))
        var (examined, failed) = (0, 0)
        for step in 0..<120 {
            var bytes = whole
            if step.isMultiple(of: 2) {
                bytes = Array(bytes.prefix(whole.count * step / 120))
            } else {
                bytes[whole.count * step / 121] ^= UInt8(1 << (step % 8))
            }
            let path = try folder.write("m.onnx", bytes)
            do throws(ModelError) {
                _ = try Diagnosis(path)
                examined += 1
            } catch {
                failed += 1
            }
        }
        #expect(examined > 10 && failed > 10, "\(examined) \(failed)")
    }

    @Test func examinesTreesAsONNX() throws {
        let diagnosis = try Diagnosis(Fixture.root + "/xgboost/jet_classifier/model.json")
        #expect(diagnosis.isSupported && diagnosis.format == "xgboost")
        #expect(try #require(diagnosis.note).contains("the one that 'septum convert' makes of it"))
        let trees = try row("TreeEnsembleRegressor", diagnosis)
        #expect(trees.domain == "ai.onnx.ml" && trees.opset == 3)
        #expect(trees.verdicts.map(\.level) == [.yes, .no, .yes, .no])
        #expect(texts("hls4ml", diagnosis).contains { $0.contains("conifer") })
        let tables = try Diagnosis(Fixture.root + "/catboost/ctr/model.json")
        #expect(tables.isSupported)
        #expect(try #require(tables.note).contains("no form in ONNX"))
        #expect(try row("CategoryTable", tables).verdicts.map(\.level) == [.yes, .no, .no, .no])
    }

    @Test func examinesItsOwnFormat() throws {
        let folder = try TemporaryFolder()
        let source = Fixture.root + "/onnx/jet_deepsets/model.onnx"
        try Model.load(source).save(to: folder("m.septum"))
        let diagnosis = try Diagnosis(folder("m.septum"))
        #expect(diagnosis.format == "septum" && diagnosis.isSupported)
        #expect(diagnosis.verdict(2).level == .yes, "\(diagnosis.summary(2))")
    }

    @Test func refusesWhatIsNoModel() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("m.onnx", Array("hello".utf8))
        #expect(throws: ModelError.self) { try Diagnosis(text) }
        #expect(throws: ModelError.self) { try Diagnosis(folder("missing.onnx")) }
        #expect(throws: ModelError.self) { try Diagnosis(text, format: "keras") }
    }
}

/// The page of all operators.
@Suite struct OperatorPageTests {
    @Test func isUpToDate() throws {
        let path = Fixture.root.replacing("Fixtures", with: "Documentation/Operators.md")
        let written = try String(contentsOfFile: path, encoding: .utf8)
        let suite = try OperatorPage.suite(#filePath.replacing("Septum/DoctorTests.swift", with: "ONNXSuite/by-operator.json"))
        #expect(suite.count > 150)
        #expect(written == (try OperatorPage().markdown(suite: suite)), "run 'make docs'")
    }

    /// How many operators each table holds: a line that is lost shows.
    @Test func countsOperators() throws {
        let page = try OperatorPage()
        let counts = page.engines.indices.map { engine in page.rows.count { $0.cells[engine] != "-" } }
        #expect(counts == [96, 257, 47])
        #expect(Set(page.rows.map { $0.domain + "." + $0.op }).count == page.rows.count)
    }

    @Test func agreesWithTheRegistry() throws {
        let rows = try OperatorPage().rows
        for row in rows where !row.written.isEmpty && row.domain == "ai.onnx" {
            #expect(OperatorRegistry.standard[row.op] != nil, "\(row.op)")
        }
        #expect(rows.count { !$0.read.isEmpty } > 150)
        #expect(rows.first { $0.op == "Gelu" }?.read == "20 to 28")
        #expect(rows.first { $0.op == "Upsample" }.map { [$0.read, $0.written] } == ["7 to 9", ""])
    }

    @Test func hasRoomForTheSuite() throws {
        let page = try OperatorPage()
        #expect(!page.markdown().contains("| suite |"))
        let filled = page.markdown(suite: ["ai.onnx.Add": "5 of 5"])
        #expect(filled.contains("| operator | Septum reads | Septum writes | suite |"))
        #expect(filled.contains("| Add | 1 to 28 | 13 to 28 | 5 of 5 |"))
    }
}

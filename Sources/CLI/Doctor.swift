import ArgumentParser
import Septum

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says where a model can run: in Septum, ROOT SOFIE, ONNX Runtime and hls4ml.",
        discussion: """
            For each operator of the model: whether each engine runs it, with limits that are known, and what can be done
            about the rest. An ONNX file is examined even when Septum cannot import it.
              septum doctor tagger.onnx
              septum doctor booster.json --json
            What is said of other engines comes from tables of the versions that are printed; it is about operators, and no
            promise that an engine computes the right thing.
            Exit status: 0 when Septum can run the model, 2 when it cannot, 1 when the file cannot be examined at all.
            """)

    /// The status that tells a model which Septum cannot run from a file that is no model.
    static let refused = ExitCode(2)

    @OptionGroup var source: ModelArguments
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        var isSupported = true
        try reportingErrors { () throws(ModelError) in
            let diagnosis = try source.diagnose()
            isSupported = diagnosis.isSupported
            print(json ? Doctor.document(diagnosis, source.model).indented : Doctor.text(diagnosis, source.model))
        }
        if !isSupported { throw Doctor.refused }
    }

    // MARK: Text

    private static func text(_ diagnosis: Diagnosis, _ path: String) -> String {
        let opsets = diagnosis.opsets.map { "\($0.domain) \($0.version)" }.joined(separator: ", ")
        let nodes = diagnosis.rows.reduce(0) { $0 + $1.count }
        var rows = [["model", path], ["format", diagnosis.format]]
        if !opsets.isEmpty { rows.append(["opsets", opsets]) }
        rows.append(["nodes", Terminal.grouped(nodes)])
        if let note = diagnosis.note { rows.append(["note", note]) }
        var parts = [Terminal.table(rows)]
        let heading = ["operator", "domain", "opset", "count", "first node"] + diagnosis.engines.map(\.name)
        let table = diagnosis.rows.map { row in
            [row.op, row.domain, row.opset.map(String.init) ?? "-", Terminal.grouped(row.count), row.firstNode]
                + row.verdicts.map(\.description)
        }
        parts.append(Terminal.table([heading] + table.map { $0.map(Terminal.printable) }))
        let summaries = diagnosis.engines.indices.map { column in
            let engine = diagnosis.engines[column]
            let date = engine.date.isEmpty ? "" : " (\(engine.date))"
            return "\(engine.title)\(date): \(diagnosis.summary(column))"
        }
        parts.append(summaries.map { Terminal.printable($0, limit: 2000) }.joined(separator: "\n"))
        if !diagnosis.suggestions.isEmpty {
            let lines = diagnosis.suggestions.map { [$0.engine ?? "all", Terminal.printable($0.text, limit: 2000)] }
            parts.append("suggestions\n" + Terminal.table(lines.map { ["  " + $0[0], $0[1]] }))
        }
        return parts.joined(separator: "\n\n")
    }

    // MARK: JSON

    private static func document(_ diagnosis: Diagnosis, _ path: String) -> JSON {
        let engines = diagnosis.engines.indices.map { column -> JSON in
            let engine = diagnosis.engines[column]
            let refused = diagnosis.rows.filter { $0.refusedCounts[column] > 0 }
            return .object([
                "name": .string(engine.name), "version": .string(engine.version), "date": .string(engine.date),
                "source": .string(engine.source), "verdict": .string(diagnosis.verdict(column).level.rawValue),
                "summary": .string(diagnosis.summary(column)),
                "refused": .array(
                    refused.map { row in
                        .object([
                            "operator": .string(row.op), "domain": .string(row.domain),
                            "nodes": .int(row.refusedCounts[column]),
                        ])
                    }),
            ])
        }
        let operators = diagnosis.rows.map { row -> JSON in
            let support = zip(diagnosis.engines, row.verdicts).map { engine, verdict in
                JSON.Member(
                    engine.name,
                    .object(["verdict": .string(verdict.level.rawValue), "reason": .string(verdict.reason)]))
            }
            return .object([
                "operator": .string(row.op), "domain": .string(row.domain), "opset": row.opset.map(JSON.int) ?? .null,
                "count": .int(row.count), "firstNode": .string(row.firstNode), "support": .object(support),
            ])
        }
        return .object([
            "model": .string(path), "format": .string(diagnosis.format),
            "opsets": .object(diagnosis.opsets.map { .init($0.domain, .int($0.version)) }),
            "note": diagnosis.note.map(JSON.string) ?? .null, "supported": .bool(diagnosis.isSupported),
            "error": diagnosis.importError.map { .string($0.description) } ?? .null,
            "engines": .array(engines), "operators": .array(operators),
            "suggestions": .array(
                diagnosis.suggestions.map { suggestion in
                    .object(["engine": suggestion.engine.map(JSON.string) ?? .null, "text": .string(suggestion.text)])
                }),
        ])
    }
}

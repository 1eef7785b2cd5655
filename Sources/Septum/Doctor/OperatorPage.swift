#if SEPTUM_ONNX
    import SeptumONNX
#endif
import SeptumIR
import SeptumTensor

/// Every operator that Septum or another engine knows, and who runs it: the page Documentation/Operators.md.
public struct OperatorPage: Sendable {
    public struct Row: Sendable {
        public let op: String
        public let domain: String
        /// Versions of the operator set, empty when there are none.
        public let read: String
        public let written: String
        /// One cell an engine: `-` when it does not run the operator, `yes`, or what it is limited to.
        public let cells: [String]
    }

    public let engines: [Diagnosis.Engine]
    public let rows: [Row]

    /// - Throws: `malformed` when a table of an engine has a line that is none.
    public init() throws(ModelError) {
        let tables = try EngineTable.all()
        engines = tables.map { Diagnosis.Engine(name: $0.name, version: $0.version, date: $0.date, source: $0.source) }
        let known = OperatorPage.known
        let others = tables.flatMap(\.rows.keys).filter { OperatorPage.domains.contains($0.domain) }
        rows = Set(others).union(known.keys).sorted().map { name in
            let own = known[name]
            return Row(
                op: name.name, domain: name.domain, read: own?.read ?? "", written: own?.written ?? "",
                cells: tables.map { $0.cell(name, since: own?.since ?? 1) })
        }
    }

    /// What Septum's own table says: the version that introduced an operator, and those that are read and written.
    private static var known: [OperatorName: (since: Int, read: String, written: String)] {
        #if SEPTUM_ONNX
            let pairs = ONNXAdapter().operators.map { op in
                (
                    OperatorName(domain: op.domain, name: op.name),
                    (since: op.since, read: op.read?.spelled ?? "", written: op.written?.spelled ?? "")
                )
            }
            return Dictionary(pairs) { first, _ in first }
        #else
            return [:]
        #endif
    }

    /// Operator sets that files are written in; those of one engine's own are left out.
    private static let domains: Set = ["ai.onnx", "ai.onnx.ml"]

    /// The page.
    ///
    /// - Parameter suite: Cases of ONNX's backend suite passed, such as `12 of 12`, by operators such as `ai.onnx.Add`; without
    ///   any the column is left out.
    /// - Returns: Markdown.
    public func markdown(suite: [String: String] = [:]) -> String {
        var lines = [
            "# Operators",
            "",
            "Which operators of ONNX Septum reads and writes, by versions of the operator set, and which engines run them. This page is",
            "written by `make docs`; `septum doctor MODEL` answers for one model.",
            "",
            "| engine | version | date | taken from |",
            "|---|---|---|---|",
        ]
        for engine in engines { lines.append("| \(engine.name) | \(engine.version) | \(engine.date) | \(engine.source) |") }
        lines += [
            "",
            "Numbers are versions of the operator set. `yes` is in every version that has the operator, without limits that are",
            "known; types are those of the first input that may have several; `-` is not at all.",
        ]
        if !suite.isEmpty {
            lines[lines.count - 1] += " *Suite* is how many cases of one node of"
            lines += [
                "ONNX's backend suite pass as imported, on the engine, and after export and import; operators of which it has none, or",
                "which Septum has in another form, have `-`.",
            ]
        }
        var domain = ""
        for row in rows {
            if row.domain != domain {
                domain = row.domain
                let titles =
                    ["operator", "Septum reads", "Septum writes"] + (suite.isEmpty ? [] : ["suite"]) + engines.map(\.name)
                lines += ["", "## \(domain)", "", OperatorPage.line(titles), OperatorPage.line(titles.map { _ in "---" })]
            }
            let passed = suite.isEmpty ? [] : [suite["\(row.domain).\(row.op)"] ?? "-"]
            lines.append(
                OperatorPage.line(
                    [row.op, row.read.isEmpty ? "-" : row.read, row.written.isEmpty ? "-" : row.written] + passed + row.cells))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads the cases passed by operators from a JSON object of strings.
    ///
    /// - Parameter path: The file.
    /// - Returns: What `markdown` takes.
    /// - Throws: `malformed` when it is no such object, `file` when it cannot be read.
    public static func suite(_ path: String) throws(ModelError) -> [String: String] {
        do throws(ModelError) {
            let source = try ModelSource(path: path)
            let text = withExtendedLifetime(source) { String(decoding: source.bytes, as: UTF8.self) }
            guard case .object(let members) = try JSON(parsing: text) else {
                throw ModelError(.malformed, "expected an object of strings")
            }
            return Dictionary(members.map { ($0.name, $0.value.string ?? "-") }) { first, _ in first }
        } catch {
            throw error.inFile(path)
        }
    }

    private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}

extension EngineTable {
    /// What the engine runs of an operator that came with the given version, in a few words.
    fileprivate func cell(_ name: OperatorName, since: Int) -> String {
        guard let found = rows[name], let last = found.last else { return "-" }
        var words: [String] = []
        let first = found.map(\.versions.lowerBound).min() ?? 1
        if first > since || last.versions.upperBound < Int.max { words.append((first...last.versions.upperBound).spelled) }
        if let types = last.types {
            let names = types.accepted.map(\.name)
            words.append(names.count > 4 ? "\(names.count) types" : names.joined(separator: ", "))
        }
        if let limit = last.limit { words.append(limit.description) }
        return words.isEmpty ? "yes" : words.joined(separator: "; ")
    }
}

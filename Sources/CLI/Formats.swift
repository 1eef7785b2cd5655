import ArgumentParser
import Septum

struct Formats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the formats that can be read and written, or the operators of ONNX.",
        discussion: "With --operators: the versions in which each is read and written, and which other engines run it.")

    @Flag(help: "List the operators of ONNX instead.") var operators = false
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Print the operators as the page Documentation/Operators.md.") var markdown = false
    @Option(
        help: ArgumentHelp("A file of the suite's cases that pass, by operator, for a column of the page.", visibility: .hidden))
    var suite: String?

    func validate() throws {
        guard !markdown || operators && !json else { throw ValidationError("--markdown goes with --operators, without --json") }
    }

    func run() throws {
        if operators { return try reportingErrors { () throws(ModelError) in try listOperators() } }
        let formats = AdapterRegistry.standard.adapters.map(\.descriptor)
        if json {
            let list = formats.map { format in
                JSON.object([
                    "name": .string(format.name), "title": .string(format.title), "reads": .bool(format.canImport),
                    "writes": .bool(format.canExport), "suffixes": .array(format.suffixes.map(JSON.string)),
                    "versions": .string(format.versions),
                ])
            }
            return print(JSON.object(["formats": .array(list)]).indented)
        }
        var rows = [["format", "reads", "writes", "suffixes", "versions"]]
        for format in formats {
            let suffixes = format.suffixes.map { "." + $0 }.joined(separator: " ")
            rows.append([
                format.name, format.canImport ? "yes" : "-", format.canExport ? "yes" : "-", suffixes, format.versions,
            ])
        }
        print(Terminal.table(rows))
    }

    private func listOperators() throws(ModelError) {
        let page = try OperatorPage()
        if markdown {
            let suite = try suite.map { path throws(ModelError) in try OperatorPage.suite(path) } ?? [:]
            return print(page.markdown(suite: suite), terminator: "")
        }
        if json {
            let list = page.rows.map { row in
                JSON.object([
                    "operator": .string(row.op), "domain": .string(row.domain), "read": .string(row.read),
                    "written": .string(row.written),
                    "engines": .object(zip(page.engines, row.cells).map { .init($0.name, .string($1)) }),
                ])
            }
            return print(JSON.object(["operators": .array(list)]).indented)
        }
        let heading = ["operator", "domain", "read", "written"] + page.engines.map(\.name)
        print(Terminal.table([heading] + page.rows.map { [$0.op, $0.domain, $0.read, $0.written] + $0.cells }))
    }
}

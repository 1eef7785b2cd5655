import ArgumentParser
import Septum

struct Formats: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the formats that can be read and written.")

    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
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
}

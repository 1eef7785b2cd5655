import ArgumentParser
import Septum

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a model takes, gives and is made of.",
        discussion:
            """
            With --json: format, inputs, outputs (name, type, shape), nodes, parameters, operators, contract, provenance. With --batch
            also the memory of a run: bytes of weights and of their packed copies, which all contexts share, and of one context; of
            forests the number of splits and leaves, and the bytes of their packed copies. Of forests also trees, depths, and how often
            features are tested, with gain and cover where XGBoost or LightGBM kept them; --html draws trees.
              septum inspect tagger.onnx --batch 64 --size particles=30
              septum inspect bdt.json --html bdt.html
            """)

    @OptionGroup var source: ModelArguments
    @Option(help: "Show the memory of a run with this size of the first symbolic dimension of each input.") var batch: Int?
    @Option(help: "With --batch: another symbolic dimension's size, such as particles=30; 1 if not given. Can be given again.")
    var size: [String] = []
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Print the whole graph.") var graph = false
    @Option(help: "Draw the trees of a forest to this file.") var html: String?

    func validate() throws {
        if let batch, batch <= 0 { throw ValidationError("--batch must be positive") }
    }

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let model = try source.load(keepsStatistics: true)
            if graph { return print(model.graph) }
            let forests = try ForestSummary.all(model)
            if let html {
                guard let first = forests.first else {
                    throw ModelError(.invalidInput, "the model has no forest to draw", file: source.model)
                }
                let name = source.model.split(separator: "/").last.map(String.init) ?? source.model
                let page = try ForestPage(first, title: forests.count > 1 ? "\(name): \(first.name)" : name).html()
                do throws(ModelError) { try OutputFile.write(page.utf8, to: html) } catch { throw error.inFile(html) }
            }
            let memory = try batch.map { batch throws(ModelError) in try Inspect.memory(model, batch, try sizes(size)) } ?? []
            if json {
                var members = model.summary.members ?? []
                if !forests.isEmpty { members.append(.init("forests", .array(forests.map(\.json)))) }
                let sizes = JSON.object(memory.map { .init($0.name, .int($0.bytes)) })
                print(JSON.object(members + (batch == nil ? [] : [.init("memory", sizes)])).indented)
            } else {
                var rows = memory.map { [$0.name, Terminal.grouped($0.bytes)] }
                let sizes = Dictionary(memory.map { ($0.name, $0.bytes) }, uniquingKeysWith: { first, _ in first })
                if let nodes = sizes["forestNodes"], let bytes = sizes["forestBytes"], nodes > 0 {
                    rows.append(["forestBytesPerNode", Terminal.short(Double(bytes) / Double(nodes))])
                }
                let parts =
                    [Inspect.text(model, source.model)] + forests.map(Inspect.text) + (rows.isEmpty ? [] : [Terminal.table(rows)])
                print(parts.joined(separator: "\n\n"))
            }
        }
    }

    /// The bytes that all contexts share and those of one context, for given sizes.
    private static func memory(
        _ model: Model, _ batch: Int, _ sizes: [String: Int]
    ) throws(ModelError) -> [(name: String, bytes: Int)] {
        let program = try Program(model)
        let context = program.makeContext()
        _ = try context.run(try program.randomInputs(batch: batch, sizes: sizes))
        let forests = program.forests
        let trees: [(name: String, bytes: Int)] =
            forests.nodeCount == 0 ? [] : [("forestNodes", forests.nodeCount), ("forestBytes", forests.byteCount)]
        return [
            ("weightBytes", program.weightByteCount), ("packedBytes", program.packedByteCount),
            ("contextBytes", context.byteCount),
        ] + trees
    }

    /// Sizes, depths, and the twenty features that matter most.
    private static func text(_ forest: ForestSummary) -> String {
        let depths = forest.treesByDepth.enumerated().filter { $0.element > 0 }.map { "\($0.element) of depth \($0.offset)" }
        var rows = [
            ["forest", Terminal.printable(forest.name)], ["trees", depths.joined(separator: ", ")],
            ["splits", Terminal.grouped(forest.splitCount)], ["leaves", Terminal.grouped(forest.leafCount)],
            ["features", "\(Terminal.grouped(forest.features.count)) of \(Terminal.grouped(forest.featureCount)) are tested"],
        ]
        let hasGain = forest.features.contains { $0.gain != nil }
        var uses = [["feature", "splits"] + (hasGain ? ["gain", "cover"] : [])]
        for use in forest.features.prefix(20) {
            let statistics = [use.gain, use.cover].map { $0.map { Terminal.short($0, digits: 4) } ?? "" }
            uses.append([Terminal.printable(use.name), Terminal.grouped(use.splits)] + (hasGain ? statistics : []))
        }
        if forest.features.count > 20 { rows.append(["shown", "the first 20"]) }
        return Terminal.table(rows) + (uses.count > 1 ? "\n\n" + Terminal.table(uses) : "")
    }

    private static func text(_ model: Model, _ path: String) -> String {
        let graph = model.graph
        var rows = [["model", path], ["format", model.provenance.format]]
        if !model.provenance.producer.isEmpty { rows.append(["producer", model.provenance.producer]) }
        for id in graph.inputs { rows.append(["input", "\(graph[id].name): \(graph.type(id))"]) }
        for id in graph.outputs { rows.append(["output", "\(graph[id].name): \(graph.type(id))"]) }
        rows.append(["nodes", Terminal.grouped(graph.nodes.count)])
        rows.append(["parameters", Terminal.grouped(graph.parameterCount)])
        let operators = graph.operatorCounts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        rows.append(["operators", operators.joined(separator: ", ")])
        guard let contract = model.contract else { return Terminal.table(rows) }
        rows.append(["contract", contract.name])
        if let row = contract.row { rows.append(["row", "one for each \(row)"]) }
        for input in contract.inputs {
            let names = input.features.map(\.name).joined(separator: ", ")
            rows.append(["features", "\(input.tensor)\(input.collection.map { " of " + $0 } ?? ""): \(names)"])
        }
        return Terminal.table(rows)
    }
}

/// The sizes of symbolic dimensions as `--size` gives them.
func sizes(_ texts: [String]) throws(ModelError) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for text in texts {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let value = Int(parts[1]), value >= 0 else {
            throw ModelError(.invalidInput, "'\(text)' is no size", remedy: "write NAME=NUMBER, such as particles=30")
        }
        sizes[String(parts[0])] = value
    }
    return sizes
}

import ArgumentParser
import Septum

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a model takes, gives and is made of.",
        discussion:
            "With --json: format, inputs, outputs (name, type, shape), nodes, parameters, operators, contract, provenance.")

    @OptionGroup var source: ModelArguments
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Print the whole graph.") var graph = false

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let model = try source.load()
            if graph { return print(model.graph) }
            print(json ? Inspect.document(model).indented : Inspect.text(model, source.model))
        }
    }

    private static func census(_ graph: Graph) -> [String: Int] {
        var counts: [String: Int] = [:]
        for node in graph.nodes {
            counts[node.op.name, default: 0] += 1
            for subgraph in node.op.subgraphs { counts.merge(census(subgraph), uniquingKeysWith: +) }
        }
        return counts
    }

    private static func ports(_ ids: [Graph.ValueID], _ graph: Graph) -> JSON {
        .array(
            ids.map { id in
                let type = graph.type(id)
                let shape = type.tensor?.shape.map { JSON.array($0.map { $0.number.map(JSON.int) ?? .string($0.description) }) }
                return .object([
                    "name": .string(graph[id].name), "type": .string(type.tensor?.elementType.name ?? type.description),
                    "shape": shape ?? .null,
                ])
            })
    }

    private static func document(_ model: Model) -> JSON {
        let graph = model.graph
        let operators = census(graph).sorted { $0.key < $1.key }.map { JSON.Member($0.key, .int($0.value)) }
        return .object([
            "format": .string(model.provenance.format), "producer": .string(model.provenance.producer),
            "source": .object([
                "name": .string(model.provenance.sourceName), "sha256": .string(model.provenance.sourceSHA256),
            ]),
            "inputs": ports(graph.inputs, graph), "outputs": ports(graph.outputs, graph), "nodes": .int(graph.nodes.count),
            "parameters": .int(graph.parameterCount), "operators": .object(operators),
            "contract": model.contract.map(ContractCoding.encode) ?? .null,
            "metadata": .object(model.metadata.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
        ])
    }

    private static func text(_ model: Model, _ path: String) -> String {
        let graph = model.graph
        var rows = [["model", path], ["format", model.provenance.format]]
        if !model.provenance.producer.isEmpty { rows.append(["producer", model.provenance.producer]) }
        for id in graph.inputs { rows.append(["input", "\(graph[id].name): \(graph.type(id))"]) }
        for id in graph.outputs { rows.append(["output", "\(graph[id].name): \(graph.type(id))"]) }
        rows.append(["nodes", Terminal.grouped(graph.nodes.count)])
        rows.append(["parameters", Terminal.grouped(graph.parameterCount)])
        let operators = census(graph).sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
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

public import SeptumIR
import SeptumReconstruction

extension Model {
    /// What the model takes, gives and is made of, as one JSON object: `format`, `producer`, `source`, `inputs` and `outputs`
    /// (name, type, shape with symbolic dimensions as strings), `nodes`, `parameters`, `operators`, `contract`,
    /// `certificate` (version of Septum, hash of the weights, number of probes), `metadata`.
    public var summary: JSON {
        let operators = graph.operatorCounts.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .int($0.value)) }
        return .object([
            "format": .string(provenance.format), "producer": .string(provenance.producer),
            "source": .object([
                "name": .string(provenance.sourceName), "sha256": .string(provenance.sourceSHA256),
            ]),
            "inputs": graph.ports(graph.inputs), "outputs": graph.ports(graph.outputs), "nodes": .int(graph.nodes.count),
            "parameters": .int(graph.parameterCount), "operators": .object(operators),
            "contract": contract.map(ContractCoding.encode) ?? .null,
            "certificate": certificate.map {
                .object([
                    "septum": .string($0.version), "weights": .string($0.weightsSHA256), "probes": .int($0.probes.count),
                ])
            } ?? .null,
            "metadata": .object(metadata.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
        ])
    }
}

extension Graph {
    /// How often each operator occurs, subgraphs included.
    public var operatorCounts: [String: Int] {
        var counts: [String: Int] = [:]
        for node in nodes {
            counts[node.op.name, default: 0] += 1
            for subgraph in node.op.subgraphs { counts.merge(subgraph.operatorCounts, uniquingKeysWith: +) }
        }
        return counts
    }

    fileprivate func ports(_ ids: [ValueID]) -> JSON {
        .array(
            ids.map { id in
                let type = type(id)
                let shape = type.tensor?.shape.map { JSON.array($0.map { $0.number.map(JSON.int) ?? .string($0.description) }) }
                return .object([
                    "name": .string(self[id].name), "type": .string(type.tensor?.elementType.name ?? type.description),
                    "shape": shape ?? .null,
                ])
            })
    }
}

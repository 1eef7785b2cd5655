public import SeptumTensor

/// What shows on any machine that a model still gives the same bits: probes with their results, and the hash of its weights.
public struct Certificate: Sendable {
    /// The version of Septum that computed the results.
    public var version: String
    /// The hash of all constants of the graph, as `Graph.weightsSHA256` has it.
    public var weightsSHA256: String
    public var probes: [Probe]

    /// Tensors in the order of the graph's inputs, and what the model gave for them, in that of its outputs.
    public struct Probe: Sendable {
        public var inputs: [Tensor]
        public var outputs: [Tensor]

        public init(inputs: [Tensor], outputs: [Tensor]) {
            self.inputs = inputs
            self.outputs = outputs
        }
    }

    public init(version: String, weightsSHA256: String, probes: [Probe]) {
        self.version = version
        self.weightsSHA256 = weightsSHA256
        self.probes = probes
    }
}

extension Graph {
    /// The SHA-256, in hexadecimal digits, of the types, shapes and elements of all constants, those within attributes and subgraphs
    /// included; a `.septum` file that is read again has the same.
    ///
    /// - Returns: The digits.
    /// - Throws: `limit` when subgraphs are nested too deeply.
    public func weightsSHA256() throws(ModelError) -> String {
        var encoder = GraphEncoder()
        _ = try encoder.encode(self)
        var lines = ""
        for (_, tensor) in encoder.tensors {
            let digest: String
            if tensor.elementType == .string {
                let text = Array(JSON.array(tensor.strings.map(JSON.string)).description.utf8)
                digest = text.withUnsafeBytes { SHA256.hexadecimal(of: $0) }
            } else {
                digest = SHA256.hexadecimal(of: tensor.bytes)
            }
            lines += "\(tensor.elementType.name) \(tensor.shape) \(digest)\n"
        }
        return Array(lines.utf8).withUnsafeBytes { SHA256.hexadecimal(of: $0) }
    }
}

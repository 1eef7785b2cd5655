import SeptumTensor

/// A certificate as JSON; its tensors lie beside the weights.
enum CertificateCoding {
    static func encode(
        _ certificate: Certificate, put: (String, Tensor) throws(ModelError) -> Void
    ) throws(ModelError) -> JSON {
        func names(_ tensors: [Tensor], _ stem: String) throws(ModelError) -> JSON {
            var names: [JSON] = []
            for (index, tensor) in tensors.enumerated() {
                let name = "\(stem).\(index)"
                try put(name, tensor)
                names.append(.string(name))
            }
            return .array(names)
        }
        var probes: [JSON] = []
        for (index, probe) in certificate.probes.enumerated() {
            let inputs = try names(probe.inputs, "certificate.\(index).inputs")
            probes.append(.object(["inputs": inputs, "outputs": try names(probe.outputs, "certificate.\(index).outputs")]))
        }
        return .object([
            "septum": .string(certificate.version), "weights": .string(certificate.weightsSHA256), "probes": .array(probes),
        ])
    }

    static func decode(
        _ json: JSONText, tensor: (JSONText) throws(ModelError) -> Tensor
    ) throws(ModelError) -> Certificate {
        func tensors(_ json: JSONText?) throws(ModelError) -> [Tensor] {
            guard let names = json?.elements else { throw ModelError(.malformed, "a probe of the certificate lacks its tensors") }
            var tensors: [Tensor] = []
            for name in names {
                guard name.isString else { throw ModelError(.malformed, "a probe of the certificate names no tensor") }
                tensors.append(try tensor(name))
            }
            return tensors
        }
        guard let version = json["septum"]?.string, let weights = json["weights"]?.string, let probes = json["probes"]?.elements
        else {
            throw ModelError(.malformed, "the certificate lacks 'septum', 'weights' or 'probes'")
        }
        var certificate = Certificate(version: version, weightsSHA256: weights, probes: [])
        for probe in probes {
            certificate.probes.append(
                .init(inputs: try tensors(probe["inputs"]), outputs: try tensors(probe["outputs"])))
        }
        return certificate
    }
}

public import SeptumEngine
public import SeptumIR
public import SeptumTensor

/// What a self-test has found to be as it was certified.
public struct SelfTest: Sendable {
    /// The version of Septum that certified the model.
    public let version: String
    public let probeCount: Int
    /// The values of all outputs, each of which has the certified bits.
    public let valueCount: Int
}

extension Model {
    /// A copy with a certificate of what the model gives here.
    ///
    /// - Parameter probes: Inputs in the order of the graph's; by default random ones, which are made anew in the same way each time.
    /// - Returns: The model, to be written as `.septum`.
    /// - Throws: `unsupported` when an output is no tensor, or no inputs can be made up; what the model throws.
    public func certified(probes: [[Tensor]]? = nil) throws(ModelError) -> Model {
        let program = try Program(self)
        var made: [Certificate.Probe] = []
        if let probes {
            for inputs in probes { made.append(try program.probe(inputs)) }
        } else {
            made = try program.madeUpProbes()
        }
        var copy = self
        copy.certificate = Certificate(version: septumVersion, weightsSHA256: try graph.weightsSHA256(), probes: made)
        return copy
    }

    /// Runs the probes that the model carries and compares the results with the certified ones, and the weights with their hash.
    ///
    /// - Parameter program: The model's, when there is one already.
    /// - Returns: What was compared.
    /// - Throws: `mismatch` naming what differs; `invalidInput` when the model carries no certificate.
    @discardableResult
    public func selfTest(_ program: Program? = nil) throws(ModelError) -> SelfTest {
        guard let certificate else {
            throw ModelError(
                .invalidInput, "the model carries no certificate", remedy: "make one with 'septum certify MODEL TARGET.septum'")
        }
        guard try graph.weightsSHA256() == certificate.weightsSHA256 else {
            throw ModelError(
                .mismatch, "the weights are not those that were certified: the file is damaged or was changed",
                remedy: "take it anew from where it came")
        }
        let program = if let program { program } else { try Program(self) }
        let context = program.makeContext()
        var count = 0
        for (index, probe) in certificate.probes.enumerated() {
            guard probe.inputs.count == program.inputs.count, probe.outputs.count == program.outputs.count else {
                throw ModelError(.malformed, "probe \(index) of the certificate has not as many tensors as the model")
            }
            let found = try context.run(probe.inputs)
            for (port, (found, expected)) in zip(program.outputs, zip(found, probe.outputs)) {
                if let difference = found.firstDifference(from: expected) {
                    let from = certificate.version == septumVersion ? "" : ", certified by Septum \(certificate.version)"
                    throw ModelError(
                        .mismatch, "output '\(port.name)' of probe \(index) \(difference)\(from)",
                        remedy: "compare with another machine; between versions of Septum bits may change")
                }
                count += expected.count
            }
        }
        return SelfTest(version: certificate.version, probeCount: certificate.probes.count, valueCount: count)
    }
}

extension Program {
    /// Elements of one made-up input beyond this number are not worth their place in a file.
    private static let probeElementLimit = 1 << 14

    fileprivate func probe(_ inputs: [Tensor]) throws(ModelError) -> Certificate.Probe {
        for port in outputs where port.type.tensor == nil {
            throw ModelError(.unsupported, "output '\(port.name)' is \(port.type), only tensors can be certified")
        }
        return Certificate.Probe(inputs: inputs, outputs: try makeContext().run(inputs))
    }

    /// Inputs around one, and around a hundred, of one row and of some.
    fileprivate func madeUpProbes() throws(ModelError) -> [Certificate.Probe] {
        var made: [Certificate.Probe] = []
        var failure: ModelError?
        var sizes: [String: Int] = [:]
        for port in inputs {
            for dimension in port.type.tensor?.shape?.dropFirst() ?? [] where dimension.number == nil {
                sizes[dimension.description] = 4
            }
        }
        for (batch, scale) in [(1, 1), (5, 1), (5, 100)] as [(Int, Float)] {
            do throws(ModelError) {
                let inputs = try randomInputs(batch: batch, sizes: sizes).map { input throws(ModelError) in
                    try input.scaled(scale)
                }
                guard inputs.allSatisfy({ $0.count <= Program.probeElementLimit }) else { continue }
                made.append(try probe(inputs))
            } catch {
                failure = error
            }
        }
        guard made.isEmpty else { return made }
        throw ModelError(
            .unsupported, "no inputs for a probe can be made up", remedy: "give some with --inputs FILE.npz",
            cause: failure.map { "\($0)" })
    }
}

extension Tensor {
    fileprivate func scaled(_ factor: Float) throws(ModelError) -> Tensor {
        switch elementType {
        case .float32: try Tensor(shape, try array(of: Float.self).map { $0 * factor })
        case .float64: try Tensor(shape, try array(of: Double.self).map { $0 * Double(factor) })
        default: self
        }
    }

    /// How the elements differ in their bits, NaNs being alike; nil when they do not.
    fileprivate func firstDifference(from expected: Tensor) -> String? {
        guard elementType == expected.elementType, shape == expected.shape else {
            return "is \(elementType)\(shape), certified is \(expected.elementType)\(expected.shape)"
        }
        if isIdentical(to: expected) { return nil }
        if elementType == .string { return "differs" }
        let (left, right) = (Comparison.doubles(self), Comparison.doubles(expected))
        let width = elementType.byteWidth
        var (differing, first) = (0, 0)
        for index in 0..<count {
            let range = index * width..<(index + 1) * width
            if bytes[range].elementsEqual(expected.bytes[range]) { continue }
            if let left, let right, left[index].isNaN, right[index].isNaN { continue }
            if differing == 0 { first = index }
            differing += 1
        }
        guard differing > 0 else { return nil }
        let values = if let left, let right { ": found \(left[first]), certified \(right[first])" } else { "" }
        return "differs in \(differing) of \(count) values, first at \(first)\(values)"
    }
}

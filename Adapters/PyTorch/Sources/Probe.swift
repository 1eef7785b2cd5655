import SeptumIR
import SeptumPythonHost
import SeptumTensor

/// Inputs and the outputs that PyTorch gives for them.
enum Probe {
    /// How far an output may be off, relative to its largest magnitude: room for other orders of summing, none for other graphs.
    private static let tolerances: [ElementType: Double] = [.float64: 1e-6, .float32: 1e-4, .float16: 1e-2]

    /// - Throws: `mismatch` when the graph does not give the outputs; what running it throws.
    static func check(_ graph: Graph, _ probes: [PlainValue]) throws(ModelError) {
        guard !probes.isEmpty else { throw ModelError(.mismatch, "there is nothing to compare with") }
        for probe in probes {
            let inputs = (probe["inputs"]?.list ?? []).compactMap { $0.tensor.map(Value.tensor) }
            let expected = (probe["outputs"]?.list ?? []).compactMap(\.tensor)
            let found = try Interpreter.run(graph, inputs)
            guard found.count == expected.count else {
                throw ModelError(.mismatch, "the graph has \(found.count) outputs, the model \(expected.count)")
            }
            for (index, (have, want)) in zip(found, expected).enumerated() {
                guard let have = have.tensor, have.shape == want.shape, have.elementType == want.elementType else {
                    throw ModelError(
                        .mismatch, "output \(index) is \(have.type), expected \(want.elementType) \(want.shape)")
                }
                try compare(have, want, index)
            }
        }
    }

    private static func compare(_ have: Tensor, _ want: Tensor, _ index: Int) throws(ModelError) {
        guard let tolerance = tolerances[want.elementType], let a = try doubles(have), let b = try doubles(want) else {
            guard have.isIdentical(to: want) else { throw ModelError(.mismatch, "output \(index) differs from PyTorch's") }
            return
        }
        let scale = b.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        let worst = zip(a, b).reduce(0) { worst, pair in
            let (x, y) = pair
            if x == y || (x.isNaN && y.isNaN) { return worst }
            return (x - y).isFinite ? max(worst, abs(x - y)) : .infinity
        }
        guard worst <= tolerance * scale else {
            throw ModelError(.mismatch, "output \(index) differs from PyTorch's by up to \(worst), of at most \(scale)")
        }
    }

    private static func doubles(_ tensor: Tensor) throws(ModelError) -> [Double]? {
        switch tensor.elementType {
        case .float64: try tensor.array(of: Double.self)
        case .float32: try tensor.array(of: Float.self).map(Double.init)
        case .float16: try tensor.array(of: Float16.self).map(Double.init)
        default: nil
        }
    }
}

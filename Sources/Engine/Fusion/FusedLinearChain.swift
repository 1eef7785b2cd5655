import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// Products with small float32 weights, one after another, each with a function of its results or none.
    ///
    /// Inputs: x, then the weights and biases. Some rows go through all layers before the next ones do.
    struct LinearChain: FusedOperator {
        static let name = "Fused.LinearChain"

        /// Where a layer's weight and bias are among the inputs, and what becomes of its results.
        struct Layer {
            let weight: Int
            let bias: Int?
            let transposesWeight: Bool
            let kernel: UnaryKernel
        }

        let parts: [FusedPart]
        let layers: [Layer]

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let (x, y) = site.float32() else { return nil }
            let (list, inner) = (layers, site)
            let made = try site.shared("chain") { () throws(ModelError) -> LayerTable? in try LayerTable(list, inner) }
            guard let table = made else { return nil }
            let (layers, count, width) = (UnsafePointer(table.layers), table.count, table.width)
            let (k, n) = (layers[0].k, layers[count - 1].n)
            let rows = y.count / n
            guard x.count == rows * k, y.count == rows * n else { return nil }
            let scratch = site.scratch(
                byteCount: max(1, DenseLayer.scratchCount(rows, width: width)) * 4, forEachThread: true)
            if let division = site.division(rows, cost: table.cost, of: 12) {
                return division.step { addresses, range in
                    kernels.denseChain(
                        layers, count, range.count, addresses.read(x.slot, Float.self) + range.lowerBound * k,
                        addresses.write(y.slot, Float.self) + range.lowerBound * n, width: width,
                        scratch: addresses.write(scratch))
                }
            }
            return { addresses throws(ModelError) in
                kernels.denseChain(
                    layers, count, rows, addresses.read(x.slot), addresses.write(y.slot), width: width,
                    scratch: addresses.write(scratch))
            }
        }
    }
}

/// The layers of a chain as the kernel reads them, made once for a program, which keeps their weights.
final class LayerTable: @unchecked Sendable {
    let layers: UnsafeMutablePointer<DenseLayer>
    let count: Int
    /// Of the widest layer in whole panels.
    let width: Int
    /// Multiply-adds of a row.
    let cost: Double
    private let biases: Storage

    /// Nil when a weight is no constant matrix.
    init?(_ list: [Fused.LinearChain.Layer], _ site: LoweringSite) throws(ModelError) {
        var sizes: [(k: Int, n: Int)] = []
        for layer in list {
            guard let w = site.input(layer.weight), w.constant != nil, w.elementType == .float32, w.shape.count == 2 else {
                return nil
            }
            sizes.append(layer.transposesWeight ? (w.shape[1], w.shape[0]) : (w.shape[0], w.shape[1]))
        }
        let panels = sizes.map { ($0.n + 15) / 16 * 16 }
        biases = try Storage(byteCount: panels.reduce(0, +) * 4)
        count = list.count
        width = panels.max() ?? 0
        cost = sizes.reduce(0) { $0 + Double($1.k) * Double($1.n) }
        layers = .allocate(capacity: max(1, list.count))
        guard var start = biases.bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return nil }
        for (index, layer) in list.enumerated() {
            let (k, n) = sizes[index]
            guard let w = site.input(layer.weight),
                let packed = try site.packedLinear(w, k, n, transposed: layer.transposesWeight)
            else { return nil }
            if let place = layer.bias {
                guard let bias = try site.input(place)?.constant?.array(of: Float.self), bias.count == n else { return nil }
                for column in 0..<n { start[column] = bias[column] }
            }
            (layers + index).initialize(
                to: DenseLayer(
                    k, n, packed, bias: UnsafePointer(start), layer.kernel.operation, a: layer.kernel.a, b: layer.kernel.b))
            start += panels[index]
        }
    }

    deinit { layers.deallocate() }
}

/// Joins products with small constant weights, each the only one to use the result of the one before it.
///
///     a = Fused.Linear<parts=Gemm,Relu>(x, v, b) : float32[n, 8]      =>    y = Fused.LinearChain<parts=Gemm,Relu,Gemm>(x, v, b,
///     y = Gemm(a, w, c) : float32[n, 4]                                         w, c) : float32[n, 4]
///
/// All gives the same bits.
struct LinearChainFusion: Pass {
    static let name = "linear-chain-fusion"

    /// Elements of a weight that is worth it: with larger ones, passing from one product to the next costs nothing beside them, and
    /// threads may share the columns of a few rows.
    private static let weightLimit = 65536

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        let near = Neighbourhood(graph)
        var isTaken = [Bool](repeating: false, count: graph.nodes.count)
        var replacements = Replacements()
        for first in graph.nodes.indices where !isTaken[first] && Link(first, near) != nil {
            var (members, assembly) = ([Int](), FusedAssembly())
            var layers: [Fused.LinearChain.Layer] = []
            var next: Int? = first
            while let index = next, let link = Link(index, near), let value = near.result(index) {
                let inputs = graph.nodes[index].inputs.map { id -> FusedPart.Source? in id.map { assembly.source($0) } }
                guard case .input(let weight) = inputs[1] else { break }
                var bias: Int?
                if link.hasBias, case .input(let place) = inputs[2] { bias = place }
                assembly.add(graph.nodes[index])
                layers.append(
                    .init(weight: weight, bias: bias, transposesWeight: link.transposesWeight, kernel: link.kernel))
                members.append(index)
                isTaken[index] = true
                next = near.onlyUser(value).flatMap { near.input($0, 0) == value ? $0 : nil }
            }
            guard members.count > 1, let last = members.last else { continue }
            replacements[last] = Replacement(
                op: Fused.LinearChain(parts: assembly.parts, layers: layers), inputs: assembly.inputs.map { .value($0) },
                absorbed: members.dropLast())
        }
        return try graph.replacing(replacements)
    }

    /// A product that can be part of a chain.
    private struct Link {
        let transposesWeight: Bool
        let hasBias: Bool
        let kernel: UnaryKernel

        init?(_ index: Int, _ near: Neighbourhood) {
            guard let weight = near.constant(near.input(index, 1)), weight.shape.count == 2, weight.elementType == .float32,
                weight.count > 0, weight.count <= LinearChainFusion.weightLimit, near.shape(near.input(index, 0)) != nil
            else { return nil }
            if let op = near.graph.nodes[index].op.cast(Fused.Linear.self), !op.code.lines.isEmpty {
                guard op.code.lines.count == 1, case .unary(let kernel) = op.code.lines[0].kind else { return nil }
                (transposesWeight, hasBias, self.kernel) = (op.transposesWeight, op.hasBias, kernel)
            } else {
                guard let start = LinearFusion.Start(index, near) else { return nil }
                (transposesWeight, hasBias, kernel) = (start.transposesWeight, start.hasBias, UnaryKernel(.identity))
            }
        }
    }
}

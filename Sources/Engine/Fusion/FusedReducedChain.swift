import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// Products with small weights, one after another, and a reduction over the rows of each set.
    ///
    /// Inputs: those of the chain, then the axis. Some sets are reduced while the rows that the chain made of them are in cache.
    struct ReducedChain: FusedOperator {
        static let name = "Fused.ReducedChain"
        let parts: [FusedPart]
        let layers: [LinearChain.Layer]
        let reduction: ReduceOperation

        /// Rows that go through the chain before they are reduced, unless a set has more.
        private static let rows = 240

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let (x, y) = site.float32(), x.shape.count > 2, x.count > 0, y.count > 0 else { return nil }
            let (list, inner) = (layers, site)
            guard let table = try site.shared("chain", { () throws(ModelError) -> LayerTable? in try LayerTable(list, inner) })
            else { return nil }
            let (layers, count, width, reduction) = (UnsafePointer(table.layers), table.count, table.width, reduction)
            let (k, n, size) = (layers[0].k, layers[count - 1].n, x.shape[x.shape.count - 2])
            let sets = x.count / (size * k)
            guard x.shape[x.shape.count - 1] == k, y.count == sets * n else { return nil }
            let group = min(sets, max(1, ReducedChain.rows / size))
            let groups = (sets + group - 1) / group
            let made = site.scratch(byteCount: group * size * n * 4, forEachThread: true)
            let scratch = site.scratch(
                byteCount: max(1, DenseLayer.scratchCount(group * size, width: width)) * 4, forEachThread: true)
            func reduce(_ addresses: Addresses, _ range: Range<Int>) {
                for index in range {
                    let first = index * group
                    let count = min(group, sets - first)
                    kernels.denseChain(
                        layers, table.count, count * size, addresses.read(x.slot, Float.self) + first * size * k,
                        addresses.write(made), width: width, scratch: addresses.write(scratch))
                    kernels.reduce(
                        reduction, count, size, n, addresses.read(made), addresses.write(y.slot, Float.self) + first * n)
                }
            }
            if let division = site.division(groups, cost: table.cost * Double(group * size)) { return division.step(reduce) }
            return { addresses throws(ModelError) in reduce(addresses, 0..<groups) }
        }
    }
}

/// Joins a chain of products and a reduction over the rows of each set.
///
///     a = Fused.LinearChain<parts=Gemm,Relu,Gemm>(x, v, b, w) : float32[n, p, 8]     =>    y = Fused.ReducedChain<parts=Gemm,
///     y = ReduceSum(a, [1]) : float32[n, 8]                                                  Relu,Gemm,ReduceSum>(x, v, b, w, [1])
///
/// All gives the same bits.
struct ReducedChainFusion: Pass {
    static let name = "reduced-chain-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Fused.LinearChain.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for (index, node) in graph.nodes.enumerated() {
            guard let reduction = Self.reduction(node.op), near.result(index) != nil,
                let (chain, op) = near.soleProducer(near.input(index, 0), Fused.LinearChain.self),
                let rank = near.shape(near.input(index, 0))?.count, rank > 2, near.shape(near.input(chain, 0))?.count == rank,
                let axes = near.constant(near.input(index, 1))?.integers, axes == [-2] || axes == [rank - 2]
            else { continue }
            var assembly = FusedAssembly()
            for case let id? in graph.nodes[chain].inputs { _ = assembly.source(id) }
            assembly.add(graph.nodes[chain])
            assembly.add(node)
            replacements[index] = Replacement(
                op: Fused.ReducedChain(parts: assembly.parts, layers: op.layers, reduction: reduction),
                inputs: assembly.inputs.map { .value($0) }, absorbed: [chain])
        }
        return try graph.replacing(replacements)
    }

    private static func reduction(_ op: any Operator) -> ReduceOperation? {
        switch op {
        case Op.ReduceSum.self: .sum
        case Op.ReduceMean.self: .mean
        case Op.ReduceMax.self: .maximum
        default: nil
        }
    }
}

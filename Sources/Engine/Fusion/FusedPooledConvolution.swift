import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// A convolution with constant weights, elementwise operations on its result, and the maxima of windows of that.
    ///
    /// Inputs: those of the convolution, then operands of the operations. Each image is pooled while it is in cache.
    struct PooledConvolution: FusedOperator {
        static let name = "Fused.PooledConvolution"
        let parts: [FusedPart]
        /// All but the pooling.
        let code: ElementCode
        let pool: Op.MaxPool

        /// The shape of what is pooled.
        private func innerShape(_ site: LoweringSite) throws(ModelError) -> [Int]? {
            var facts: [Fact?] = []
            for source in parts[0].inputs {
                guard case .input(let index) = source, let operand = site.input(index) else {
                    facts.append(nil)
                    continue
                }
                facts.append(
                    operand.constant.map(Fact.init(constant:)) ?? Fact(operand.elementType, operand.shape.map(Dimension.fixed)))
            }
            return try Graph.infer(parts[0].op, facts, outputCount: 1).first?.type.tensor?.concreteShape
        }

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let y = site.output(0), y.elementType == .float32, let shape = try innerShape(site), y.count > 0,
                let op = parts[0].op.cast(Op.Conv.self)
            else { return nil }
            let own = parts[0].inputs.map { source -> LoweringSite.Operand? in
                guard case .input(let index) = source else { return nil }
                return site.input(index)
            }
            func room(_ byteCount: Int, _ site: inout LoweringSite, forEachThread: Bool) -> LoweringSite.Operand {
                let slot = site.scratch(byteCount: max(1, byteCount), forEachThread: forEachThread)
                return LoweringSite.Operand(elementType: .float32, shape: shape, slot: slot, constant: nil, weight: nil)
            }
            let count = shape.reduce(1, *)
            if let pooling = try ImagePooling(pool, shape, y),
                let ending = FusedEnding(
                    code, seed: code.firstPart - 1,
                    .init(elementType: .float32, shape: shape, slot: 0, constant: nil, weight: nil),
                    site)
            {
                var trial = site
                let image = room(count / shape[0] * 4, &trial, forEachThread: true)
                var inner = trial.replacing(inputs: own, outputs: [image])
                if let step = try op.lowerWithKernels(&inner, ending, pooling) {
                    trial.adopt(inner)
                    site = trial
                    return step
                }
            }
            let middle = room(count * 4, &site, forEachThread: false)
            let isPlain = code.lines.isEmpty
            var inner = site.replacing(inputs: isPlain ? own : site.inputs, outputs: [middle])
            let rest = Fused.Convolution(parts: Array(parts.dropLast()), code: code)
            guard let step = isPlain ? try op.lower(&inner) : try rest.lower(&inner) else { return nil }
            site.adopt(inner)
            var last = site.replacing(inputs: [middle], outputs: [y])
            guard let pooled = try pool.lower(&last) else { return nil }
            site.adopt(last)
            return inOrder([step, pooled])
        }
    }
}

/// Joins a convolution and the maximum over windows of its result.
///
///     a = Fused.Convolution<parts=Conv,Relu>(x, w, b) : float32[n, 8, h, w]      =>    y = Fused.PooledConvolution<parts=Conv,
///     y = MaxPool(a) : float32[n, 8, h/2, w/2]                                        Relu,MaxPool>(x, w, b) : float32[n, 8, ...]
struct PooledConvolutionFusion: Pass {
    static let name = "pooled-convolution-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for (index, node) in graph.nodes.enumerated() {
            guard let pool = node.op.cast(Op.MaxPool.self), near.result(index) != nil, let x = near.input(index, 0),
                near.shape(x)?.count == 4, near.onlyUser(x) == index, let producer = near.producer(x),
                near.result(producer) == x
            else { continue }
            let convolution = graph.nodes[producer]
            var assembly = FusedAssembly()
            for case let id? in convolution.inputs { _ = assembly.source(id) }
            let code: ElementCode
            if let fused = convolution.op.cast(Fused.Convolution.self) {
                code = fused.code
            } else if convolution.op.isA(Op.Conv.self),
                convolution.inputs.dropFirst().allSatisfy({ $0 == nil || near.constant($0) != nil })
            {
                code = ElementCode(firstPart: 1)
            } else {
                continue
            }
            assembly.add(convolution)
            assembly.add(node)
            replacements[index] = Replacement(
                op: Fused.PooledConvolution(parts: assembly.parts, code: code, pool: pool),
                inputs: assembly.inputs.map { .value($0) }, absorbed: [producer])
        }
        return try graph.replacing(replacements)
    }
}

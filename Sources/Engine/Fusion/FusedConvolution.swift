import SeptumIR
import SeptumOperators
import SeptumTensor

extension Fused {
    /// A convolution with constant weights, and elementwise operations on the result.
    ///
    /// Inputs: those of the convolution, then operands of the operations.
    struct Convolution: FusedOperator {
        static let name = "Fused.Convolution"
        let parts: [FusedPart]
        let code: ElementCode

        /// Elements that are worked on at a time: 16 kB of float32.
        private static let block = 4096

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let y = site.output(0), y.elementType == .float32 else { return nil }
            let own = parts[0].inputs.map { source -> LoweringSite.Operand? in
                guard case .input(let index) = source else { return nil }
                return site.input(index)
            }
            if let ending = FusedEnding(code, seed: code.firstPart - 1, y, site), let op = parts[0].op.cast(Op.Conv.self) {
                var ended = site.replacing(inputs: own, outputs: [y])
                if let step = try op.lowerWithKernels(&ended, ending) {
                    site.adopt(ended)
                    return step
                }
            }
            var inner = site.replacing(inputs: own, outputs: [y])
            guard let convolution = try parts[0].op.lowered?.lower(&inner) else { return nil }
            site.adopt(inner)
            guard let work = ElementWork(code, y, seed: 0, capacity: Convolution.block, &site) else { return nil }
            let count = y.count
            let blocks = (count + Convolution.block - 1) / Convolution.block
            if let division = site.division(blocks, cost: work.cost * Double(Convolution.block)) {
                return inOrder([convolution, division.step { work.run($0, blocks: $1, total: count) }])
            }
            return { addresses throws(ModelError) in
                try convolution(addresses)
                work.run(addresses, blocks: 0..<blocks, total: count)
            }
        }
    }
}

/// Joins a convolution and the elementwise operators that follow.
///
///     a = Conv(x, w, b) : float32[n, 8, h, w]     =>    y = Fused.Convolution<parts=Conv,Relu>(x, w, b) : float32[n, 8, h, w]
///     y = Relu(a) : float32[n, 8, h, w]
struct ConvolutionFusion: Pass {
    static let name = "convolution-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Conv.self) else { return graph }
        let near = Neighbourhood(graph)
        var taken: Set<Int> = []
        var replacements = Replacements()
        for (first, node) in graph.nodes.enumerated() where node.op.isA(Op.Conv.self) {
            guard var value = near.result(first), let shape = near.shape(value), shape.count > 2,
                node.inputs.dropFirst().allSatisfy({ $0 == nil || near.constant($0) != nil })
            else { continue }
            var (members, assembly, code) = ([first], FusedAssembly(), ElementCode(firstPart: 1))
            assembly.add(node)
            while let next = near.onlyUser(value), !taken.contains(next),
                let instruction = ElementInstruction(graph.nodes[next], near), let result = near.result(next),
                areProvablyEqual(near.shape(result), shape)
            {
                assembly.add(graph.nodes[next], instruction, to: &code)
                members.append(next)
                value = result
            }
            guard members.count > 1, let last = members.last else { continue }
            taken.formUnion(members)
            replacements[last] = Replacement(
                op: Fused.Convolution(parts: assembly.parts, code: code), inputs: assembly.inputs.map { .value($0) },
                absorbed: members.dropLast())
        }
        return try graph.replacing(replacements)
    }
}

import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// Elementwise float32 operators that are computed together, block by block, so that what lies between them stays in cache.
    struct Chain: FusedOperator {
        static let name = "Fused.Chain"
        let parts: [FusedPart]
        let code: ElementCode

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let y = site.output(0), y.elementType == .float32 else { return nil }
            let capacity = ElementWork.capacity(y.shape)
            guard let work = ElementWork(code, y, capacity: capacity, &site) else { return nil }
            let count = y.count
            let blocks = (count + capacity - 1) / capacity
            if let division = site.division(blocks, cost: work.cost * Double(capacity)) {
                return division.step { work.run($0, blocks: $1, total: count) }
            }
            return { addresses throws(ModelError) in work.run(addresses, blocks: 0..<blocks, total: count) }
        }
    }
}

/// Joins elementwise operators on float32 whose results have the same shape and, but for the last, are used nowhere else.
///
///     a = Sub(x, mean) : float32[n, 8]            =>    y = Fused.Chain<parts=Sub,Mul,Tanh>(x, mean, scale) : float32[n, 8]
///     b = Mul(a, scale) : float32[n, 8]
///     y = Tanh(b) : float32[n, 8]
struct ElementwiseFusion: Pass {
    static let name = "elementwise-fusion"
    /// More operators than this are joined in groups.
    private static let limit = 32

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        let near = Neighbourhood(graph)
        var isTaken = [Bool](repeating: false, count: graph.nodes.count)
        var isGrouped = isTaken
        let instructions = graph.nodes.map { ElementInstruction($0, near) }
        var replacements = Replacements()
        for last in graph.nodes.indices.reversed() where !isTaken[last] && instructions[last] != nil {
            guard let shape = near.shape(near.result(last)) else { continue }
            var (group, open) = ([last], [last])
            isGrouped[last] = true
            while let next = open.popLast(), group.count < ElementwiseFusion.limit {
                for input in graph.nodes[next].inputs {
                    guard let place = near.producer(input), !isTaken[place], !isGrouped[place], instructions[place] != nil,
                        near.result(place) == input, areProvablyEqual(near.shape(input), shape),
                        let users = near.inner(input), users.allSatisfy({ isGrouped[$0] })
                    else { continue }
                    group.append(place)
                    isGrouped[place] = true
                    open.append(place)
                }
            }
            for place in group { isGrouped[place] = false }
            guard group.count > 1 else { continue }
            var assembly = FusedAssembly()
            var code = ElementCode(firstPart: 0)
            for place in group.sorted() {
                isTaken[place] = true
                if let instruction = instructions[place] { assembly.add(graph.nodes[place], instruction, to: &code) }
            }
            replacements[last] = Replacement(
                op: Fused.Chain(parts: assembly.parts, code: code), inputs: assembly.inputs.map { .value($0) },
                absorbed: group.filter { $0 != last })
        }
        return try graph.replacing(replacements)
    }
}

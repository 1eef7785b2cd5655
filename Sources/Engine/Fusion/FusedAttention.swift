import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// Attention of several heads: scores of all queries and keys, elementwise operations on them, their softmax, and the sum
    /// of the values. One head after another, so that its scores stay in cache; transposed operands are read where they lie.
    ///
    /// Inputs: queries, keys, values, operands of the operations.
    struct Attention: FusedOperator {
        static let name = "Fused.Attention"
        let parts: [FusedPart]
        let code: ElementCode
        /// The axes of the inputs and the output as they lie in memory, in the order of the products' operands.
        let orders: [[Int]]

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let q = site.input(0), let k = site.input(1), let v = site.input(2), let y = site.output(0),
                let query = Heads(q, orders[0]), let key = Heads(k, orders[1]), let value = Heads(v, orders[2]),
                let output = Heads(y, orders[3]), query.stack == key.stack, query.stack == value.stack,
                output.stack == query.stack, key.rows == query.columns, value.rows == key.columns,
                output.rows == query.rows, output.columns == value.columns
            else { return nil }
            let (batch, heads) = query.stack
            let (m, d, n, c) = (query.rows, query.columns, key.columns, value.columns)
            func room(_ count: Int) -> Int { site.scratch(byteCount: max(1, count) * 4, forEachThread: true) }
            let scores = room(m * n)
            let packed = room(max(KernelTable.gemmPackedCount(d, n), KernelTable.gemmPackedCount(n, c)))
            let shape = q.shape.count == 4 ? [batch, heads, m, n] : [heads, m, n]
            let all = LoweringSite.Operand(elementType: .float32, shape: shape, slot: scores, constant: nil, weight: nil)
            let ending = FusedEnding(code, seed: code.firstPart - 1, all, site)
            guard
                let work = ElementWork(
                    code, all, seed: code.firstPart - 1, capacity: max(1, m * n), holdsBlock: true, &site)
            else { return nil }
            func attend(_ addresses: Addresses, _ range: Range<Int>) {
                let (score, matrix) = (addresses.write(scores, Float.self), addresses.write(packed, Float.self))
                for index in range {
                    let (image, head) = (index / heads, index % heads)
                    kernels.gemmPack(
                        d, n, key.pointer(addresses, image, head), key.stride, transposed: key.isTransposed, matrix)
                    kernels.gemm(
                        m, d, n, query.pointer(addresses, image, head), query.stride, matrix, nil, score, n,
                        ending?(addresses, index * m * n) ?? Ending())
                    if ending == nil {
                        work.run(addresses, start: index * m * n, count: m * n, isFirst: index == range.lowerBound)
                    }
                    kernels.softmax(m, n, 1, score, score)
                    kernels.gemmPack(n, c, value.pointer(addresses, image, head), value.stride, matrix)
                    kernels.gemm(
                        m, n, c, score, n, matrix, nil, output.pointer(addresses, image, head), output.stride)
                }
            }
            let cost = Double(m) * Double(n) * (Double(d + c) + work.cost + 12)
            if let division = site.division(batch * heads, cost: cost) { return division.step(attend) }
            return { addresses throws(ModelError) in attend(addresses, 0..<batch * heads) }
        }

        /// A stack of matrices, one for each image and head.
        private struct Heads {
            let slot: Int
            let stack: (Int, Int)
            let rows: Int
            let columns: Int
            /// Elements between rows, or between columns when the elements of a column lie side by side.
            let stride: Int
            let isTransposed: Bool
            private let steps: (image: Int, head: Int)

            init?(_ operand: LoweringSite.Operand, _ order: [Int]) {
                guard operand.elementType == .float32, (3...4).contains(operand.shape.count), order.count == operand.shape.count
                else { return nil }
                let own = rowMajorStrides(operand.shape)
                let shape = order.map { operand.shape[$0] }
                let strides = order.map { own[$0] }
                let rank = shape.count
                slot = operand.slot
                stack = (rank == 4 ? shape[0] : 1, shape[rank - 3])
                steps = (rank == 4 ? strides[0] : 0, strides[rank - 3])
                (rows, columns) = (shape[rank - 2], shape[rank - 1])
                isTransposed = order[rank - 1] != rank - 1
                stride = strides[isTransposed ? rank - 1 : rank - 2]
            }

            @inline(__always)
            func pointer(_ addresses: Addresses, _ image: Int, _ head: Int) -> UnsafeMutablePointer<Float> {
                addresses.write(slot, Float.self) + (image * steps.image + head * steps.head)
            }
        }
    }
}

/// Joins the two products of attention, what happens to the scores between them, and the transpositions around.
///
///     q = Transpose<perm=[0, 2, 1, 3]>(a) : float32[n, 4, p, 8]   =>    y = Fused.Attention(a, b, c, m) : float32[n, p, 4, 8]
///     k = Transpose<perm=[0, 2, 3, 1]>(b) : float32[n, 4, 8, p]
///     v = Transpose<perm=[0, 2, 1, 3]>(c) : float32[n, 4, p, 8]
///     s = MatMul(q, k) : float32[n, 4, p, p]
///     t = Mul(s, 0.35355338) : float32[n, 4, p, p]
///     u = Add(t, m) : float32[n, 4, p, p]
///     w = Softmax<axis=-1>(u) : float32[n, 4, p, p]
///     o = MatMul(w, v) : float32[n, 4, p, 8]
///     y = Transpose<perm=[0, 2, 1, 3]>(o) : float32[n, p, 4, 8]
struct AttentionFusion: Pass {
    static let name = "attention-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Softmax.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for (index, node) in graph.nodes.enumerated() {
            if let (last, replacement) = match(index, node, near) { replacements[last] = replacement }
        }
        return try graph.replacing(replacements)
    }

    private func match(_ index: Int, _ node: Graph.Node, _ near: Neighbourhood) -> (Int, Replacement)? {
        guard let op = node.op.cast(Op.Softmax.self), let scores = near.shape(near.result(index)), (3...4).contains(scores.count),
            op.axis == -1 || op.axis == scores.count - 1, let second = near.onlyUser(near.result(index)),
            near.graph.nodes[second].op.isA(Op.MatMul.self), near.input(second, 0) == near.result(index),
            near.input(second, 1) != near.result(index)
        else { return nil }
        guard let (first, chain) = path(node.inputs.first ?? nil, scores, 0, near) else { return nil }
        guard let q = operand(first, 0, near), let k = operand(first, 1, near), let v = operand(second, 1, near),
            let output = near.result(second), let y = near.shape(output), y.count == scores.count,
            [q, k, v].allSatisfy({ $0.order.count == scores.count }), q.order.last == scores.count - 1,
            k.order.suffix(2).contains(scores.count - 1), v.order.last == scores.count - 1,
            [near.input(first, 0), near.input(first, 1), near.input(second, 1)].allSatisfy({
                areProvablyEqual(near.shape($0).map { Array($0.dropLast(2)) }, Array(scores.dropLast(2)))
            })
        else { return nil }
        var assembly = FusedAssembly()
        for operand in [q, k, v] { _ = assembly.source(operand.value) }
        for transpose in Set([q, k, v].compactMap(\.transpose)).sorted() { assembly.add(near.graph.nodes[transpose]) }
        assembly.add(near.graph.nodes[first])
        var code = ElementCode(firstPart: assembly.parts.count)
        for place in chain {
            let operands = near.graph.nodes[place].inputs
            guard let instruction = ElementInstruction(near.graph.nodes[place], near),
                operands.allSatisfy({ id in
                    SettledShapes.broadcasts(id.flatMap { near.graph.type($0).tensor?.shape }, to: scores)
                })
            else { return nil }
            assembly.add(near.graph.nodes[place], instruction, to: &code)
        }
        assembly.add(node)
        assembly.add(near.graph.nodes[second])
        var (last, order) = (second, Array(scores.indices))
        if let next = near.onlyUser(output), let transpose = near.graph.nodes[next].op.cast(Op.Transpose.self),
            let permutation = try? transpose.order(rank: scores.count), permutation.last == scores.count - 1
        {
            assembly.add(near.graph.nodes[next])
            last = next
            // Axis i of what is computed is this one of what lies in memory.
            order = order.map { axis in permutation.firstIndex(of: axis) ?? axis }
        }
        // Operands that are equal would be one input.
        guard assembly.inputs.count >= 3, Set([q.value, k.value, v.value]).count == 3 else { return nil }
        let absorbed = [first, index, second] + chain
        return (
            last,
            Replacement(
                op: Fused.Attention(parts: assembly.parts, code: code, orders: [q.order, k.order, v.order, order]),
                inputs: assembly.inputs.map { .value($0) }, absorbed: absorbed.filter { $0 != last })
        )
    }

    /// The product of two computed values that elementwise operators lead from to a value, and those.
    private func path(
        _ id: Graph.ValueID?, _ scores: [Dimension], _ depth: Int, _ near: Neighbourhood
    ) -> (first: Int, chain: [Int])? {
        guard depth < 16, near.onlyUser(id) != nil, let place = near.producer(id), near.result(place) == id,
            areProvablyEqual(near.shape(id), scores)
        else { return nil }
        if near.graph.nodes[place].op.isA(Op.MatMul.self) {
            return [0, 1].allSatisfy { near.constant(near.input(place, $0)) == nil } ? (place, []) : nil
        }
        guard ElementInstruction(near.graph.nodes[place], near) != nil else { return nil }
        for input in near.graph.nodes[place].inputs {
            if let (first, chain) = path(input, scores, depth + 1, near) { return (first, chain + [place]) }
        }
        return nil
    }

    /// What a product reads: a value, and the order in which a transposition of it lists its axes.
    private func operand(
        _ index: Int, _ input: Int, _ near: Neighbourhood
    ) -> (value: Graph.ValueID, order: [Int], transpose: Int?)? {
        guard let id = near.input(index, input), near.constant(id) == nil, let shape = near.shape(id) else { return nil }
        if let place = near.producer(id), let op = near.graph.nodes[place].op.cast(Op.Transpose.self),
            let x = near.input(place, 0),
            let order = try? op.order(rank: shape.count)
        {
            return (x, order, place)
        }
        return (id, Array(shape.indices), nil)
    }
}

import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// A product with a float32 weight, a bias that its chains start from, and elementwise operations on the result.
    ///
    /// Inputs: x, the weight, the bias if there is one, operands of the operations.
    struct Linear: FusedOperator {
        static let name = "Fused.Linear"
        let parts: [FusedPart]
        let code: ElementCode
        let transposesWeight: Bool
        let hasBias: Bool

        /// Elements of the output that are worked on while they are in cache.
        private static let block = 4096

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let x = site.input(0), let w = site.input(1), let y = site.output(0), w.shape.count == 2,
                x.elementType == .float32, w.elementType == .float32, y.elementType == .float32, w.constant != nil
            else { return nil }
            let (k, n) = transposesWeight ? (w.shape[1], w.shape[0]) : (w.shape[0], w.shape[1])
            let rows = n == 0 ? 0 : y.count / n
            guard x.count == rows * k || n == 0 else { return nil }
            let bias = hasBias ? site.input(2)?.slot : nil
            guard let matrix = try site.packedLinear(w, k, n, transposed: transposesWeight) else { return nil }
            let seed = code.firstPart - 1
            if let ending = FusedEnding(code, seed: seed, y, site) {
                if let divided = site.dividedProduct(rows, k, n, x.slot, { _ in matrix }, bias, y.slot, ending) { return divided }
                return { addresses throws(ModelError) in
                    kernels.gemm(
                        rows, k, n, addresses.read(x.slot), k, matrix, bias.map { addresses.read($0) }, addresses.write(y.slot),
                        n, ending(addresses, 0))
                }
            }
            // Whole tiles of twelve rows; their number follows from n alone.
            let blockRows = max(12, Linear.block / max(1, n) / 12 * 12)
            guard let work = ElementWork(code, y, seed: seed, capacity: blockRows * n, &site) else { return nil }
            func multiply(_ addresses: Addresses, _ blocks: Range<Int>) {
                for block in blocks {
                    let row = block * blockRows
                    let count = min(blockRows, rows - row)
                    kernels.gemm(
                        count, k, n, addresses.read(x.slot, Float.self) + row * k, k, matrix, bias.map { addresses.read($0) },
                        addresses.write(y.slot, Float.self) + row * n, n)
                    work.run(addresses, start: row * n, count: count * n, isFirst: block == blocks.lowerBound)
                }
            }
            let blocks = (rows + blockRows - 1) / blockRows
            let cost = Double(blockRows) * Double(n) * (Double(k) + work.cost)
            if let division = site.division(blocks, cost: cost) { return division.step(multiply) }
            if let product = site.dividedProduct(rows, k, n, x.slot, { _ in matrix }, bias, y.slot) {
                let rest: Step = { addresses throws(ModelError) in work.run(addresses, blocks: 0..<blocks, total: rows * n) }
                return inOrder([product, rest])
            }
            return { addresses throws(ModelError) in multiply(addresses, 0..<blocks) }
        }
    }
}

extension LoweringSite {
    /// The weight of a linear layer in the kernel's layout, packed once for the program; nil when it is no constant.
    func packedLinear(
        _ w: Operand, _ k: Int, _ n: Int, transposed: Bool
    ) throws(ModelError) -> UnsafePointer<Float>? {
        guard let id = w.weight, let constant = w.constant, let source = constant.bytes.baseAddress else { return nil }
        let key = Program.SharedKey(kind: transposed ? "rows of linear" : "linear", index: id.index)
        let storage = try program.shared(key) { () throws(ModelError) -> Storage? in
            let storage = try Storage(unwritten: max(1, KernelTable.gemmPackedCount(k, n)) * 4)
            if let target = storage.bytes.baseAddress {
                kernels.gemmPack(
                    k, n, source.assumingMemoryBound(to: Float.self), transposed ? k : n, transposed: transposed,
                    target.assumingMemoryBound(to: Float.self))
            }
            constant.storage.forgetPages(constant.bytes)
            return storage
        }
        return storage?.bytes.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: Float.self)) }
    }
}

/// Joins a product with a weight, the bias added to it, and the elementwise operators that follow.
///
///     a = MatMul(x, w) : float32[n, 8]            =>    y = Fused.Linear<parts=MatMul,Add,Relu>(x, w, b) : float32[n, 8]
///     c = Add(b, a) : float32[n, 8]
///     y = Relu(c) : float32[n, 8]
///
/// The weight is a constant matrix. A bias that is one constant row starts the chains of the product: the sum is rounded at each
/// step with it, not once at the end. All else gives the same bits.
struct LinearFusion: Pass {
    static let name = "linear-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.MatMul.self, Op.Gemm.self, Fused.Linear.self) else { return graph }
        let near = Neighbourhood(graph)
        let instructions = graph.nodes.map { ElementInstruction($0, near) }
        var isTaken = [Bool](repeating: false, count: graph.nodes.count)
        var replacements = Replacements()
        for first in graph.nodes.indices {
            guard let start = Start(first, near) else { continue }
            let node = graph.nodes[first]
            guard var value = near.result(first), let shape = near.shape(value) else { continue }
            var (members, assembly, hasBias) = ([first], FusedAssembly(), start.hasBias)
            for case let id? in node.inputs { _ = assembly.source(id) }
            if !hasBias, let next = near.onlyUser(value), graph.nodes[next].op.isA(Op.Add.self), let sum = near.result(next),
                areProvablyEqual(near.shape(sum), shape), let other = graph.nodes[next].inputs.first(where: { $0 != value }),
                let other, let bias = near.constant(other), bias.elementType == .float32, bias.count == start.n,
                bias.shape.last == start.n || start.n == 1
            {
                (hasBias, value) = (true, sum)
                members.append(next)
                _ = assembly.source(other)
            }
            for member in members { assembly.add(graph.nodes[member]) }
            var code = ElementCode(firstPart: assembly.parts.count)
            while let next = near.onlyUser(value), !isTaken[next], let instruction = instructions[next],
                let result = near.result(next), areProvablyEqual(near.shape(result), shape)
            {
                assembly.add(graph.nodes[next], instruction, to: &code)
                members.append(next)
                value = result
            }
            guard members.count > 1, let last = members.last else { continue }
            for member in members { isTaken[member] = true }
            let op = Fused.Linear(
                parts: assembly.parts, code: code, transposesWeight: start.transposesWeight, hasBias: hasBias)
            replacements[last] = Replacement(op: op, inputs: assembly.inputs.map { .value($0) }, absorbed: members.dropLast())
        }
        return try graph.replacing(replacements)
    }

    /// A product that others can join.
    struct Start {
        let n: Int
        let transposesWeight: Bool
        let hasBias: Bool

        init?(_ index: Int, _ near: Neighbourhood) {
            guard near.shape(near.input(index, 0)) != nil, let weight = near.constant(near.input(index, 1)),
                weight.elementType == .float32, weight.shape.count == 2
            else { return nil }
            switch near.graph.nodes[index].op {
            case Op.MatMul.self: (transposesWeight, hasBias) = (false, false)
            case let op as Fused.Linear where op.code.lines.isEmpty:
                (transposesWeight, hasBias) = (op.transposesWeight, op.hasBias)
            case let op as Op.Gemm where op.alpha == 1 && !op.transposesA:
                transposesWeight = op.transposesB
                let bias = near.input(index, 2)
                hasBias = bias != nil
                if hasBias {
                    guard op.beta == 1, let row = near.constant(bias), row.elementType == .float32,
                        row.count == weight.shape[transposesWeight ? 0 : 1], row.shape.last == row.count || row.count == 1
                    else { return nil }
                }
            default: return nil
            }
            n = weight.shape[transposesWeight ? 0 : 1]
        }
    }
}

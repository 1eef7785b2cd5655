import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// An edge convolution: rows of a table that indices name, the difference of each from its centre beside the centre, layers
    /// on that, and a reduction over the neighbours. A few points at a time, so that no tensor of edges leaves the cache.
    ///
    /// The first layer's chains go over the centre before the difference: that part is computed once for all neighbours.
    struct EdgeConvolution: FusedOperator {
        static let name = "Fused.EdgeConvolution"

        /// The inputs of a layer and what follows it.
        struct Layer {
            let weight: Int
            let bias: Int?
            /// Whether the weight is [outputs, inputs].
            let transposesWeight: Bool
            let activations: [UnaryKernel]
        }

        let parts: [FusedPart]
        let table: Int
        /// Whether the table is [channels, rows].
        let isTableByChannel: Bool
        let indices: Int
        let centre: Int
        /// Whether channels come before points: [batch, channels, points, neighbours].
        let isChannelFirst: Bool
        let layers: [Layer]
        let reduction: ReduceOperation

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let table = site.input(self.table), let indices = site.input(self.indices),
                let centre = site.input(self.centre),
                let y = site.output(0), table.shape.count == 2, centre.shape.count == 4, table.count > 0, indices.count > 0,
                centre.count > 0, y.count > 0, [table, centre, y].allSatisfy({ $0.elementType == .float32 }),
                indices.elementType == .int64 || indices.elementType == .int32
            else { return nil }
            let (channels, rows) = isTableByChannel ? (table.shape[0], table.shape[1]) : (table.shape[1], table.shape[0])
            let (batch, n) = (centre.shape[0], centre.shape[isChannelFirst ? 2 : 1])
            let points = batch * n
            let neighbours = indices.count / points
            guard points * neighbours == indices.count, centre.count == points * channels,
                let stack = try stack(&site, channels, neighbours)
            else { return nil }
            let width = stack.layers[stack.layers.count - 1].outputs
            guard y.count == points * width else { return nil }
            // Everything is worked on with channels side by side.
            func operand(_ shape: [Int], _ slot: Int) -> LoweringSite.Operand {
                LoweringSite.Operand(elementType: .float32, shape: shape, slot: slot, constant: nil, weight: nil)
            }
            func scratch(_ shape: [Int]) -> LoweringSite.Operand {
                operand(shape, site.scratch(byteCount: shape.reduce(4, *)))
            }
            var (steps, source, own, target): ([Step], Int, Int, Int) = ([], table.slot, centre.slot, y.slot)
            if isTableByChannel, channels > 1, rows > 1 {
                let turned = scratch([rows, channels])
                steps.append(StridedCopy(table, [1, rows], to: turned).step(&site))
                source = turned.slot
            }
            let isTurned = isChannelFirst && n > 1
            if isTurned, channels > 1 {
                let turned = scratch([batch, n, channels])
                steps.append(StridedCopy(centre, [channels * n, 1, n], to: turned).step(&site))
                own = turned.slot
            }
            let result = isTurned && width > 1 ? scratch([batch, n, width]) : operand([batch, n, width], y.slot)
            target = result.slot
            let work = try EdgeWork(
                stack: stack, table: source, rows: rows, indices: indices.slot, isWide: indices.elementType == .int64,
                centre: own, target: target, points: points, channels: channels, neighbours: neighbours,
                isChannelFirst: isChannelFirst, reduction: reduction, &site)
            let convolve: Step = { addresses throws(ModelError) in try work.run(addresses) }
            steps.append(convolve)
            if result.slot != y.slot {
                let turned = operand([batch, width, n], y.slot)
                steps.append(StridedCopy(result, [n * width, 1, width], to: turned).step(&site))
            }
            return inOrder(steps)
        }

        /// The layers with packed weights, the first one's cut into what the centre and what the difference is multiplied by.
        private func stack(
            _ site: inout LoweringSite, _ channels: Int, _ neighbours: Int
        ) throws(ModelError) -> EdgeWork.Stack? {
            var (made, inputs): ([EdgeWork.Layer], Int) = ([], 2 * channels)
            var own: UnsafePointer<Float>?
            for (index, layer) in layers.enumerated() {
                guard let w = site.input(layer.weight), w.elementType == .float32, w.shape.count >= 2 else { return nil }
                let outputs = w.shape[layer.transposesWeight ? 0 : 1]
                guard outputs > 0, w.count == inputs * outputs else { return nil }
                let bias = layer.bias.flatMap { site.input($0) }
                guard (bias == nil) == (layer.bias == nil), bias == nil || bias?.count == outputs else { return nil }
                // A part of the weight's inputs, from one of them on.
                func pack(_ kind: String, _ first: Int, _ count: Int) throws(ModelError) -> UnsafePointer<Float>? {
                    let (stride, isTurned) = (layer.transposesWeight ? inputs : outputs, layer.transposesWeight)
                    let size = max(1, KernelTable.gemmPackedCount(count, outputs)) * 4
                    return try site.packed(w, kind + (isTurned ? " turned" : ""), byteCount: size) { source, target in
                        let source = source.assumingMemoryBound(to: Float.self) + (isTurned ? first : first * outputs)
                        kernels.gemmPack(
                            count, outputs, source, stride, transposed: isTurned, target.assumingMemoryBound(to: Float.self))
                    }?.assumingMemoryBound(to: Float.self)
                }
                let first = index == 0 ? channels : 0
                if index == 0 { own = try pack("edge centre", 0, channels) }
                guard let packed = try pack(index == 0 ? "edge difference" : "edge", first, inputs - first) else { return nil }
                let isEnding = layer.activations.first.map { $0.b == 0 } ?? false
                made.append(
                    .init(
                        inputs: inputs - first, outputs: outputs, packed: packed, bias: bias?.slot,
                        activation: isEnding ? layer.activations[0] : UnaryKernel(.identity),
                        rest: Array(layer.activations.dropFirst(isEnding ? 1 : 0))))
                inputs = outputs
            }
            guard let own, !made.isEmpty else { return nil }
            return EdgeWork.Stack(own: own, layers: made)
        }
    }
}

/// The work of an edge convolution on rows of channels.
struct EdgeWork: @unchecked Sendable {
    struct Layer {
        let inputs: Int
        let outputs: Int
        let packed: UnsafePointer<Float>
        let bias: Int?
        /// What the product ends with, and what comes after it.
        let activation: UnaryKernel
        let rest: [UnaryKernel]
    }

    struct Stack {
        /// What the centre is multiplied by in the first layer.
        let own: UnsafePointer<Float>
        let layers: [Layer]
    }

    /// Rows that products work on together.
    private static let rowLimit = 96

    private let stack: Stack
    private let (table, indices, centre, target): (Int, Int, Int, Int)
    private let isWide: Bool
    private let (rows, points, channels, neighbours): (Int, Int, Int, Int)
    private let isChannelFirst: Bool
    private let reduction: ReduceOperation
    /// Points whose edges are worked on together, and those whose own part of the first layer is.
    private let (block, span): (Int, Int)
    /// Slots of the own parts, the differences, the results of layers in turn, and the numbers zero and of neighbours.
    private let (parts, differences, even, odd, numbers): (Int, Int, Int, Int, Int)

    init(
        stack: Stack, table: Int, rows: Int, indices: Int, isWide: Bool, centre: Int, target: Int, points: Int, channels: Int,
        neighbours: Int, isChannelFirst: Bool, reduction: ReduceOperation, _ site: inout LoweringSite
    ) throws(ModelError) {
        (self.stack, self.table, self.rows, self.indices) = (stack, table, rows, indices)
        (self.isWide, self.centre, self.target, self.points) = (isWide, centre, target, points)
        (self.channels, self.neighbours, self.isChannelFirst) = (channels, neighbours, isChannelFirst)
        self.reduction = reduction
        block = min(points, max(1, EdgeWork.rowLimit / neighbours))
        span = min(points, (EdgeWork.rowLimit + block - 1) / block * block)
        let widest = stack.layers.map(\.outputs).max() ?? 0
        parts = site.scratch(byteCount: span * stack.layers[0].outputs * 4)
        differences = site.scratch(byteCount: block * neighbours * channels * 4)
        even = site.scratch(byteCount: block * neighbours * widest * 4)
        odd = site.scratch(byteCount: stack.layers.count > 1 ? block * neighbours * widest * 4 : 4)
        numbers = site.resident(try Tensor([2], [0, Float(neighbours)]))
    }

    func run(_ addresses: Addresses) throws(ModelError) {
        let (first, own) = (stack.layers[0], addresses.write(parts, Float.self))
        var start = 0
        while start < points {
            let count = min(span, points - start)
            kernels.gemm(
                count, channels, first.outputs, addresses.read(centre, Float.self) + start * channels, channels, stack.own,
                first.bias.map { addresses.read($0) }, own, first.outputs)
            var done = 0
            while done < count {
                let few = min(block, count - done)
                if isWide {
                    try gather(addresses, addresses.read(indices, Int64.self), start + done, few)
                } else {
                    try gather(addresses, addresses.read(indices, Int32.self), start + done, few)
                }
                convolve(addresses, own + done * first.outputs, few, start + done)
                done += few
            }
            start += count
        }
    }

    /// The differences of the neighbours of some points from them.
    private func gather<Index: FixedWidthInteger>(
        _ addresses: Addresses, _ indices: UnsafePointer<Index>, _ start: Int, _ count: Int
    ) throws(ModelError) {
        let (source, own) = (addresses.read(table, Float.self), addresses.read(centre, Float.self))
        let result = addresses.write(differences, Float.self)
        for edge in 0..<count * neighbours {
            let given = Int(indices[start * neighbours + edge])
            let index = given < 0 ? given &+ rows : given
            guard index >= 0, index < rows else {
                throw ModelError(.invalidInput, "index \(given) is outside an axis of size \(rows)")
            }
            kernels.binary(
                .subtract, channels, source + index * channels, own + (start + edge / neighbours) * channels,
                result + edge * channels)
        }
    }

    /// The layers on the edges of some points, and their reduction.
    private func convolve(_ addresses: Addresses, _ own: UnsafePointer<Float>, _ count: Int, _ start: Int) {
        var (x, y) = (addresses.write(even, Float.self), addresses.write(odd, Float.self))
        let edges = count * neighbours
        for index in stack.layers.indices {
            let layer = stack.layers[index]
            let (k, n, activation) = (layer.inputs, layer.outputs, layer.activation)
            if index == 0 {
                let source = addresses.read(differences, Float.self)
                for point in 0..<count {
                    // The chains go on from the point's own part.
                    let (from, to) = (source + point * neighbours * k, x + point * neighbours * n)
                    kernels.gemm(
                        neighbours, k, n, from, k, layer.packed, own + point * n, to, n, activation.operation,
                        alpha: activation.a)
                }
            } else {
                kernels.gemm(
                    edges, k, n, x, k, layer.packed, layer.bias.map { addresses.read($0) }, y, n, activation.operation,
                    alpha: activation.a)
                swap(&x, &y)
            }
            for place in layer.rest.indices {
                let kernel = layer.rest[place]
                kernels.unary(kernel.operation, edges * n, x, x, a: kernel.a, b: kernel.b)
            }
        }
        let width = stack.layers[stack.layers.count - 1].outputs
        let result = addresses.write(target, Float.self) + start * width
        for point in 0..<count {
            reduce(x + point * neighbours * width, width, result + point * width, addresses.read(numbers))
        }
    }

    /// Joins the rows of a point's neighbours as the reduction of the whole tensor would: along a contiguous axis in sixteen lanes
    /// and the tree, along another one in order.
    private func reduce(
        _ rows: UnsafeMutablePointer<Float>, _ n: Int, _ result: UnsafeMutablePointer<Float>, _ numbers: UnsafePointer<Float>
    ) {
        let operation: BinaryOperation = reduction == .maximum ? .maximum : .add
        func join(_ first: Int, _ count: Int, onto target: Int) {
            let place = rows + target * n
            kernels.binary(operation, count * n, place, rows + first * n, place)
        }
        if isChannelFirst {
            var first = 16
            while first < neighbours {
                join(first, min(16, neighbours - first), onto: 0)
                first += 16
            }
            var (live, half) = (min(16, neighbours), 8)
            while half > 0 {
                if live > half {
                    join(half, live - half, onto: 0)
                    live = half
                }
                half /= 2
            }
        } else {
            for row in 1..<max(1, neighbours) { join(row, 1, onto: 0) }
        }
        // Sums start from zero, which tells in the sign of a sum of negative zeros.
        if reduction == .maximum { return result.update(from: rows, count: n) }
        kernels.binary(.add, n, rows, numbers, result, yStep: 0)
        if reduction == .mean { kernels.binary(.divide, n, result, numbers + 1, result, yStep: 0) }
    }
}

import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// An edge convolution: rows of a table that indices name, the difference of each from its centre beside the centre, layers
    /// on that, and a reduction over the neighbours. A few points at a time, so that no tensor of edges leaves the cache.
    ///
    /// The first layer's sum b + U c + V (t - c) has the part b + U c in common for all neighbours of a centre c, from which the
    /// chains over the differences go on. When it is divided, it is (b + (U - V) c) + V t: U - V is rounded once, for the program; the
    /// first part is one chain for each centre c, the second one for each row t of the table, and the edge adds them.
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
        let isDivided: Bool
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
                isChannelFirst: isChannelFirst, isDivided: isDivided, reduction: reduction, &site)
            let convolve: Step = { addresses throws(ModelError) in try work.run(addresses) }
            steps.append(convolve)
            if result.slot != y.slot {
                let turned = operand([batch, width, n], y.slot)
                steps.append(StridedCopy(result, [n * width, 1, width], to: turned).step(&site))
            }
            return inOrder(steps)
        }

        /// The layers with packed weights, the first one's cut into what the centre and what its neighbours are multiplied by.
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
                let (stride, isTurned) = (layer.transposesWeight ? inputs : outputs, layer.transposesWeight)
                let (start, isFirst) = (index == 0 ? channels * (isTurned ? 1 : outputs) : 0, index == 0)
                let count = isFirst ? channels : inputs
                func pack(
                    _ kind: String, _ lay: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
                ) throws(ModelError) -> UnsafePointer<Float>? {
                    let size = max(1, KernelTable.gemmPackedCount(count, outputs)) * 4
                    return try site.packed(w, kind + (isTurned ? " turned" : ""), byteCount: size) { source, target in
                        lay(source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
                    }?.assumingMemoryBound(to: Float.self)
                }
                if isFirst, !isDivided {
                    own = try pack("edge centre") { source, target in
                        kernels.gemmPack(count, outputs, source, stride, transposed: isTurned, target)
                    }
                } else if isFirst {
                    own = try pack("edge centre divided") { source, target in
                        let rest = UnsafeMutablePointer<Float>.allocate(capacity: count * outputs)
                        defer { rest.deallocate() }
                        let (lines, length) = isTurned ? (outputs, count) : (count, outputs)
                        for line in 0..<lines {
                            let (from, to) = (source + line * stride, rest + line * length)
                            for place in 0..<length { to[place] = from[place] - from[start + place] }
                        }
                        kernels.gemmPack(count, outputs, rest, length, transposed: isTurned, target)
                    }
                }
                let packed = try pack(isFirst ? "edge neighbour" : "edge") { source, target in
                    kernels.gemmPack(count, outputs, source + start, stride, transposed: isTurned, target)
                }
                guard let packed else { return nil }
                // The first layer's results are not those of one product.
                let isEnding = !isFirst && layer.activations.first.map { $0.b == 0 } ?? false
                made.append(
                    .init(
                        inputs: count, outputs: outputs, packed: packed, bias: bias?.slot,
                        activation: isEnding ? layer.activations[0] : UnaryKernel(.identity),
                        rest: Array(layer.activations.dropFirst(isEnding ? 1 : 0))))
                inputs = outputs
            }
            guard let own, !made.isEmpty else { return nil }
            return EdgeWork.Stack(own: own, layers: made)
        }
    }
}

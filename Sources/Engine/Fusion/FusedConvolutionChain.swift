import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// Convolutions of single places, one after another, each with a function of its results or none.
    ///
    /// Inputs: x, then the weights and biases. Some places go through all layers before the next ones do.
    struct ConvolutionChain: FusedOperator {
        static let name = "Fused.ConvolutionChain"

        /// Where a layer's weight and bias are among the inputs, and what becomes of its results.
        struct Layer {
            let weight: Int
            let bias: Int?
            let kernel: UnaryKernel
        }

        let parts: [FusedPart]
        let layers: [Layer]

        /// Elements of the widest layer that are worked on while they are in cache.
        private static let block = 8192

        /// A layer as the kernel reads it.
        private struct Filters {
            let channels: Int
            let count: Int
            let packed: UnsafePointer<Float>
            let bias: Int?
            let kernel: UnaryKernel

            func convolution(_ places: Int) -> SeptumKernels.Convolution {
                var window = SeptumKernels.Window()
                window.channels = channels
                (window.width, window.outputWidth) = (places, places)
                return SeptumKernels.Convolution(window, groups: 1, filters: count)
            }
        }

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let (x, y) = site.float32(), x.count > 0, y.count > 0, x.shape.count > 2,
                let filters = try filters(&site), let first = filters.first, let last = filters.last,
                x.shape[1] == first.channels, y.shape[1] == last.count
            else { return nil }
            let (batch, places) = (x.shape[0], x.shape[2...].reduce(1, *))
            guard y.count == batch * last.count * places else { return nil }
            let widest = filters.reduce(first.channels) { max($0, $1.count) }
            // Whole tiles of 48; their number follows from the widths alone.
            let size = min(places, max(48, ConvolutionChain.block / widest / 48 * 48))
            let blocks = (places + size - 1) / size
            let rest = places - (blocks - 1) * size
            // Channels lie apart by whole images in what is given, by places of a block in between.
            func distances(_ step: Int) throws(ModelError) -> Int {
                site.resident(try Tensor([widest], (0..<widest).map { Int32(truncatingIfNeeded: $0 * step) }))
            }
            guard widest * places < Int(Int32.max) else { return nil }
            let (given, whole, part) = (try distances(places), try distances(size), try distances(rest))
            let convolutions = filters.map { (whole: $0.convolution(size), part: $0.convolution(rest)) }
            let room = widest * size * 4
            let (near, far) = (
                site.scratch(byteCount: room, forEachThread: true), site.scratch(byteCount: room, forEachThread: true)
            )
            func convolve(_ addresses: Addresses, _ range: Range<Int>) {
                for item in range {
                    let (image, block) = (item / blocks, item % blocks)
                    let isWhole = block < blocks - 1
                    let (start, count) = (block * size, isWhole ? size : rest)
                    let target = addresses.write(y.slot, Float.self) + (image * last.count * places + start)
                    var from = addresses.read(x.slot, Float.self) + (image * first.channels * places + start)
                    for index in filters.indices {
                        let layer = filters[index]
                        let isDirect = index == filters.count - 1 && blocks == 1
                        let to = isDirect ? target : addresses.write(index % 2 == 0 ? near : far, Float.self)
                        kernels.convolve(
                            isWhole ? convolutions[index].whole : convolutions[index].part,
                            addresses.read(index == 0 ? given : isWhole ? whole : part), from, layer.packed,
                            layer.bias.map { addresses.read($0) }, to,
                            Ending(layer.kernel.operation, a: layer.kernel.a, b: layer.kernel.b))
                        from = UnsafePointer(to)
                    }
                    if blocks == 1 { continue }
                    for filter in 0..<last.count {
                        (target + filter * places).update(from: from + filter * count, count: count)
                    }
                }
            }
            let cost = filters.reduce(0) { $0 + Double($1.channels + 16) * Double($1.count) } * Double(size)
            if let division = site.division(batch * blocks, cost: cost) { return division.step(convolve) }
            return { addresses throws(ModelError) in convolve(addresses, 0..<batch * blocks) }
        }

        /// Nil when a weight is no constant.
        private func filters(_ site: inout LoweringSite) throws(ModelError) -> [Filters]? {
            var filters: [Filters] = []
            for layer in layers {
                guard let w = site.input(layer.weight), w.elementType == .float32, w.shape.count > 2 else { return nil }
                let (count, channels) = (w.shape[0], w.shape[1])
                guard w.count == count * channels, filters.last.map({ $0.count == channels }) ?? true else { return nil }
                var window = SeptumKernels.Window()
                window.channels = channels
                let convolution = SeptumKernels.Convolution(window, groups: 1, filters: count)
                let packed = try site.packed(
                    w, "direct 1x\(count)x\(channels)", byteCount: max(1, convolution.packedCount) * 4
                ) { source, target in
                    kernels.convolutionPack(
                        convolution, source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
                }
                guard let packed else { return nil }
                filters.append(
                    Filters(
                        channels: channels, count: count, packed: packed.assumingMemoryBound(to: Float.self),
                        bias: layer.bias.flatMap { site.input($0)?.slot }, kernel: layer.kernel))
            }
            return filters
        }
    }
}

/// Joins convolutions of single places, each the only one to use the result of the one before it.
///
///     a = Fused.Convolution<parts=Conv,Gelu>(x, v, b) : float32[n, 64, p, p]  =>  y = Fused.ConvolutionChain<parts=Conv,Gelu,
///     y = Conv(a, w, c) : float32[n, 8, p, p]                                         Conv>(x, v, b, w, c) : float32[n, 8, p, p]
///
/// All gives the same bits.
struct ConvolutionChainFusion: Pass {
    static let name = "convolution-chain-fusion"

    /// Elements of a weight that is worth it: larger ones would not stay in cache beside each other.
    private static let weightLimit = 16384

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Conv.self, Fused.Convolution.self) else { return graph }
        let near = Neighbourhood(graph)
        var isTaken = [Bool](repeating: false, count: graph.nodes.count)
        var replacements = Replacements()
        for first in graph.nodes.indices where !isTaken[first] && Link(first, near) != nil {
            var (members, assembly) = ([Int](), FusedAssembly())
            var layers: [Fused.ConvolutionChain.Layer] = []
            var next: Int? = first
            while let index = next, let link = Link(index, near), let value = near.result(index) {
                let inputs = graph.nodes[index].inputs.map { id -> FusedPart.Source? in id.map { assembly.source($0) } }
                guard case .input(let weight) = inputs[1] else { break }
                var bias: Int?
                if inputs.count > 2, case .input(let place) = inputs[2] { bias = place }
                assembly.add(graph.nodes[index])
                layers.append(.init(weight: weight, bias: bias, kernel: link.kernel))
                members.append(index)
                isTaken[index] = true
                next = near.onlyUser(value).flatMap { near.input($0, 0) == value ? $0 : nil }
            }
            guard members.count > 1, let last = members.last else { continue }
            replacements[last] = Replacement(
                op: Fused.ConvolutionChain(parts: assembly.parts, layers: layers),
                inputs: assembly.inputs.map { .value($0) }, absorbed: members.dropLast())
        }
        return try graph.replacing(replacements)
    }

    /// A convolution that can be part of a chain.
    private struct Link {
        let kernel: UnaryKernel

        init?(_ index: Int, _ near: Neighbourhood) {
            let node = near.graph.nodes[index]
            let convolution: Op.Conv
            if let fused = node.op.cast(Fused.Convolution.self) {
                guard fused.code.lines.count == 1, case .unary(let kernel) = fused.code.lines[0].kind, node.inputs.count <= 3,
                    let op = fused.parts[0].op.cast(Op.Conv.self)
                else { return nil }
                (convolution, self.kernel) = (op, kernel)
            } else {
                guard let op = node.op.cast(Op.Conv.self) else { return nil }
                (convolution, kernel) = (op, UnaryKernel(.identity))
            }
            let window = convolution.window
            guard convolution.group == 1, window.strides.allSatisfy({ $0 == 1 }), window.pads.allSatisfy({ $0 == 0 }),
                let weight = near.constant(near.input(index, 1)), weight.elementType == .float32, weight.shape.count > 2,
                weight.count == weight.shape[0] * weight.shape[1], weight.count > 0,
                weight.count <= ConvolutionChainFusion.weightLimit,
                near.input(index, 2) == nil || near.constant(near.input(index, 2)) != nil,
                near.shape(near.input(index, 0))?.count == weight.shape.count, near.result(index) != nil
            else { return nil }
        }
    }
}

import SeptumKernels
import SeptumTensor

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
    private let isDivided: Bool
    private let reduction: ReduceOperation
    /// Points whose edges are worked on together, and those whose own part of the first layer is.
    private let (block, span): (Int, Int)
    /// Whether the first layer works on each row of the table, not on each edge: then there are at most as many rows.
    private let sharesRows: Bool
    /// Slots of the first layer's parts for centres and for rows, of what edges gather and of its places, of the results of layers
    /// in turn, and of the numbers zero and of neighbours.
    private let (parts, products, gathered, places, even, odd, numbers): (Int, Int, Int, Int, Int, Int, Int)

    init(
        stack: Stack, table: Int, rows: Int, indices: Int, isWide: Bool, centre: Int, target: Int, points: Int, channels: Int,
        neighbours: Int, isChannelFirst: Bool, isDivided: Bool, reduction: ReduceOperation, _ site: inout LoweringSite
    ) throws(ModelError) {
        (self.stack, self.table, self.rows, self.indices) = (stack, table, rows, indices)
        (self.isWide, self.centre, self.target, self.points) = (isWide, centre, target, points)
        (self.channels, self.neighbours, self.isChannelFirst) = (channels, neighbours, isChannelFirst)
        (self.isDivided, self.reduction) = (isDivided, reduction)
        block = min(points, max(1, EdgeWork.rowLimit / neighbours))
        span = min(points, (EdgeWork.rowLimit + block - 1) / block * block)
        sharesRows = isDivided && rows <= points * neighbours
        let (edges, first) = (block * neighbours, stack.layers[0].outputs)
        let widest = stack.layers.map(\.outputs).max() ?? 0
        parts = site.scratch(byteCount: span * first * 4)
        products = site.scratch(byteCount: (sharesRows ? rows : isDivided ? edges : 1) * first * 4)
        gathered = site.scratch(byteCount: sharesRows ? 4 : edges * channels * 4)
        places = site.scratch(byteCount: edges * 8)
        even = site.scratch(byteCount: edges * widest * 4)
        odd = site.scratch(byteCount: stack.layers.count > 1 ? edges * widest * 4 : 4)
        numbers = site.resident(try Tensor([2], [0, Float(neighbours)]))
    }

    func run(_ addresses: Addresses) throws(ModelError) {
        let (first, own) = (stack.layers[0], addresses.write(parts, Float.self))
        var (start, known) = (0, 0)
        while start < points {
            let count = min(span, points - start)
            kernels.gemm(
                count, channels, first.outputs, addresses.read(centre, Float.self) + start * channels, channels, stack.own,
                first.bias.map { addresses.read($0) }, own, first.outputs)
            var done = 0
            while done < count {
                let few = min(block, count - done)
                let last =
                    isWide
                    ? try locate(addresses, addresses.read(indices, Int64.self), start + done, few)
                    : try locate(addresses, addresses.read(indices, Int32.self), start + done, few)
                if sharesRows {
                    while known <= last { known = multiply(addresses, known) }
                } else if isDivided {
                    multiplyEdges(addresses, few)
                } else {
                    subtract(addresses, start + done, few)
                }
                convolve(addresses, own + done * first.outputs, few, start + done)
                done += few
            }
            start += count
        }
    }

    /// Writes down which rows the neighbours of some points are; the last of them.
    private func locate<Index: FixedWidthInteger>(
        _ addresses: Addresses, _ indices: UnsafePointer<Index>, _ start: Int, _ count: Int
    ) throws(ModelError) -> Int {
        let places = addresses.write(places, Int.self)
        var last = 0
        for edge in 0..<count * neighbours {
            let given = Int(indices[start * neighbours + edge])
            let index = given < 0 ? given &+ rows : given
            guard index >= 0, index < rows else {
                throw ModelError(.invalidInput, "index \(given) is outside an axis of size \(rows)")
            }
            places[edge] = index
            last = max(last, index)
        }
        return last
    }

    /// The first layer on rows of the table from one on; the row after them.
    private func multiply(_ addresses: Addresses, _ row: Int) -> Int {
        let (layer, count) = (stack.layers[0], min(EdgeWork.rowLimit, rows - row))
        kernels.gemm(
            count, channels, layer.outputs, addresses.read(table, Float.self) + row * channels, channels, layer.packed, nil,
            addresses.write(products, Float.self) + row * layer.outputs, layer.outputs)
        return row + count
    }

    /// The first layer on the rows of the edges of some points, which are the rows' places then.
    private func multiplyEdges(_ addresses: Addresses, _ count: Int) {
        let (layer, places) = (stack.layers[0], addresses.write(places, Int.self))
        let (source, target) = (addresses.read(table, Float.self), addresses.write(gathered, Float.self))
        for edge in 0..<count * neighbours {
            (target + edge * channels).update(from: source + places[edge] * channels, count: channels)
            places[edge] = edge
        }
        kernels.gemm(
            count * neighbours, channels, layer.outputs, target, channels, layer.packed, nil,
            addresses.write(products, Float.self), layer.outputs)
    }

    /// The differences of the neighbours of some points from them.
    private func subtract(_ addresses: Addresses, _ start: Int, _ count: Int) {
        let places = addresses.read(places, Int.self)
        let (source, own) = (addresses.read(table, Float.self), addresses.read(centre, Float.self))
        let result = addresses.write(gathered, Float.self)
        for edge in 0..<count * neighbours {
            kernels.binary(
                .subtract, channels, source + places[edge] * channels, own + (start + edge / neighbours) * channels,
                result + edge * channels)
        }
    }

    /// The layers on the edges of some points, and their reduction.
    private func convolve(_ addresses: Addresses, _ own: UnsafePointer<Float>, _ count: Int, _ start: Int) {
        var (x, y) = (addresses.write(even, Float.self), addresses.write(odd, Float.self))
        let edges = count * neighbours
        let (products, places) = (addresses.read(products, Float.self), addresses.read(places, Int.self))
        let gathered = addresses.read(gathered, Float.self)
        for index in stack.layers.indices {
            let layer = stack.layers[index]
            let (k, n, activation) = (layer.inputs, layer.outputs, layer.activation)
            if index == 0 {
                for point in 0..<count {
                    let (part, first, rows) = (own + point * n, point * neighbours, x + point * neighbours * n)
                    if isDivided {
                        for edge in 0..<neighbours {
                            kernels.binary(.add, n, products + places[first + edge] * n, part, rows + edge * n)
                        }
                    } else {
                        kernels.gemm(neighbours, k, n, gathered + first * k, k, layer.packed, part, rows, n)
                    }
                    finish(layer, neighbours * n, rows)
                }
            } else {
                kernels.gemm(
                    edges, k, n, x, k, layer.packed, layer.bias.map { addresses.read($0) }, y, n, activation.operation,
                    alpha: activation.a)
                swap(&x, &y)
                finish(layer, edges * n, x)
            }
        }
        let width = stack.layers[stack.layers.count - 1].outputs
        let result = addresses.write(target, Float.self) + start * width
        for point in 0..<count {
            reduce(x + point * neighbours * width, width, result + point * width, addresses.read(numbers))
        }
    }

    /// What comes after a layer's product.
    private func finish(_ layer: Layer, _ count: Int, _ x: UnsafeMutablePointer<Float>) {
        for place in layer.rest.indices {
            let kernel = layer.rest[place]
            kernels.unary(kernel.operation, count, x, x, a: kernel.a, b: kernel.b)
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

import SeptumIR
import SeptumOperators
package import SeptumTensor

/// Positions of an output at which the same elements of the window meet the image.
struct TapGroup {
    /// The elements of the window, in row-major order.
    var kernels: [Int]
    var positions: [Int32] = []
    /// For each position and element of the window the element of the image, -1 beside it.
    var sources: [Int32] = []

    /// Tables beyond this number of entries are not made.
    private static let limit = 1 << 26

    /// A window that slides over the image: one group; nil when its table would be too large.
    static func sliding(_ window: Sliding) -> TapGroup? {
        groups(window) { axis, position in
            (0..<axis.kernel).map { step in
                let place = position * axis.stride - axis.padBefore + step * axis.dilation
                return (step, place >= 0 && place < axis.input ? place : -1)
            }
        }?.first
    }

    /// A window that each element of the image spreads over the output: a group for each phase of the stride.
    static func spreading(_ window: Sliding) -> [TapGroup]? {
        groups(window) { axis, position in
            (0..<axis.kernel).compactMap { step in
                let reached = position + axis.padBefore - step * axis.dilation
                guard reached % axis.stride == 0 else { return nil }
                let place = reached / axis.stride
                return (step, place >= 0 && place < axis.input ? place : -1)
            }
        }
    }

    /// The groups, from what the window meets along one axis at a position of the output.
    private static func groups(
        _ window: Sliding, _ line: (Sliding.Axis, Int) -> [(step: Int, place: Int)]
    ) -> [TapGroup]? {
        let outputs = window.axes.map(\.output)
        let size = window.axes.reduce(1.0) { $0 * Double($1.output) * Double($1.kernel) }
        guard size <= Double(limit), window.axes.allSatisfy({ $0.input > 0 && $0.input < limit }) else { return nil }
        let lines = window.axes.map { axis in (0..<axis.output).map { line(axis, $0) } }
        var groups: [TapGroup] = []
        var known: [[Int]: Int] = [:]
        let strides = rowMajorStrides(outputs)
        for position in 0..<outputs.reduce(1, *) {
            var taps = [(step: 0, place: 0)]
            for (index, axis) in window.axes.enumerated() {
                let own = lines[index][position / strides[index] % axis.output]
                taps = taps.flatMap { tap in
                    own.map {
                        (tap.step * axis.kernel + $0.step, tap.place < 0 || $0.place < 0 ? -1 : tap.place * axis.input + $0.place)
                    }
                }
            }
            let kernels = taps.map(\.step)
            let group = known[kernels] ?? groups.count
            if group == groups.count {
                known[kernels] = group
                groups.append(TapGroup(kernels: kernels))
            }
            groups[group].positions.append(Int32(position))
            groups[group].sources += taps.map { Int32($0.place) }
        }
        return groups
    }
}

/// A convolution, or a transposed one, as the product of patches of the image and the weights they meet.
struct PatchProduct<T: ProductElement> {
    let groups: [TapGroup]
    let batch: Int
    /// Groups of channels, channels and maps of each.
    let parts: Int
    let channels: Int
    let maps: Int
    let inputCount: Int
    let outputCount: Int
    let patches: Int
    let products: Int

    init(
        _ site: inout LoweringSite, _ groups: [TapGroup], _ window: Sliding, batch: Int, parts: Int, channels: Int, maps: Int
    ) {
        self.groups = groups
        self.batch = batch
        self.parts = parts
        self.channels = channels
        self.maps = maps
        inputCount = window.inputCount
        outputCount = window.outputCount
        let rows = groups.map(\.positions.count).max() ?? 0
        let elements = groups.map(\.sources.count).max() ?? 0
        patches = site.scratch(byteCount: max(1, elements * channels) * MemoryLayout<T>.stride)
        products = site.scratch(byteCount: max(1, rows * maps) * MemoryLayout<T>.stride)
    }

    /// Fills `y`; `weights` gives those of a tap group and a part, packed.
    func run(
        _ addresses: Addresses, _ x: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>,
        weights: (_ group: Int, _ part: Int) -> UnsafePointer<T>
    ) {
        let (patch, product) = (addresses.write(patches, T.self), addresses.write(products, T.self))
        for index in groups.indices {
            let (taps, rows) = (groups[index].kernels.count, groups[index].positions.count)
            groups[index].sources.withUnsafeBufferPointer { sources in
                groups[index].positions.withUnsafeBufferPointer { positions in
                    for image in 0..<batch * parts {
                        for row in 0..<rows {
                            for channel in 0..<channels {
                                let plane = x + (image * channels + channel) * inputCount
                                let target = patch + (row * channels + channel) * taps
                                for tap in 0..<taps {
                                    let source = Int(sources[row * taps + tap])
                                    target[tap] = source < 0 ? 0 : plane[source]
                                }
                            }
                        }
                        let part = image % parts
                        T.multiply(
                            rows, channels * taps, maps, patch, weights(index, part), bias.map { $0 + part * maps }, product)
                        for row in 0..<rows {
                            let target = y + image * maps * outputCount + Int(positions[row])
                            for map in 0..<maps { target[map * outputCount] = product[row * maps + map] }
                        }
                    }
                }
            }
        }
    }
}

extension Op.Conv {
    /// Any number of spatial axes, any element type.
    func lower<T: ProductElement>(_ site: inout LoweringSite, of type: T.Type) throws(ModelError) -> Step? {
        guard let x = site.input(0), let w = site.input(1), let y = site.output(0), x.count > 0, y.count > 0, w.count > 0 else {
            return nil
        }
        let sliding = try Sliding(
            window, input: Array(x.shape.dropFirst(2)), kernel: Array(w.shape.dropFirst(2)), output: Array(y.shape.dropFirst(2)))
        guard let taps = TapGroup.sliding(sliding) else { return nil }
        let (depth, maps) = (w.count / w.shape[0], w.shape[0] / group)
        let product = PatchProduct<T>(
            &site, [taps], sliding, batch: x.shape[0], parts: group, channels: w.shape[1], maps: maps)
        let weights = try site.packedMatrices(w, k: depth, n: maps, transposed: true, count: group, of: type)
        let bias = site.input(2)
        return { addresses throws(ModelError) in
            product.run(addresses, addresses.read(x.slot), bias.map { addresses.read($0.slot) }, addresses.write(y.slot)) {
                weights($1, addresses)
            }
        }
    }
}

extension Op.ConvTranspose: ProductOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if let step = try lowerWithKernels(&site) { return step }
        return switch site.input(0)?.elementType {
        case .float32: try lower(&site, of: Float.self)
        case .float64: try lower(&site, of: Double.self)
        default: nil
        }
    }

    func lower<T: ProductElement>(_ site: inout LoweringSite, of type: T.Type) throws(ModelError) -> Step? {
        guard let x = site.input(0), let w = site.input(1), let y = site.output(0), x.count > 0, y.count > 0, w.count > 0 else {
            return nil
        }
        let kernel = Array(w.shape.dropFirst(2))
        let sliding = try transposed(Array(x.shape.dropFirst(2)), kernel, Array(y.shape.dropFirst(2)))
        guard let groups = TapGroup.spreading(sliding) else { return nil }
        let (parts, channels, maps) = (group, x.shape[1] / group, w.shape[1])
        let kernelCount = kernel.reduce(1, *)
        // Each group of taps has weights [parts][channels * taps, maps] of its own.
        var starts: [Int] = []
        var total = 0
        for taps in groups {
            starts.append(total)
            total += parts * T.packedCount(channels * taps.kernels.count, maps)
        }
        let layout = "\(T.elementType) spread \(parts) \(groups.map(\.kernels))"
        let packed = try site.packed(w, layout, byteCount: max(1, total) * MemoryLayout<T>.stride) { source, target in
            let weights = source.assumingMemoryBound(to: T.self)
            for (start, taps) in zip(starts, groups) {
                let depth = channels * taps.kernels.count
                for part in 0..<parts {
                    var rows: [T] = []
                    for channel in 0..<channels {
                        for tap in taps.kernels {
                            for map in 0..<maps {
                                rows.append(weights[((part * channels + channel) * maps + map) * kernelCount + tap])
                            }
                        }
                    }
                    rows.withUnsafeBufferPointer { rows in
                        guard let base = rows.baseAddress else { return }
                        T.pack(
                            depth, maps, base, transposed: false,
                            target.assumingMemoryBound(to: T.self) + start + part * T.packedCount(depth, maps))
                    }
                }
            }
        }
        guard let packed = packed?.assumingMemoryBound(to: T.self) else { return nil }
        let sizes = groups.map { T.packedCount(channels * $0.kernels.count, maps) }
        let product = PatchProduct<T>(&site, groups, sliding, batch: x.shape[0], parts: parts, channels: channels, maps: maps)
        let bias = site.input(2)
        return { addresses throws(ModelError) in
            product.run(addresses, addresses.read(x.slot), bias.map { addresses.read($0.slot) }, addresses.write(y.slot)) {
                packed + starts[$0] + $1 * sizes[$0]
            }
        }
    }
}

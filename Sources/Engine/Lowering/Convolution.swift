import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension SeptumKernels.Window {
    /// The window over one image of the given channels; nil for other than one or two spatial axes.
    fileprivate init?(_ sliding: Sliding, channels: Int) {
        guard let last = sliding.axes.last, sliding.axes.count <= 2 else { return nil }
        self.init()
        self.channels = channels
        (width, kernelWidth, outputWidth) = (last.input, last.kernel, last.output)
        (strideWidth, dilationWidth, padLeft, padRight) = (last.stride, last.dilation, last.padBefore, last.padAfter)
        guard sliding.axes.count == 2 else { return }
        let first = sliding.axes[0]
        (height, kernelHeight, outputHeight) = (first.input, first.kernel, first.output)
        (strideHeight, dilationHeight, padTop, padBottom) = (first.stride, first.dilation, first.padBefore, first.padAfter)
    }

    /// Whether each output is made of one place of the image, in the same order.
    fileprivate var isPointwise: Bool {
        kernelHeight == 1 && kernelWidth == 1 && outputHeight == height && outputWidth == width && padTop == 0 && padLeft == 0
            && strideHeight == 1 && strideWidth == 1
    }
}

extension Op.Conv: ProductOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if let step = try lowerWithKernels(&site, nil) { return step }
        return switch site.input(0)?.elementType {
        case .float32: try lower(&site, of: Float.self)
        case .float64: try lower(&site, of: Double.self)
        default: nil
        }
    }

    /// One or two spatial axes in float32, and what becomes of the results. With a pooling, the output has room for one image,
    /// whose maxima are all that is kept; nil for depthwise filters then, and where patches are gathered.
    func lowerWithKernels(
        _ site: inout LoweringSite, _ ending: FusedEnding?, _ pooling: ImagePooling? = nil
    ) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32(), let w = site.input(1), w.elementType == .float32, x.count > 0, y.count > 0 else {
            return nil
        }
        let spatial = Array(x.shape.dropFirst(2))
        let sliding = try Sliding(
            window, input: spatial, kernel: Array(w.shape.dropFirst(2)), output: Array(y.shape.dropFirst(2)))
        let (channels, filters, groups) = (x.shape[1], w.shape[0], group)
        let bias = site.input(2)
        let (imageSize, outputSize) = (channels * sliding.inputCount, filters * sliding.outputCount)
        let batch = x.shape[0]
        if groups == channels, groups == filters, let image = Window(sliding, channels: channels) {
            if pooling != nil { return nil }
            let window = image.kernelHeight * image.kernelWidth
            if let division = site.division(batch * channels, cost: Double(window * image.outputs)) {
                return division.step { addresses, planes in
                    forEachImage(planes, of: channels) { index, range in
                        var part = image
                        part.channels = range.count
                        let plane = index * channels + range.lowerBound
                        let (start, output) = (plane * image.outputs, addresses.write(y.slot, Float.self))
                        kernels.depthwise(
                            part, addresses.read(x.slot, Float.self) + plane * (imageSize / channels),
                            addresses.read(w.slot, Float.self) + range.lowerBound * window,
                            bias.map { addresses.read($0.slot, Float.self) + range.lowerBound },
                            output + start)
                        ending?.finish(addresses, start, range.count * image.outputs, output + start)
                    }
                }
            }
            return { addresses throws(ModelError) in
                let (input, output) = (addresses.read(x.slot, Float.self), addresses.write(y.slot, Float.self))
                for index in 0..<batch {
                    kernels.depthwise(
                        image, input + index * imageSize, addresses.read(w.slot), bias.map { addresses.read($0.slot) },
                        output + index * outputSize)
                    ending?.finish(addresses, index * outputSize, outputSize, output + index * outputSize)
                }
            }
        }
        guard var image = Window(sliding, channels: channels / groups) else { return nil }
        if image.isPointwise {
            // One line: nothing lies between the outputs then.
            (image.width, image.height) = (image.outputs, 1)
            (image.outputWidth, image.outputHeight) = (image.width, 1)
        }
        let frame = image
        let direct = Convolution(image, groups: groups, filters: filters / groups)
        if let step = try lower(direct, ending, pooling, batch: batch, &site, x, w, y) { return step }
        if pooling != nil { return nil }
        let (depth, outputs, rows) = (frame.depth, frame.outputs, filters / groups)
        let packed = site.scratch(byteCount: max(1, KernelTable.gemmPackedCount(depth, outputs)) * 4, forEachThread: true)
        func convolve(_ addresses: Addresses, _ range: Range<Int>) {
            let (input, output) = (addresses.read(x.slot, Float.self), addresses.write(y.slot, Float.self))
            let weights = addresses.read(w.slot, Float.self)
            for index in range {
                for member in 0..<groups {
                    let start = index * outputSize + member * rows * outputs
                    kernels.im2col(
                        frame, input + index * imageSize + member * frame.channels * frame.height * frame.width,
                        addresses.write(packed))
                    kernels.gemmRowBias(
                        rows, depth, outputs, weights + member * rows * depth, depth, addresses.read(packed),
                        bias.map { addresses.read($0.slot) + member * rows }, output + start, outputs,
                        ending?(addresses, start) ?? Ending())
                }
            }
        }
        if let division = site.division(batch, cost: Double(outputSize) * Double(depth)) { return division.step(convolve) }
        return { addresses throws(ModelError) in convolve(addresses, 0..<batch) }
    }

    /// Without a matrix of patches: in lanes of filters where those are filled and lines are interrupted (often enough, when it
    /// is no more than sixteen filters), else in lanes of places; nil where computing places between the lines in vain costs more
    /// than that matrix (which takes about as long as forty filters), and beyond the reach of the table of distances.
    private func lower(
        _ direct: Convolution, _ ending: FusedEnding?, _ pooling: ImagePooling?, batch: Int, _ site: inout LoweringSite,
        _ x: LoweringSite.Operand, _ w: LoweringSite.Operand, _ y: LoweringSite.Operand
    ) throws(ModelError) -> Step? {
        let window = direct.window
        func vectors(_ count: Int) -> Int { (count + 15) / 16 }
        let elements = Double(direct.pitch) * Double(direct.planeHeight) * Double(direct.phases) * Double(x.shape[1])
        let hasLanes =
            window.outputWidth % 2 == 0 && window.outputWidth < direct.pitch && window.depth >= 9
            && vectors(direct.filters) * 64 <= direct.filters * 5 && (direct.filters > 16 || window.outputWidth <= 32)
        guard hasLanes || vectors(direct.extent) * direct.filters <= vectors(window.outputs) * (direct.filters + 40),
            elements < Double(Int32.max / 4)
        else { return nil }
        let layout = "\(hasLanes ? "lanes" : "direct") \(direct.groups)x\(direct.filters)x\(window.depth)"
        func packWeights(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
            guard hasLanes else { return kernels.convolutionPack(direct, source, target) }
            for group in 0..<direct.groups {
                kernels.gemmPack(
                    window.depth, direct.filters, source + group * direct.filters * window.depth, window.depth, transposed: true,
                    target + group * direct.packedLanes * window.depth)
            }
        }
        let distances = site.resident(try Tensor([window.depth], direct.distances))
        let (imageSize, outputSize) = (x.count / batch, y.count / batch)
        func run(
            _ part: Convolution, _ addresses: Addresses, _ image: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
            _ bias: UnsafePointer<Float>?, _ start: Int
        ) {
            let place = pooling == nil ? start : start % outputSize
            let (output, end) = (addresses.write(y.slot, Float.self) + place, ending?(addresses, start) ?? Ending())
            if hasLanes {
                kernels.convolveLanes(part, addresses.read(distances), image, weights, bias, output, end)
            } else {
                kernels.convolve(part, addresses.read(distances), image, weights, bias, output, end)
            }
            pooling?.run(addresses, output, plane: start / window.outputs, count: part.groups * part.filters)
        }
        let packedCount = hasLanes ? direct.groups * direct.packedLanes * window.depth : direct.packedCount
        let packed = try site.packed(w, layout, byteCount: max(1, packedCount) * 4) { source, target in
            packWeights(source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
        }?.assumingMemoryBound(to: Float.self)
        let repacked = packed == nil ? site.scratch(byteCount: max(1, packedCount) * 4) : 0
        let spread = direct.isSpread ? site.scratch(byteCount: max(1, direct.spreadCount) * 4, forEachThread: batch > 1) : nil
        let bias = site.input(2)
        func convolve(_ addresses: Addresses, _ range: Range<Int>) {
            let input = addresses.read(x.slot, Float.self)
            let start: UnsafePointer<Float>? = bias.map { addresses.read($0.slot) }
            for index in range {
                var image = input + index * imageSize
                if let spread {
                    kernels.spread(direct, image, addresses.write(spread))
                    image = addresses.read(spread)
                }
                run(direct, addresses, image, packed ?? addresses.read(repacked), start, index * outputSize)
            }
        }
        let pack: Step = { addresses throws(ModelError) in
            packWeights(addresses.read(w.slot), addresses.write(repacked))
        }
        let blocks = direct.filterBlocks(inLanes: hasLanes)
        let cost = Double(direct.groups * direct.filters * window.depth) * Double(direct.extent)
        if let division = site.division(batch, cost: cost) {
            return inOrder((packed == nil ? [pack] : []) + [division.step(convolve)])
        }
        if batch == 1, let packed, let division = site.division(blocks, cost: cost / Double(max(1, blocks))) {
            let whole: Step = { addresses throws(ModelError) in
                if let spread { kernels.spread(direct, addresses.read(x.slot), addresses.write(spread)) }
            }
            let parts = division.step { addresses, blocks in
                let part = direct.part(blocks, inLanes: hasLanes)
                run(
                    part.convolution, addresses, addresses.read(spread ?? x.slot) + part.input, packed + part.packed,
                    bias.map { addresses.read($0.slot) + part.filter }, part.filter * window.outputs)
            }
            return spread == nil ? parts : inOrder([whole, parts])
        }
        return { addresses throws(ModelError) in
            if packed == nil { try pack(addresses) }
            convolve(addresses, 0..<batch)
        }
    }
}

/// The maxima of windows over the planes of one image after the other.
struct ImagePooling {
    private let window: SeptumKernels.Window
    private let y: Int

    /// Over images of a shape; nil for other than one or two spatial axes.
    init?(_ pool: Op.MaxPool, _ shape: [Int], _ y: LoweringSite.Operand) throws(ModelError) {
        guard shape.count > 2, y.shape.count == shape.count else { return nil }
        let sliding = try Sliding(
            pool.window, input: Array(shape.dropFirst(2)), kernel: pool.window.kernel, output: Array(y.shape.dropFirst(2)))
        guard let window = Window(sliding, channels: 1) else { return nil }
        (self.window, self.y) = (window, y.slot)
    }

    /// Some planes, the first of which is the given one of the batch.
    func run(_ addresses: Addresses, _ x: UnsafePointer<Float>, plane: Int, count: Int) {
        var part = window
        part.channels = count
        kernels.maxPool(part, x, addresses.write(y, Float.self) + plane * window.outputs)
    }
}

/// A pooling over whole images.
private func pool(
    _ site: LoweringSite, _ window: SeptumOperators.Window,
    _ run: @escaping (SeptumKernels.Window, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
) throws(ModelError) -> Step? {
    guard site.outputs.dropFirst().allSatisfy({ $0 == nil }), let (x, y) = site.float32(), x.count > 0, y.count > 0 else {
        return nil
    }
    let sliding = try Sliding(
        window, input: Array(x.shape.dropFirst(2)), kernel: window.kernel, output: Array(y.shape.dropFirst(2)))
    guard let image = Window(sliding, channels: x.shape[1]) else { return nil }
    let (batch, imageSize, outputSize) = (x.shape[0], x.count / x.shape[0], y.count / y.shape[0])
    if let division = site.division(
        batch * image.channels, cost: Double(image.outputs * image.kernelHeight * image.kernelWidth))
    {
        return division.step { addresses, planes in
            var part = image
            part.channels = planes.count
            run(
                part, addresses.read(x.slot, Float.self) + planes.lowerBound * (imageSize / image.channels),
                addresses.write(y.slot, Float.self) + planes.lowerBound * image.outputs)
        }
    }
    return { addresses throws(ModelError) in
        for index in 0..<batch {
            run(
                image, addresses.read(x.slot, Float.self) + index * imageSize,
                addresses.write(y.slot, Float.self) + index * outputSize)
        }
    }
}

extension Op.MaxPool: WidenedOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if let step = try pool(site, window, { kernels.maxPool($0, $1, $2) }) { return step }
        return try anyPool(site)
    }
}

extension Op.AveragePool: WidenedOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        // A last window that hangs over the padding counts elements in a way the kernel does not have.
        guard !(window.roundsUp && countsPadding) else { return try anyPool(site) }
        let countsPadding = countsPadding
        if let step = try pool(site, window, { kernels.averagePool($0, $1, $2, countsPadding: countsPadding) }) { return step }
        return try anyPool(site)
    }
}

/// A reduction over all spatial axes.
private func globalPool(
    _ site: inout LoweringSite, _ kernel: ReduceOperation, _ definition: any ReductionOperator
) -> Step? {
    guard let (x, y) = site.float32(), x.shape.count > 2 else { return AnySlice.lowerSpatial(definition, &site) }
    let (outer, n) = (x.shape[0] * x.shape[1], x.shape[2...].reduce(1, *))
    guard n > 0 else { return nil }
    return { addresses throws(ModelError) in
        kernels.reduce(kernel, outer, n, 1, addresses.read(x.slot), addresses.write(y.slot))
    }
}

extension Op.GlobalAveragePool: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        globalPool(&site, .mean, Op.ReduceMean())
    }
}

extension Op.GlobalMaxPool: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        globalPool(&site, .maximum, Op.ReduceMax())
    }
}

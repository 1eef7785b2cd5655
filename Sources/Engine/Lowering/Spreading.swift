import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// A transposed convolution in float32 as one convolution of the padded image for each phase of the stride.
struct PhasedConvolution {
    /// The outputs of one phase: every `stride`-th from `first` on, and the taps that meet them.
    private struct Line {
        let first: Int
        let count: Int
        /// For each tap its step in the window and its distance along the axis.
        let taps: [(step: Int, distance: Int)]

        static func all(_ axis: Sliding.Axis) -> [Line] {
            (0..<min(axis.stride, axis.output)).map { phase in
                Line(
                    first: phase, count: (axis.output - phase - 1) / axis.stride + 1,
                    taps: (0..<axis.kernel).compactMap { step in
                        let reached = phase + axis.padBefore - step * axis.dilation
                        return reached % axis.stride == 0 ? (step, reached / axis.stride) : nil
                    })
            }
        }
    }

    struct Phase {
        let convolution: Convolution
        let distances: [Int32]
        /// The elements of the window that it uses, in row-major order.
        let kernels: [Int]
        let firstRow: Int
        let firstColumn: Int
    }

    let phases: [Phase]
    let strideHeight: Int
    let strideWidth: Int
    /// Elements of the packed weights up to each phase, and of all.
    let starts: [Int]
    let packedCount: Int

    /// Nil for other than one or two spatial axes, and for phases that no tap meets.
    init?(_ sliding: Sliding, groups: Int, channels: Int, filters: Int) {
        guard let across = sliding.axes.last, sliding.axes.count <= 2 else { return nil }
        let down = sliding.axes.count == 2 ? sliding.axes[0] : nil
        let (rows, columns) = (down.map { Line.all($0) } ?? [Line(first: 0, count: 1, taps: [(0, 0)])], Line.all(across))
        guard (rows + columns).allSatisfy({ !$0.taps.isEmpty }) else { return nil }
        func reach(_ lines: [Line]) -> (before: Int, after: Int) {
            let distances = lines.flatMap { line in line.taps.map { (low: $0.distance, high: $0.distance + line.count) } }
            return (max(0, -(distances.map(\.low).min() ?? 0)), distances.map(\.high).max() ?? 0)
        }
        let (vertical, horizontal) = (reach(rows), reach(columns))
        let height = vertical.before + max(down?.input ?? 1, vertical.after)
        let width = horizontal.before + max(across.input, horizontal.after)
        guard Double(height) * Double(width) * Double(groups * channels) < Double(Int32.max / 4) else { return nil }
        var phases: [Phase] = []
        var starts = [0]
        for row in rows {
            for column in columns {
                var window = SeptumKernels.Window()
                window.channels = channels
                (window.height, window.width) = (down?.input ?? 1, across.input)
                (window.padTop, window.padLeft) = (vertical.before, horizontal.before)
                (window.kernelHeight, window.kernelWidth) = (row.taps.count, column.taps.count)
                (window.outputHeight, window.outputWidth) = (row.count, column.count)
                let convolution = Convolution(window, groups: groups, filters: filters, pitch: width, planeHeight: height)
                var distances: [Int32] = []
                for channel in 0..<channels {
                    for y in row.taps {
                        for x in column.taps {
                            distances.append(
                                Int32(
                                    (channel * height + y.distance + vertical.before) * width + x.distance + horizontal.before))
                        }
                    }
                }
                let kernels = row.taps.flatMap { y in column.taps.map { y.step * across.kernel + $0.step } }
                phases.append(
                    Phase(
                        convolution: convolution, distances: distances, kernels: kernels, firstRow: row.first,
                        firstColumn: column.first))
                starts.append(starts[starts.count - 1] + convolution.packedCount)
            }
        }
        self.phases = phases
        self.starts = starts
        (strideHeight, strideWidth) = (down?.stride ?? 1, across.stride)
        packedCount = starts[starts.count - 1]
    }

    /// Packs weights `[groups * channels, filters, window]`.
    func pack(_ weights: UnsafePointer<Float>, window: Int, _ packed: UnsafeMutablePointer<Float>) {
        for (phase, start) in zip(phases, starts) {
            let (groups, filters) = (phase.convolution.groups, phase.convolution.filters)
            let channels = phase.convolution.window.channels
            var rows: [Float] = []
            for group in 0..<groups {
                for filter in 0..<filters {
                    for channel in 0..<channels {
                        let source = weights + ((group * channels + channel) * filters + filter) * window
                        for kernel in phase.kernels { rows.append(source[kernel]) }
                    }
                }
            }
            rows.withUnsafeBufferPointer { rows in
                if let base = rows.baseAddress { kernels.convolutionPack(phase.convolution, base, packed + start) }
            }
        }
    }
}

extension Op.ConvTranspose {
    /// One or two spatial axes in float32 with constant weights.
    func lowerWithKernels(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32(), let w = site.input(1), w.elementType == .float32, w.constant != nil, x.count > 0,
            y.count > 0, w.count > 0
        else { return nil }
        let kernel = Array(w.shape.dropFirst(2))
        let sliding = try transposed(Array(x.shape.dropFirst(2)), kernel, Array(y.shape.dropFirst(2)))
        let maps = w.shape[1]
        guard let phased = PhasedConvolution(sliding, groups: group, channels: x.shape[1] / group, filters: maps),
            let first = phased.phases.first?.convolution
        else { return nil }
        let layout = "phases \(phased.phases.map(\.kernels)) \(group)"
        let packed = try site.packed(w, layout, byteCount: max(1, phased.packedCount) * 4) { source, target in
            phased.pack(
                source.assumingMemoryBound(to: Float.self), window: kernel.reduce(1, *),
                target.assumingMemoryBound(to: Float.self))
        }?.assumingMemoryBound(to: Float.self)
        guard let packed else { return nil }
        let spread = site.scratch(byteCount: max(1, first.spreadCount) * 4, forEachThread: x.shape[0] > 1)
        var phases: [(convolution: Convolution, distances: Int, packed: UnsafePointer<Float>, start: Int)] = []
        let width = sliding.axes.last?.output ?? 1
        for (phase, start) in zip(phased.phases, phased.starts) {
            let distances = site.resident(try Tensor([phase.distances.count], phase.distances))
            phases.append((phase.convolution, distances, packed + start, phase.firstRow * width + phase.firstColumn))
        }
        let isWhole = phases.count == 1
        let part = isWhole ? 0 : site.scratch(byteCount: group * maps * first.window.outputs * 4, forEachThread: true)
        let (batch, planes, bias) = (x.shape[0], group * maps, site.input(2))
        let (imageSize, outputSize, planeSize) = (x.count / batch, y.count / batch, sliding.outputCount)
        let (rowStep, columnStep) = (phased.strideHeight * width, phased.strideWidth)
        func convolve(_ addresses: Addresses, _ index: Int, _ range: Range<Int>) {
            let start: UnsafePointer<Float>? = bias.map { addresses.read($0.slot) }
            let output = addresses.write(y.slot, Float.self) + index * outputSize
            for index in range {
                let phase = phases[index]
                let target = isWhole ? output : addresses.write(part, Float.self)
                kernels.convolve(
                    phase.convolution, addresses.read(phase.distances), addresses.read(spread), phase.packed, start, target)
                if isWhole { continue }
                let (rows, columns) = (phase.convolution.window.outputHeight, phase.convolution.window.outputWidth)
                for plane in 0..<planes {
                    for row in 0..<rows {
                        let source = target + (plane * rows + row) * columns
                        let line = output + (plane * planeSize + phase.start + row * rowStep)
                        for column in 0..<columns { line[column * columnStep] = source[column] }
                    }
                }
            }
        }
        func convolve(_ addresses: Addresses, _ images: Range<Int>) {
            for index in images {
                kernels.spread(first, addresses.read(x.slot, Float.self) + index * imageSize, addresses.write(spread))
                convolve(addresses, index, phases.indices)
            }
        }
        let cost = Double(planeSize * planes) * Double(w.count / maps)
        if let division = site.division(batch, cost: cost) { return division.step { convolve($0, $1) } }
        if batch == 1, let division = site.division(phases.count, cost: cost / Double(phases.count)) {
            let spreading: Step = { addresses throws(ModelError) in
                kernels.spread(first, addresses.read(x.slot), addresses.write(spread))
            }
            return inOrder([spreading, division.step { convolve($0, 0, $1) }])
        }
        return { addresses throws(ModelError) in convolve(addresses, 0..<batch) }
    }
}

import SeptumKernels
import Testing

/// A window by its description, its outputs as many as fit (rounded up when `ceiling`).
private func window(
    _ channels: Int, _ size: (Int, Int), kernel: (Int, Int), stride: (Int, Int) = (1, 1), pad: [Int] = [0, 0, 0, 0],
    dilation: (Int, Int) = (1, 1), ceiling: Bool = false
) -> Window {
    var w = Window()
    w.channels = channels
    (w.height, w.width) = size
    (w.kernelHeight, w.kernelWidth) = kernel
    (w.strideHeight, w.strideWidth) = stride
    (w.padTop, w.padLeft, w.padBottom, w.padRight) = (pad[0], pad[1], pad[2], pad[3])
    (w.dilationHeight, w.dilationWidth) = dilation
    let up = ceiling ? 1 : 0
    let down = size.0 + pad[0] + pad[2] - (kernel.0 - 1) * dilation.0 - 1
    let across = size.1 + pad[1] + pad[3] - (kernel.1 - 1) * dilation.1 - 1
    w.outputHeight = (down + up * (stride.0 - 1)) / stride.0 + 1
    w.outputWidth = (across + up * (stride.1 - 1)) / stride.1 + 1
    return w
}

private let windows: [Window] = [
    window(1, (1, 1), kernel: (1, 1)),
    window(3, (5, 7), kernel: (3, 3), pad: [1, 1, 1, 1]),
    window(2, (28, 28), kernel: (3, 3), pad: [1, 1, 1, 1]),
    window(2, (9, 40), kernel: (2, 5), stride: (1, 2), pad: [0, 2, 1, 2]),
    window(4, (12, 11), kernel: (3, 2), stride: (2, 3), pad: [2, 1, 0, 1], dilation: (2, 3)),
    window(1, (1, 100), kernel: (1, 7), pad: [0, 3, 0, 3]),
    window(2, (6, 6), kernel: (5, 5), pad: [4, 4, 4, 4]),
    window(2, (7, 7), kernel: (3, 3), stride: (2, 2), ceiling: true),
    window(1, (20, 35), kernel: (3, 3), dilation: (3, 2)),
    window(2, (12, 13), kernel: (1, 1)),
    window(3, (31, 34), kernel: (3, 3), stride: (2, 2), pad: [1, 1, 1, 1]),
    window(2, (4, 50), kernel: (2, 2), stride: (2, 2)),
]

/// Calls `tap` for every tap of an output, `inside` telling whether it falls in the image.
private func taps(_ w: Window, _ row: Int, _ column: Int, _ tap: (_ k: Int, _ at: Int, _ inside: Bool) -> Void) {
    for i in 0..<w.kernelHeight {
        for j in 0..<w.kernelWidth {
            let y = row * w.strideHeight - w.padTop + i * w.dilationHeight
            let x = column * w.strideWidth - w.padLeft + j * w.dilationWidth
            tap(i * w.kernelWidth + j, y * w.width + x, y >= 0 && y < w.height && x >= 0 && x < w.width)
        }
    }
}

@Suite struct WindowTests {
    @Test func convolution() {
        #expect(windows.count == 12)
        var noise = Noise(53)
        for w in windows {
            let filters = 5
            let x = noise.floats(w.channels * w.height * w.width), weights = noise.floats(filters * w.depth)
            let bias = noise.floats(filters)
            var expected: [Float] = []
            for f in 0..<filters {
                for row in 0..<w.outputHeight {
                    for column in 0..<w.outputWidth {
                        var a = bias[f]
                        for c in 0..<w.channels {
                            taps(w, row, column) { k, at, inside in
                                let v = inside ? x[c * w.height * w.width + at] : 0
                                let weight = weights[f * w.depth + c * w.kernelHeight * w.kernelWidth + k]
                                a = a.addingProduct(v, weight)
                            }
                        }
                        expected.append(a)
                    }
                }
            }
            for table in allTables {
                let patches = output(KernelTable.gemmPackedCount(w.depth, w.outputs)) { table.im2col(w, x, $0) }
                let y = output(filters * w.outputs) {
                    table.gemmRowBias(filters, w.depth, w.outputs, weights, w.depth, patches, bias, $0, w.outputs)
                }
                #expect(same(y, expected), "\(table.name) \(w)")
            }
        }
    }

    @Test func convolutionWithoutPatches() {
        var noise = Noise(61)
        for w in windows {
            for (groups, filters) in [(1, 1), (1, 8), (1, 21), (2, 3), (3, 14), (2, 48)] {
                let plain = Convolution(w, groups: groups, filters: filters)
                let size = w.height * w.width, kernel = w.kernelHeight * w.kernelWidth, n = groups * filters
                let x = noise.floats(groups * w.channels * size), weights = noise.floats(n * w.depth), bias = noise.floats(n)
                let addend = noise.floats(n * w.outputs)
                var expected: [Float] = []
                for f in 0..<n {
                    for row in 0..<w.outputHeight {
                        for column in 0..<w.outputWidth {
                            var a = bias[f]
                            for c in 0..<w.channels {
                                taps(w, row, column) { k, at, inside in
                                    let v = inside ? x[(f / filters * w.channels + c) * size + at] : 0
                                    a = a.addingProduct(v, weights[f * w.depth + c * kernel + k])
                                }
                            }
                            expected.append(a)
                        }
                    }
                }
                let relu: (Float) -> Float = { $0 < 0 ? 0 : $0 }
                for table in allTables {
                    let packed = output(plain.packedCount) { table.convolutionPack(plain, weights, $0) }
                    let image = plain.isSpread ? output(plain.spreadCount) { table.spread(plain, x, $0) } : x
                    let lanes = output(groups * plain.packedLanes * w.depth) {
                        for group in 0..<groups {
                            table.gemmPack(
                                w.depth, filters, Array(weights[(group * filters * w.depth)...]), w.depth, transposed: true,
                                $0 + group * plain.packedLanes * w.depth)
                        }
                    }
                    // Lanes of filters are for lines of an even number of outputs.
                    for inLanes in w.outputWidth % 2 == 0 ? [false, true] : [false] {
                        func run(_ ending: Ending) -> [Float] {
                            output(expected.count) {
                                if inLanes {
                                    table.convolveLanes(plain, plain.distances, image, lanes, bias, $0, ending)
                                } else {
                                    table.convolve(plain, plain.distances, image, packed, bias, $0, ending)
                                }
                            }
                        }
                        #expect(same(run(Ending()), expected), "\(table.name) \(groups) \(filters) \(inLanes) \(w)")
                        #expect(same(run(Ending(.relu)), expected.map(relu)))
                        addend.withUnsafeBufferPointer { more in
                            let sums = zip(expected, addend).map { $0 + $1 }
                            #expect(same(run(Ending(addend: more.baseAddress)), sums))
                            #expect(same(run(Ending(.relu, addend: more.baseAddress)), sums.map(relu)))
                            let later = zip(expected, addend).map { relu($0) + $1 }
                            #expect(same(run(Ending(.relu, addend: more.baseAddress, addsLast: true)), later))
                            let clipped = zip(expected, addend).map { max(-0.5, min($0, 0.25)) + $1 }
                            #expect(
                                same(run(Ending(.clip, a: -0.5, b: 0.25, addend: more.baseAddress, addsLast: true)), clipped))
                        }
                    }
                }
            }
        }
    }

    /// The first of equals stays, and a NaN anywhere in a window wins.
    @Test func maximaOfEqualsAndOfNaN() {
        let special: [Float] = [0, -0.0, .nan, -.infinity, .infinity, 1, -1, -0.0]
        var noise = Noise(67)
        for w in windows + [
            window(3, (8, 12), kernel: (2, 2), stride: (2, 2)), window(2, (9, 67), kernel: (2, 2), stride: (2, 2)),
        ] {
            let size = w.height * w.width
            let x = (0..<w.channels * size).map { _ in
                noise.below(3) == 0 ? special[noise.below(8)] : Float(noise.below(2)) * -0.0
            }
            var expected: [Float] = []
            for c in 0..<w.channels {
                for row in 0..<w.outputHeight {
                    for column in 0..<w.outputWidth {
                        var top = -Float.infinity
                        taps(w, row, column) { _, at, inside in
                            if inside && !top.isNaN && !(x[c * size + at] <= top) { top = x[c * size + at] }
                        }
                        expected.append(top)
                    }
                }
            }
            for table in allTables {
                #expect(same(output(expected.count) { table.maxPool(w, x, $0) }, expected), "\(table.name) \(w)")
            }
        }
    }

    @Test func depthwiseAndPooling() {
        var noise = Noise(59)
        for w in windows {
            let size = w.height * w.width, kernel = w.kernelHeight * w.kernelWidth
            let x = noise.floats(w.channels * size), weights = noise.floats(w.channels * kernel), bias = noise.floats(w.channels)
            var filtered: [Float] = [], largest: [Float] = [], mean: [Float] = [], padded: [Float] = []
            for c in 0..<w.channels {
                for row in 0..<w.outputHeight {
                    for column in 0..<w.outputWidth {
                        var (a, top, sum, count, extent) = (bias[c], -Float.infinity, Float.zero, 0, 0)
                        taps(w, row, column) { k, at, inside in
                            let y = row * w.strideHeight + k / w.kernelWidth * w.dilationHeight
                            let x0 = column * w.strideWidth + k % w.kernelWidth * w.dilationWidth
                            let within = y < w.height + w.padTop + w.padBottom && x0 < w.width + w.padLeft + w.padRight
                            extent += within ? 1 : 0
                            guard inside else { return }
                            let v = x[c * size + at]
                            a = a.addingProduct(v, weights[c * kernel + k])
                            top = max(top, v)
                            sum += v
                            count += 1
                        }
                        filtered.append(a)
                        largest.append(top)
                        mean.append(sum / Float(count))
                        padded.append(sum / Float(extent))
                    }
                }
            }
            let n = w.channels * w.outputs
            for table in allTables {
                #expect(same(output(n) { table.depthwise(w, x, weights, bias, $0) }, filtered), "\(table.name) \(w)")
                #expect(same(output(n) { table.maxPool(w, x, $0) }, largest))
                #expect(same(output(n) { table.averagePool(w, x, $0, countsPadding: false) }, mean), "\(table.name) \(w)")
                #expect(same(output(n) { table.averagePool(w, x, $0, countsPadding: true) }, padded), "\(table.name) \(w)")
            }
        }
    }
}

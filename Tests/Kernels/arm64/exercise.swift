import SeptumKernelTable

// Calls every kernel but the forests' with numbers that are the same everywhere, and reports a hash of what each gives.

/// Told by the program around it: the kernel's number, and the hash of its results.
@_extern(c, "report") func report(_ kernel: Int32, _ hash: UInt64)

private struct Noise {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    mutating func next() -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 40)
    }

    /// In -scale..<scale, now and then an edge.
    mutating func float(_ scale: Float, edges: Bool) -> Float {
        let number = next()
        guard edges, number % 29 == 0 else { return (Float(number) / 8_388_608 - 1) * scale }
        switch next() % 8 {
        case 0: return 0
        case 1: return -0.0
        case 2: return .infinity
        case 3: return -.infinity
        case 4: return .nan
        case 5: return Float(bitPattern: 7136)
        case 6: return -3e38
        default: return 0x1p-126
        }
    }
}

/// Memory for the numbers of one kernel.
private struct Room {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(_ count: Int) {
        self.count = count
        base = .allocate(capacity: count + 16)
        base.initialize(repeating: 0, count: count + 16)
    }

    init(_ count: Int, _ noise: inout Noise, _ scale: Float = 2, edges: Bool = false) {
        self.init(count)
        for index in 0..<count { base[index] = noise.float(scale, edges: edges) }
    }

    var read: UnsafePointer<Float> { UnsafePointer(base) }
}

private nonisolated(unsafe) var number: Int32 = 0

private func report(_ room: Room) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<room.count {
        let value = room.base[index]
        let bits = value.isNaN ? 0x7fc0_0000 : value.bitPattern
        hash = (hash ^ UInt64(bits)) &* 0x100_0000_01b3
    }
    report(number, hash)
    number += 1
    room.base.deallocate()
}

private func products(_ table: KernelTable, _ noise: inout Noise) {
    let sizes: [(Int, Int, Int)] = [(1, 7, 3), (5, 64, 70), (13, 600, 33), (96, 9, 16), (25, 31, 130)]
    for (m, k, n) in sizes {
        let x = Room(m * k, &noise), w = Room(k * n, &noise), bias = Room(max(m, n), &noise), addend = Room(m * n, &noise)
        for transposed in [false, true] {
            let packed = Room(KernelTable.gemmPackedCount(k, n))
            table.gemmPack(k, n, w.read, transposed ? k : n, transposed: transposed, packed.base)
            for operation in [UnaryOperation.identity, .relu, .gelu, .tanh] {
                let y = Room(m * n), z = Room(m * n)
                table.gemm(
                    m, k, n, x.read, k, packed.read, bias.read, y.base, n,
                    Ending(operation, addend: addend.read, addsLast: transposed))
                table.gemmRowBias(m, k, n, x.read, k, packed.read, bias.read, z.base, n, Ending(operation))
                report(y)
                report(z)
            }
        }
        chain(table, m, k, n, &noise)
        let y = Room(m * n)
        table.dots(m, k, n, x.read, k, w.read, k, bias.read, y.base, n, .sigmoid)
        report(y)
        doubles(table, m, k, n, &noise)
    }
}

private func chain(_ table: KernelTable, _ m: Int, _ k: Int, _ n: Int, _ noise: inout Noise) {
    let widths = [(k, n), (n, 17), (17, 1)], wide = max(32, KernelTable.gemmPackedCount(1, n))
    let layers = UnsafeMutablePointer<DenseLayer>.allocate(capacity: widths.count)
    var rooms: [Room] = []
    for index in 0..<widths.count {
        let (k, n) = widths[index]
        let w = Room(k * n, &noise, 0.3), bias = Room(wide, &noise), packed = Room(KernelTable.gemmPackedCount(k, n))
        table.gemmPack(k, n, w.read, n, packed.base)
        (layers + index).initialize(
            to: DenseLayer(k, n, packed.read, bias: bias.read, index == 0 ? .relu : .sigmoid, a: 0, b: 0))
        rooms += [w, bias, packed]
    }
    let x = Room(m * k, &noise), y = Room(m), scratch = Room(DenseLayer.scratchCount(m, width: wide))
    table.denseChain(layers, widths.count, m, x.read, y.base, width: wide, scratch: scratch.base)
    report(y)
    for each in rooms + [x, scratch] { each.base.deallocate() }
    layers.deallocate()
}

private func doubles(_ table: KernelTable, _ m: Int, _ k: Int, _ n: Int, _ noise: inout Noise) {
    func room(_ count: Int) -> UnsafeMutablePointer<Double> {
        let base = UnsafeMutablePointer<Double>.allocate(capacity: count + 8)
        for index in 0..<count + 8 { base[index] = Double(noise.float(2, edges: false)) / 3 }
        return base
    }
    let x = room(m * k), w = room(k * n), packed = room(KernelTable.gemmDoublePackedCount(k, n)), bias = room(n)
    let y = Room(2 * m * n)
    y.base.withMemoryRebound(to: Double.self, capacity: m * n) { y in
        table.gemmDoublePack(k, n, w, n, packed)
        table.gemmDouble(m, k, n, x, k, packed, bias, y, n, relu: k % 2 == 0)
    }
    report(y)
    for each in [x, w, packed, bias] { each.deallocate() }
}

private func elements(_ table: KernelTable, _ noise: inout Noise) {
    for raw in UnaryOperation.identity.rawValue...UnaryOperation.hardSwish.rawValue {
        guard let operation = UnaryOperation(rawValue: raw) else { continue }
        for scale: Float in [1, 8, 100] {
            let x = Room(1003, &noise, scale, edges: true), y = Room(1003)
            table.unary(operation, 1003, x.read, y.base, a: operation == .clip ? -1 : 0.3, b: 1.1)
            report(y)
        }
    }
    for raw in BinaryOperation.add.rawValue...BinaryOperation.power.rawValue {
        guard let operation = BinaryOperation(rawValue: raw) else { continue }
        let x = Room(517, &noise, 5, edges: true), y = Room(517, &noise, 5, edges: true), z = Room(517)
        table.binary(operation, 517, x.read, y.read, z.base)
        report(z)
    }
    let x = Room(517, &noise, 300), y = Room(517), half = Room(517), scale = Room(1), zero = Room(1)
    scale.base[0] = 0.37
    for type in [QuantizedType.int8, .uint8, .int16, .uint16] {
        table.quantize(type, 517, x.read, scale: scale.read, zero: zero.read, step: 0, UnsafeMutableRawPointer(half.base))
        table.dequantize(type, 517, UnsafeRawPointer(half.base), scale: scale.read, zero: zero.read, step: 0, y.base)
    }
    report(y)
    for (there, back) in [(Conversion.floatToFloat16, Conversion.float16ToFloat), (.floatToBFloat16, .bfloat16ToFloat)] {
        let y = Room(517)
        table.convert(there, 517, UnsafeRawPointer(x.base), UnsafeMutableRawPointer(half.base))
        table.convert(back, 517, UnsafeRawPointer(half.base), UnsafeMutableRawPointer(y.base))
        report(y)
    }
}

private func axes(_ table: KernelTable, _ noise: inout Noise) {
    for (outer, n, inner) in [(3, 100, 1), (2, 7, 19), (1, 1, 40)] {
        let x = Room(outer * n * inner, &noise, 4)
        for raw in ReduceOperation.sum.rawValue...ReduceOperation.sumOfMagnitudes.rawValue {
            guard let operation = ReduceOperation(rawValue: raw) else { continue }
            let y = Room(outer * inner)
            table.reduce(operation, outer, n, inner, x.read, y.base)
            report(y)
        }
        let y = Room(x.count), z = Room(x.count), u = Room(x.count), v = Room(x.count), scale = Room(n, &noise)
        table.softmax(outer, n, inner, x.read, y.base)
        table.logSoftmax(outer, n, inner, x.read, z.base)
        table.layerNorm(outer * inner, n, x.read, scale.read, scale.read, 1e-5, u.base)
        table.affine(outer, n, inner, x.read, scale.read, scale.read, v.base)
        for each in [y, z, u, v] { report(each) }
    }
    let rows = 5
    for n in [16, 21] {
        let gates = Room(rows * 4 * n, &noise, 6), x = Room(rows * 3 * n, &noise, 6)
        let c = Room(rows * n, &noise), h = Room(rows * n, &noise), gated = Room(rows * n, &noise)
        table.lstmCell(rows, n, gates.read, c: c.base, h: h.base)
        table.gruCell(rows, n, fromInput: x.read, fromState: gates.read, h: gated.base)
        for each in [c, h, gated] { report(each) }
        let (lines, halves) = (Room(4 * n * 32, &noise, 6), Room(3 * n * 32, &noise, 6))
        let (cells, states, update) = (Room(2 * n * 16, &noise), Room(2 * n * 16, &noise), Room(2 * n * 16, &noise))
        let unpacked = Room(27 * n)
        table.lstmCellLanes(2, n, lines.read, c: cells.base, h: states.base)
        table.gruCellLanes(2, n, fromInput: halves.read, fromState: lines.read, h: update.base)
        table.unpackLanes(27, n, states.read, unpacked.base)
        for each in [cells, states, update, unpacked] { report(each) }
    }
}

private func images(_ table: KernelTable, _ noise: inout Noise) {
    for stride in 1...2 {
        var window = Window()
        (window.channels, window.height, window.width) = (3, 14, 19)
        (window.kernelHeight, window.kernelWidth, window.strideHeight, window.strideWidth) = (3, 3, stride, stride)
        (window.padTop, window.padLeft, window.padBottom, window.padRight) = (1, 1, 1, 1)
        (window.outputHeight, window.outputWidth) = ((window.height - 1) / stride + 1, (window.width - 1) / stride + 1)
        let x = Room(3 * 14 * 19, &noise), filters = 11, bias = Room(filters, &noise)
        let weights = Room(filters * window.depth, &noise)
        let convolution = Convolution(window, groups: 1, filters: filters)
        let packed = Room(convolution.packedCount), spread = Room(convolution.spreadCount)
        let y = Room(filters * window.outputs), z = Room(KernelTable.gemmPackedCount(window.depth, window.outputs))
        table.convolutionPack(convolution, weights.read, packed.base)
        table.spread(convolution, x.read, spread.base)
        convolution.distances.withUnsafeBufferPointer { distances in
            if let distances = distances.baseAddress {
                table.convolve(convolution, distances, spread.read, packed.read, bias.read, y.base, Ending(.silu))
            }
        }
        table.im2col(window, x.read, z.base)
        let planes = [Room(3 * window.outputs), Room(3 * window.outputs), Room(3 * window.outputs)]
        table.depthwise(window, x.read, weights.read, bias.read, planes[0].base)
        table.maxPool(window, x.read, planes[1].base)
        table.averagePool(window, x.read, planes[2].base, countsPadding: stride == 1)
        for each in [y, z] + planes { report(each) }
    }
}

@_cdecl("exercise") public func exercise() {
    let table = makeTable()
    var noise = Noise(7)
    products(table, &noise)
    elements(table, &noise)
    axes(table, &noise)
    images(table, &noise)
}

// The kernels as they are called.

extension KernelTable {
    /// Floats a packed [k, n] matrix takes.
    package static func gemmPackedCount(_ k: Int, _ n: Int) -> Int { k &* ((n &+ 15) & ~15) }
    package static func gemmDoublePackedCount(_ k: Int, _ n: Int) -> Int { k &* ((n &+ 7) & ~7) }

    /// Packs w[k, n] (or w[n, k], `transposed`), its rows `ldw` apart.
    package func gemmPack(_ k: Int, _ n: Int, _ w: In, _ ldw: Int, transposed: Bool = false, _ packed: Out) {
        gemmPackEntry(k, n, w, ldw, transposed ? 1 : 0, packed)
    }

    /// y[m, n] = bias[n] + x[m, k] w[k, n], ended. Each product is one chain of fused multiply-adds over k, starting from its
    /// bias or zero, so it depends on its own row and column alone.
    package func gemm(
        _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ packed: In, _ bias: In?, _ y: Out, _ ldy: Int, _ ending: Ending
    ) { withUnsafePointer(to: ending) { gemmEntry(m, k, n, x, ldx, packed, bias, y, ldy, Raw($0)) } }

    /// With an activation, `alpha` being its first parameter.
    package func gemm(
        _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ packed: In, _ bias: In?, _ y: Out, _ ldy: Int,
        _ activation: UnaryOperation = .identity, alpha: Float = 0
    ) { gemm(m, k, n, x, ldx, packed, bias, y, ldy, Ending(activation, a: alpha)) }

    /// As `gemm`, with one bias a row: a convolution, x being its filters [m, depth] and `packed` the patches from `im2col`.
    package func gemmRowBias(
        _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ packed: In, _ bias: In?, _ y: Out, _ ldy: Int,
        _ ending: Ending = Ending()
    ) { withUnsafePointer(to: ending) { gemmRowBiasEntry(m, k, n, x, ldx, packed, bias, y, ldy, Raw($0)) } }

    /// Products one after another: y[m, n of the last] from x[m, k of the first], each element as `gemm` makes it. `width`, a
    /// multiple of sixteen, is no less than any n; the scratch has two blocks of rows so wide.
    package func denseChain(
        _ layers: UnsafePointer<DenseLayer>, _ count: Int, _ m: Int, _ x: In, _ y: Out, width: Int, scratch: Out
    ) { denseChainEntry(Raw(layers), count, m, x, y, width, scratch) }

    /// For a few outputs, w[n, k] as it is: sixteen chains over k and the fixed tree, then the bias. Another order than gemm's:
    /// choose by n alone.
    package func dots(
        _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ bias: In?, _ y: Out, _ ldy: Int,
        _ activation: UnaryOperation = .identity, alpha: Float = 0
    ) { dotsEntry(m, k, n, x, ldx, w, ldw, bias, y, ldy, activation.rawValue, alpha) }

    package func gemmDoublePack(
        _ k: Int, _ n: Int, _ w: DoubleIn, _ ldw: Int, transposed: Bool = false, _ packed: DoubleOut
    ) { gemmDoublePackEntry(k, n, w, ldw, transposed ? 1 : 0, packed) }

    /// float64, with relu or no activation.
    package func gemmDouble(
        _ m: Int, _ k: Int, _ n: Int, _ x: DoubleIn, _ ldx: Int, _ packed: DoubleIn, _ bias: DoubleIn?, _ y: DoubleOut,
        _ ldy: Int, relu: Bool = false
    ) { gemmDoubleEntry(m, k, n, x, ldx, packed, bias, y, ldy, relu ? 1 : 0) }

    /// Bytes that packed weights of a product of bytes take.
    package func integerPackedByteCount(_ k: Int, _ n: Int) -> Int {
        let column =
            switch byteProducts {
            case .pairs: (k &+ 1) / 2 &* 4
            case .fours: (k &+ 3) & ~3
            case .tiles: k < 48 ? (k &+ 3) & ~3 : (k &+ 63) & ~63
            }
        return column &* ((n &+ 15) & ~15)
    }

    /// Bytes of working memory for a product of bytes.
    package func integerScratchByteCount(_ m: Int, _ k: Int) -> Int {
        let rows = min(m, 96)
        switch byteProducts {
        case .pairs: return rows &* ((k &+ 1) / 2 &* 4)
        case .fours: return rows &* ((k &+ 3) & ~3)
        case .tiles: return rows &* ((k &+ 63) & ~63) &+ 4096
        }
    }

    /// Packs signed bytes w[k, n].
    package func integerPack(_ k: Int, _ n: Int, _ w: Raw, _ packed: Scratch) { integerPackEntry(k, n, w, packed) }

    /// y[m, n] = x[m, k] w[k, n], ended: unsigned bytes, or signed ones as 128 more than they are, times signed bytes, summed up
    /// in int32, which wraps.
    package func integerProduct(
        _ m: Int, _ k: Int, _ n: Int, _ x: Raw, isSigned: Bool, _ packed: Raw, _ y: Scratch, _ ending: IntegerEnding,
        scratch: Scratch
    ) {
        withUnsafePointer(to: ending) {
            integerProductEntry(m, k, n, x, isSigned ? 1 : 0, packed, Raw($0), y, scratch)
        }
    }

    package func unary(_ operation: UnaryOperation, _ n: Int, _ x: In, _ y: Out, a: Float = 0, b: Float = 0) {
        unaryEntry(operation.rawValue, n, x, y, a, b)
    }

    /// z = x op y. A step of 1 walks an operand, 0 repeats its first element.
    package func binary(
        _ operation: BinaryOperation, _ n: Int, _ x: In, _ y: In, _ z: Out, xStep: Int = 1, yStep: Int = 1
    ) { binaryEntry(operation.rawValue, n, x, xStep, y, yStep, z) }

    /// z = x where the condition's byte is not zero, else y. A step of 1 walks an operand, 0 repeats its first element.
    package func choose(
        _ n: Int, _ condition: Raw, _ x: In, _ y: In, _ z: Out, step: Int = 1, xStep: Int = 1, yStep: Int = 1
    ) { chooseEntry(n, condition, step, x, xStep, y, yStep, z) }

    /// y[columns, rows] = x[rows, columns]; rows of x are ldx apart, those of y ldy. Nothing but bits is moved.
    package func turn(_ rows: Int, _ columns: Int, _ x: In, _ ldx: Int, _ y: Out, _ ldy: Int) {
        turnEntry(rows, columns, x, ldx, y, ldy)
    }

    /// Bytes of working memory for ranking rows of n.
    package static func rankScratchByteCount(_ n: Int) -> Int { (((n &+ 15) & ~15) &+ 16) &* 4 &+ n &* 8 }

    /// places[rows, k] as int64: where the k largest or smallest of each row of n stand, the first of equals first, both zeros
    /// alike and NaN above all. All pairs are compared.
    package func rank(
        _ rows: Int, _ n: Int, _ k: Int, _ x: In, takesLargest: Bool, _ places: UnsafeMutablePointer<Int64>, scratch: Scratch
    ) { rankEntry(rows, n, k, x, takesLargest ? 0 : -1, scratch, Scratch(places)) }

    /// Over the middle axis of [outer, n, inner].
    package func reduce(_ operation: ReduceOperation, _ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) {
        reduceEntry(operation.rawValue, outer, n, inner, x, y)
    }

    /// Over the middle axis of [outer, n, inner].
    package func softmax(_ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) { softmaxEntry(outer, n, inner, x, y) }
    package func logSoftmax(_ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) {
        logSoftmaxEntry(outer, n, inner, x, y)
    }

    /// (x - mean) / sqrt(variance + epsilon) * scale + bias, along rows of n.
    package func layerNorm(_ rows: Int, _ n: Int, _ x: In, _ scale: In?, _ bias: In?, _ epsilon: Float, _ y: Out) {
        layerNormEntry(rows, n, x, scale, bias, epsilon, y)
    }

    /// x * scale[channel] + shift[channel] over [outer, channels, inner].
    package func affine(_ outer: Int, _ channels: Int, _ inner: Int, _ x: In, _ scale: In, _ shift: In, _ y: Out) {
        affineEntry(outer, channels, inner, x, scale, shift, y)
    }

    /// round(x / scale) + zero, half to even, kept within the type's range; NaN gives zero. A step of 1 walks scales and zeros, 0
    /// repeats the first. With `multiplies`, x times scale.
    package func quantize(
        _ type: QuantizedType, _ n: Int, _ x: In, scale: In, zero: In, step: Int, multiplies: Bool = false, _ y: Scratch
    ) { quantizeEntry(type.rawValue, n, x, scale, zero, step, multiplies ? 1 : 0, y) }

    /// (x - zero) scale.
    package func dequantize(_ type: QuantizedType, _ n: Int, _ x: Raw, scale: In, zero: In, step: Int, _ y: Out) {
        dequantizeEntry(type.rawValue, n, x, scale, zero, step, y)
    }

    package func convert(_ conversion: Conversion, _ n: Int, _ x: Raw, _ y: Scratch) {
        convertEntry(conversion.rawValue, n, x, y)
    }

    /// Packs the filters [groups * filters, depth] of a convolution.
    package func convolutionPack(_ convolution: Convolution, _ weights: In, _ packed: Out) {
        withUnsafePointer(to: convolution) { convolutionPackEntry(Raw($0), weights, packed) }
    }

    /// Spreads one image as a convolution with `isSpread` reads it.
    package func spread(_ convolution: Convolution, _ x: In, _ target: Out) {
        withUnsafePointer(to: convolution) { spreadEntry(Raw($0), x, target) }
    }

    /// y[groups * filters, outputs] of one image (spread where the convolution says so), ended; an addend is laid out as y. Each
    /// element is one chain from its bias over channels, then lines and columns of the window, taps beside the image being zero.
    package func convolve(
        _ convolution: Convolution, _ distances: UnsafePointer<Int32>, _ x: In, _ packed: In, _ bias: In?, _ y: Out,
        _ ending: Ending = Ending()
    ) {
        withUnsafePointer(to: convolution) { convolution in
            withUnsafePointer(to: ending) { convolutionEntry(Raw(convolution), distances, x, packed, bias, y, Raw($0)) }
        }
    }

    /// As `convolve`, for lines with an even number of outputs, and filters packed by `gemmPack`, transposed, group by group.
    package func convolveLanes(
        _ convolution: Convolution, _ distances: UnsafePointer<Int32>, _ x: In, _ packed: In, _ bias: In?, _ y: Out,
        _ ending: Ending = Ending()
    ) {
        withUnsafePointer(to: convolution) { convolution in
            withUnsafePointer(to: ending) { convolutionLanesEntry(Raw(convolution), distances, x, packed, bias, y, Raw($0)) }
        }
    }

    /// The patches under a window as a packed [depth, outputs] matrix.
    package func im2col(_ window: Window, _ x: In, _ packed: Out) {
        withUnsafePointer(to: window) { im2colEntry(Raw($0), x, packed) }
    }

    /// One filter a channel, weights [channels, kernel height, kernel width].
    package func depthwise(_ window: Window, _ x: In, _ weights: In, _ bias: In?, _ y: Out) {
        withUnsafePointer(to: window) { depthwiseEntry(Raw($0), x, weights, bias, y) }
    }

    package func maxPool(_ window: Window, _ x: In, _ y: Out) {
        withUnsafePointer(to: window) { maxPoolEntry(Raw($0), x, y) }
    }

    package func averagePool(_ window: Window, _ x: In, _ y: Out, countsPadding: Bool) {
        withUnsafePointer(to: window) { averagePoolEntry(Raw($0), x, y, countsPadding ? 1 : 0) }
    }

    /// One LSTM step of rows of n units from gate pre-activations [rows, 4, n] (input, output, forget, cell): c and h are updated.
    package func lstmCell(_ rows: Int, _ n: Int, _ gates: In, c: Out, h: Out) { lstmCellEntry(rows, n, gates, c, h) }

    /// One GRU step of rows of n units (reset applied after the recurrent product) from gate pre-activations [rows, 3, n] (update,
    /// reset, candidate) from the input and from the state: h = (1 - z) tanh(fromInput + r fromState) + z h.
    package func gruCell(_ rows: Int, _ n: Int, fromInput: In, fromState: In, h: Out) {
        gruCellEntry(rows, n, fromInput, fromState, h)
    }

    /// As `lstmCell`, with rows in lanes of whole panels: gates [4, n, 16 panels], c and h [panels, n, 16].
    package func lstmCellLanes(_ panels: Int, _ n: Int, _ gates: In, c: Out, h: Out) {
        lstmCellLanesEntry(panels, n, gates, c, h)
    }

    /// As `gruCell`, with rows in lanes of whole panels: gates [3, n, 16 panels], h [panels, n, 16].
    package func gruCellLanes(_ panels: Int, _ n: Int, fromInput: In, fromState: In, h: Out) {
        gruCellLanesEntry(panels, n, fromInput, fromState, h)
    }

    /// y[rows, n] from [panels, n, 16], which `gemmPack` of the transposed makes.
    package func unpackLanes(_ rows: Int, _ n: Int, _ packed: In, _ y: Out) { unpackLanesEntry(rows, n, packed, y) }
}

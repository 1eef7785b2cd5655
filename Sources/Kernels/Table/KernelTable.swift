/// The kernels of one instruction set. All tables give the same bits; NaNs agree in place, not in sign or payload.
///
/// Nothing here checks, allocates or traps: sizes are not negative and pointers cover them. Outputs may be inputs where the
/// operation is elementwise. Only pointers and integers cross, so that no vector register layout does.
package struct KernelTable: Sendable {
    package typealias In = UnsafePointer<Float>
    package typealias Out = UnsafeMutablePointer<Float>
    package typealias DoubleIn = UnsafePointer<Double>
    package typealias DoubleOut = UnsafeMutablePointer<Double>
    package typealias Raw = UnsafeRawPointer
    package typealias Scratch = UnsafeMutableRawPointer

    /// What multiplies bytes: pairs of int16, four bytes at once, or tiles of sixteen rows of sixty-four bytes.
    package enum ByteProducts: Sendable { case pairs, fours, tiles }

    /// "baseline", "v3" or "v4".
    package let name: StaticString

    // Matrix products.
    package let gemmPackEntry: @convention(c) (Int, Int, In, Int, Int32, Out) -> Void
    package let gemmEntry: @convention(c) (Int, Int, Int, In, Int, In, In?, Out, Int, Raw) -> Void
    package let gemmRowBiasEntry: @convention(c) (Int, Int, Int, In, Int, In, In?, Out, Int, Raw) -> Void
    package let denseChainEntry: @convention(c) (Raw, Int, Int, In, Out, Int, Out) -> Void
    package let dotsEntry: @convention(c) (Int, Int, Int, In, Int, In, Int, In?, Out, Int, Int32, Float) -> Void
    package let gemmDoublePackEntry: @convention(c) (Int, Int, DoubleIn, Int, Int32, DoubleOut) -> Void
    package let gemmDoubleEntry: @convention(c) (Int, Int, Int, DoubleIn, Int, DoubleIn, DoubleIn?, DoubleOut, Int, Int32) -> Void
    package let byteProducts: ByteProducts
    package let integerPackEntry: @convention(c) (Int, Int, Raw, Scratch) -> Void
    package let integerProductEntry: @convention(c) (Int, Int, Int, Raw, Int32, Raw, Raw, Scratch, Scratch) -> Void

    // Elementwise and along an axis.
    package let unaryEntry: @convention(c) (Int32, Int, In, Out, Float, Float) -> Void
    package let binaryEntry: @convention(c) (Int32, Int, In, Int, In, Int, Out) -> Void
    package let reduceEntry: @convention(c) (Int32, Int, Int, Int, In, Out) -> Void
    package let softmaxEntry: @convention(c) (Int, Int, Int, In, Out) -> Void
    package let logSoftmaxEntry: @convention(c) (Int, Int, Int, In, Out) -> Void
    package let layerNormEntry: @convention(c) (Int, Int, In, In?, In?, Float, Out) -> Void
    package let affineEntry: @convention(c) (Int, Int, Int, In, In, In, Out) -> Void

    // Other element types.
    package let quantizeEntry: @convention(c) (Int32, Int, In, In, In, Int, Int32, Scratch) -> Void
    package let dequantizeEntry: @convention(c) (Int32, Int, Raw, In, In, Int, Out) -> Void
    package let convertEntry: @convention(c) (Int32, Int, Raw, Scratch) -> Void

    // Windows over images.
    package let convolutionPackEntry: @convention(c) (Raw, In, Out) -> Void
    package let spreadEntry: @convention(c) (Raw, In, Out) -> Void
    package let convolutionEntry: @convention(c) (Raw, UnsafePointer<Int32>, In, In, In?, Out, Raw) -> Void
    package let convolutionLanesEntry: @convention(c) (Raw, UnsafePointer<Int32>, In, In, In?, Out, Raw) -> Void
    package let im2colEntry: @convention(c) (Raw, In, Out) -> Void
    package let depthwiseEntry: @convention(c) (Raw, In, In, In?, Out) -> Void
    package let maxPoolEntry: @convention(c) (Raw, In, Out) -> Void
    package let averagePoolEntry: @convention(c) (Raw, In, Out, Int32) -> Void

    // Recurrent steps.
    package let lstmCellEntry: @convention(c) (Int, Int, In, Out, Out) -> Void
    package let gruCellEntry: @convention(c) (Int, Int, In, In, Out) -> Void
    package let lstmCellLanesEntry: @convention(c) (Int, Int, In, Out, Out) -> Void
    package let gruCellLanesEntry: @convention(c) (Int, Int, In, In, Out) -> Void
    package let unpackLanesEntry: @convention(c) (Int, Int, In, Out) -> Void

    // Ranking, choosing and turning.
    package let rankEntry: @convention(c) (Int, Int, Int, In, Int32, Scratch, Scratch) -> Void
    package let chooseEntry: @convention(c) (Int, Raw, Int, In, Int, In, Int, Out) -> Void
    package let turnEntry: @convention(c) (Int, Int, In, Int, Out, Int) -> Void

    // Forests.
    package let forestFloatEntry: @convention(c) (Raw, Int, In, Int, Out, Int, Scratch) -> Void
    package let forestFloatDoubleEntry: @convention(c) (Raw, Int, In, Int, DoubleOut, Int, Scratch) -> Void
    package let forestDoubleEntry: @convention(c) (Raw, Int, DoubleIn, Int, DoubleOut, Int, Scratch) -> Void
    package let forestDoubleFloatEntry: @convention(c) (Raw, Int, DoubleIn, Int, Out, Int, Scratch) -> Void
    package let forestLeavesFloatEntry: @convention(c) (Raw, Int, In, Int, UnsafeMutablePointer<Int32>, Int, Scratch) -> Void
    package let forestLeavesDoubleEntry:
        @convention(c) (Raw, Int, DoubleIn, Int, UnsafeMutablePointer<Int32>, Int, Scratch) -> Void

    package init(
        name: StaticString,
        gemmPackEntry: @escaping @convention(c) (Int, Int, In, Int, Int32, Out) -> Void,
        gemmEntry: @escaping @convention(c) (Int, Int, Int, In, Int, In, In?, Out, Int, Raw) -> Void,
        gemmRowBiasEntry: @escaping @convention(c) (Int, Int, Int, In, Int, In, In?, Out, Int, Raw) -> Void,
        denseChainEntry: @escaping @convention(c) (Raw, Int, Int, In, Out, Int, Out) -> Void,
        dotsEntry: @escaping @convention(c) (Int, Int, Int, In, Int, In, Int, In?, Out, Int, Int32, Float) -> Void,
        gemmDoublePackEntry: @escaping @convention(c) (Int, Int, DoubleIn, Int, Int32, DoubleOut) -> Void,
        gemmDoubleEntry:
            @escaping @convention(c) (Int, Int, Int, DoubleIn, Int, DoubleIn, DoubleIn?, DoubleOut, Int, Int32) -> Void,
        byteProducts: ByteProducts,
        integerPackEntry: @escaping @convention(c) (Int, Int, Raw, Scratch) -> Void,
        integerProductEntry: @escaping @convention(c) (Int, Int, Int, Raw, Int32, Raw, Raw, Scratch, Scratch) -> Void,
        unaryEntry: @escaping @convention(c) (Int32, Int, In, Out, Float, Float) -> Void,
        binaryEntry: @escaping @convention(c) (Int32, Int, In, Int, In, Int, Out) -> Void,
        reduceEntry: @escaping @convention(c) (Int32, Int, Int, Int, In, Out) -> Void,
        softmaxEntry: @escaping @convention(c) (Int, Int, Int, In, Out) -> Void,
        logSoftmaxEntry: @escaping @convention(c) (Int, Int, Int, In, Out) -> Void,
        layerNormEntry: @escaping @convention(c) (Int, Int, In, In?, In?, Float, Out) -> Void,
        affineEntry: @escaping @convention(c) (Int, Int, Int, In, In, In, Out) -> Void,
        quantizeEntry: @escaping @convention(c) (Int32, Int, In, In, In, Int, Int32, Scratch) -> Void,
        dequantizeEntry: @escaping @convention(c) (Int32, Int, Raw, In, In, Int, Out) -> Void,
        convertEntry: @escaping @convention(c) (Int32, Int, Raw, Scratch) -> Void,
        convolutionPackEntry: @escaping @convention(c) (Raw, In, Out) -> Void,
        spreadEntry: @escaping @convention(c) (Raw, In, Out) -> Void,
        convolutionEntry: @escaping @convention(c) (Raw, UnsafePointer<Int32>, In, In, In?, Out, Raw) -> Void,
        convolutionLanesEntry: @escaping @convention(c) (Raw, UnsafePointer<Int32>, In, In, In?, Out, Raw) -> Void,
        im2colEntry: @escaping @convention(c) (Raw, In, Out) -> Void,
        depthwiseEntry: @escaping @convention(c) (Raw, In, In, In?, Out) -> Void,
        maxPoolEntry: @escaping @convention(c) (Raw, In, Out) -> Void,
        averagePoolEntry: @escaping @convention(c) (Raw, In, Out, Int32) -> Void,
        lstmCellEntry: @escaping @convention(c) (Int, Int, In, Out, Out) -> Void,
        gruCellEntry: @escaping @convention(c) (Int, Int, In, In, Out) -> Void,
        lstmCellLanesEntry: @escaping @convention(c) (Int, Int, In, Out, Out) -> Void,
        gruCellLanesEntry: @escaping @convention(c) (Int, Int, In, In, Out) -> Void,
        unpackLanesEntry: @escaping @convention(c) (Int, Int, In, Out) -> Void,
        rankEntry: @escaping @convention(c) (Int, Int, Int, In, Int32, Scratch, Scratch) -> Void,
        chooseEntry: @escaping @convention(c) (Int, Raw, Int, In, Int, In, Int, Out) -> Void,
        turnEntry: @escaping @convention(c) (Int, Int, In, Int, Out, Int) -> Void,
        forestFloatEntry: @escaping @convention(c) (Raw, Int, In, Int, Out, Int, Scratch) -> Void,
        forestFloatDoubleEntry: @escaping @convention(c) (Raw, Int, In, Int, DoubleOut, Int, Scratch) -> Void,
        forestDoubleEntry: @escaping @convention(c) (Raw, Int, DoubleIn, Int, DoubleOut, Int, Scratch) -> Void,
        forestDoubleFloatEntry: @escaping @convention(c) (Raw, Int, DoubleIn, Int, Out, Int, Scratch) -> Void,
        forestLeavesFloatEntry: @escaping @convention(c) (Raw, Int, In, Int, UnsafeMutablePointer<Int32>, Int, Scratch) -> Void,
        forestLeavesDoubleEntry:
            @escaping @convention(c) (Raw, Int, DoubleIn, Int, UnsafeMutablePointer<Int32>, Int, Scratch) -> Void
    ) {
        self.name = name
        self.gemmPackEntry = gemmPackEntry
        self.gemmEntry = gemmEntry
        self.gemmRowBiasEntry = gemmRowBiasEntry
        self.denseChainEntry = denseChainEntry
        self.dotsEntry = dotsEntry
        self.gemmDoublePackEntry = gemmDoublePackEntry
        self.gemmDoubleEntry = gemmDoubleEntry
        self.byteProducts = byteProducts
        self.integerPackEntry = integerPackEntry
        self.integerProductEntry = integerProductEntry
        self.unaryEntry = unaryEntry
        self.binaryEntry = binaryEntry
        self.reduceEntry = reduceEntry
        self.softmaxEntry = softmaxEntry
        self.logSoftmaxEntry = logSoftmaxEntry
        self.layerNormEntry = layerNormEntry
        self.affineEntry = affineEntry
        self.quantizeEntry = quantizeEntry
        self.dequantizeEntry = dequantizeEntry
        self.convertEntry = convertEntry
        self.convolutionPackEntry = convolutionPackEntry
        self.spreadEntry = spreadEntry
        self.convolutionEntry = convolutionEntry
        self.convolutionLanesEntry = convolutionLanesEntry
        self.im2colEntry = im2colEntry
        self.depthwiseEntry = depthwiseEntry
        self.maxPoolEntry = maxPoolEntry
        self.averagePoolEntry = averagePoolEntry
        self.lstmCellEntry = lstmCellEntry
        self.gruCellEntry = gruCellEntry
        self.lstmCellLanesEntry = lstmCellLanesEntry
        self.gruCellLanesEntry = gruCellLanesEntry
        self.unpackLanesEntry = unpackLanesEntry
        self.rankEntry = rankEntry
        self.chooseEntry = chooseEntry
        self.turnEntry = turnEntry
        self.forestFloatEntry = forestFloatEntry
        self.forestFloatDoubleEntry = forestFloatDoubleEntry
        self.forestDoubleEntry = forestDoubleEntry
        self.forestDoubleFloatEntry = forestDoubleFloatEntry
        self.forestLeavesFloatEntry = forestLeavesFloatEntry
        self.forestLeavesDoubleEntry = forestLeavesDoubleEntry
    }
}

package import SeptumKernelTable

/// The only entry of this target: everything else is reached through the pointers. `bytes` says that the processor multiplies bytes
/// better than its level asks for.
@inline(never) package func makeTable(bytes: KernelTable.ByteProducts = .pairs) -> KernelTable {
    #if SEPTUM_V4
        let name: StaticString = "v4"
    #elseif SEPTUM_V3
        let name: StaticString = "v3"
    #else
        let name: StaticString = "baseline"
    #endif
    var pack: @convention(c) (Int, Int, Raw, RawOut) -> Void = integerPackOfPairs
    var product: @convention(c) (Int, Int, Int, Raw, Int32, Raw, Raw, RawOut, RawOut) -> Void = integerProductOfPairs
    #if SEPTUM_V4
        switch bytes {
        case .pairs: break
        case .fours: (pack, product) = (integerPackOfFours, integerProductOfFours)
        case .tiles: (pack, product) = (integerPackOfTiles, integerProductOfTiles)
        }
    #endif
    return KernelTable(
        name: name,
        gemmPackEntry: gemmPack,
        gemmEntry: { gemm($0, $1, $2, $3, $4, $5, $6, $7, $8, $9.assumingMemoryBound(to: Ending.self)) },
        gemmRowBiasEntry: { gemmRowBias($0, $1, $2, $3, $4, $5, $6, $7, $8, $9.assumingMemoryBound(to: Ending.self)) },
        denseChainEntry: { denseChain($0.assumingMemoryBound(to: DenseLayer.self), $1, $2, $3, $4, $5, $6) },
        dotsEntry: dots,
        gemmDoublePackEntry: gemmDoublePack,
        gemmDoubleEntry: gemmDouble,
        byteProducts: bytes,
        integerPackEntry: pack,
        integerProductEntry: product,
        unaryEntry: unary,
        binaryEntry: binary,
        reduceEntry: reduce,
        softmaxEntry: softmax,
        logSoftmaxEntry: logSoftmax,
        layerNormEntry: layerNorm,
        affineEntry: affine,
        quantizeEntry: quantize,
        dequantizeEntry: dequantize,
        convertEntry: convert,
        convolutionPackEntry: { convolutionPack($0.assumingMemoryBound(to: Convolution.self), $1, $2) },
        spreadEntry: { spread($0.assumingMemoryBound(to: Convolution.self), $1, $2) },
        convolutionEntry: {
            convolve(
                $0.assumingMemoryBound(to: Convolution.self), $1, $2, $3, $4, $5, $6.assumingMemoryBound(to: Ending.self))
        },
        convolutionLanesEntry: {
            convolveLanes(
                $0.assumingMemoryBound(to: Convolution.self), $1, $2, $3, $4, $5, $6.assumingMemoryBound(to: Ending.self))
        },
        im2colEntry: { im2col($0.assumingMemoryBound(to: Window.self), $1, $2) },
        depthwiseEntry: { depthwise($0.assumingMemoryBound(to: Window.self), $1, $2, $3, $4) },
        maxPoolEntry: { maxPool($0.assumingMemoryBound(to: Window.self), $1, $2) },
        averagePoolEntry: { averagePool($0.assumingMemoryBound(to: Window.self), $1, $2, $3) },
        lstmCellEntry: lstmCell,
        gruCellEntry: gruCell,
        lstmCellLanesEntry: lstmCellLanes,
        gruCellLanesEntry: gruCellLanes,
        unpackLanesEntry: unpackLanes,
        rankEntry: rank,
        chooseEntry: choose,
        turnEntry: turn,
        forestFloatEntry: { forestFloat($0.assumingMemoryBound(to: ForestTables.self), $1, $2, $3, $4, $5, $6) },
        forestFloatDoubleEntry: { forestFloatDouble($0.assumingMemoryBound(to: ForestTables.self), $1, $2, $3, $4, $5, $6) },
        forestDoubleEntry: { forestDouble($0.assumingMemoryBound(to: ForestTables.self), $1, $2, $3, $4, $5, $6) },
        forestDoubleFloatEntry: { forestDoubleFloat($0.assumingMemoryBound(to: ForestTables.self), $1, $2, $3, $4, $5, $6) },
        forestLeavesFloatEntry: { forestLeavesFloat($0.assumingMemoryBound(to: ForestTables.self), $1, $2, $3, $4, $5, $6) },
        forestLeavesDoubleEntry: { forestLeavesDouble($0.assumingMemoryBound(to: ForestTables.self), $1, $2, $3, $4, $5, $6) })
}

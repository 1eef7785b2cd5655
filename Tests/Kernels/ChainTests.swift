import SeptumKernels
import Testing

/// Products one after another give what each of them gives alone.
@Suite struct ChainTests {
    /// Widths from the input on.
    static let widths = [
        [5, 1], [32, 64, 64, 64, 1], [22, 64, 32, 16, 3], [7, 17, 130, 33], [1, 15, 16, 81], [40, 48, 49, 112, 10],
    ]
    static let operations: [UnaryOperation] = [.relu, .identity, .sigmoid, .tanh, .leakyRelu]

    @Test(arguments: widths) func eachLayerAfterTheOther(_ widths: [Int]) {
        var noise = Noise(UInt64(widths.count))
        for table in allTables {
            for (m, shift) in zip([0, 1, 2, 7, 12, 48, 49, 131], 0...) {
                let x = noise.floats(m * widths[0])
                var expected = x
                var layers: [DenseLayer] = []
                var kept: [[Float]] = []
                for (index, (k, n)) in zip(widths, widths.dropFirst()).enumerated() {
                    let w = noise.floats(k * n), bias = noise.floats(n), operation = Self.operations[(index + shift) % 5]
                    let packed = output(KernelTable.gemmPackedCount(k, n)) { table.gemmPack(k, n, w, n, $0) }
                    expected = output(m * n) { table.gemm(m, k, n, expected, k, packed, bias, $0, n, operation, alpha: 0.2) }
                    kept += [packed, bias + [Float](repeating: 0, count: (n + 15) / 16 * 16 - n)]
                    kept[kept.count - 2].withUnsafeBufferPointer { packed in
                        kept[kept.count - 1].withUnsafeBufferPointer { bias in
                            guard let packed = packed.baseAddress, let bias = bias.baseAddress else { return }
                            layers.append(DenseLayer(k, n, packed, bias: bias, operation, a: 0.2, b: 0))
                        }
                    }
                }
                let width = ((widths.dropFirst().max() ?? 0) + 15) / 16 * 16
                let scratchCount = DenseLayer.scratchCount(m, width: width)
                var found: [Float] = []
                _ = output(scratchCount) { scratch in
                    found = output(m * (widths.last ?? 0)) { y in
                        withExtendedLifetime(kept) {
                            table.denseChain(layers, layers.count, m, x, y, width: width, scratch: scratch)
                        }
                    }
                }
                #expect(same(found, expected), "\(table.name) \(m) rows")
            }
        }
    }
}

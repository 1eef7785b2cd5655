import SeptumKernels
import Testing

@Suite struct ArrangeTests {
    /// Rows with equal elements, both zeros, infinities and NaN among them.
    private func row(_ n: Int, _ noise: inout Noise) -> [Float] {
        (0..<n).map { _ in
            switch noise.below(8) {
            case 0: 0
            case 1: -0.0
            case 2: .infinity
            case 3: -.infinity
            case 4: .nan
            case 5: -Float.nan
            default: Float(noise.below(5)) - 2
            }
        }
    }

    /// The order by definition: NaN above all, the first of equals first.
    private func ranked(_ x: ArraySlice<Float>, _ k: Int, takesLargest: Bool) -> [Int64] {
        func isAbove(_ a: Float, _ b: Float) -> Bool { !b.isNaN && (a.isNaN || a > b) }
        let places = x.indices.sorted { i, j in
            let (a, b) = takesLargest ? (x[i], x[j]) : (x[j], x[i])
            return isAbove(a, b) || !isAbove(b, a) && i < j
        }
        return places.prefix(k).map { Int64($0 - x.startIndex) }
    }

    @Test func rank() {
        var noise = Noise(41)
        for n in [1, 2, 3, 15, 16, 17, 30, 31, 32, 33, 48, 64, 100, 128] {
            let rows = 5
            let x = (0..<rows).flatMap { _ in row(n, &noise) }
            for k in Set([1, (n + 1) / 2, n]) {
                for takesLargest in [true, false] {
                    let expected = (0..<rows).flatMap { ranked(x[($0 * n)..<(($0 + 1) * n)], k, takesLargest: takesLargest) }
                    for table in allTables {
                        var places = [Int64](repeating: -7, count: rows * k + 1)
                        var scratch = [UInt8](repeating: 0xaa, count: KernelTable.rankScratchByteCount(n))
                        table.rank(rows, n, k, x, takesLargest: takesLargest, &places, scratch: &scratch)
                        #expect(places == expected + [-7], "\(table.name) \(n) \(k) \(takesLargest)")
                    }
                }
            }
        }
    }

    @Test func turn() {
        for (rows, columns) in [(0, 3), (1, 1), (16, 4), (15, 9), (17, 5), (33, 36), (40, 3), (64, 64), (5, 70)] {
            let (ldx, ldy) = (columns + 2, rows + 3)
            let x = (0..<rows * ldx + 1).map { Float(bitPattern: UInt32($0) &* 0x9e37_79b9) }
            for table in allTables {
                var y = [Float](repeating: -7, count: columns * ldy + 1)
                table.turn(rows, columns, x, ldx, &y, ldy)
                let expected = y.indices.map { place in
                    let (column, row) = (place / ldy, place % ldy)
                    return column < columns && row < rows ? x[row * ldx + column].bitPattern : Float(-7).bitPattern
                }
                #expect(y.map(\.bitPattern) == expected, "\(table.name) \(rows) \(columns)")
            }
        }
    }

    @Test func choose() {
        var noise = Noise(43)
        for n in [0, 1, 15, 16, 17, 40, 70] {
            let condition = (0..<n + 1).map { _ in UInt8(noise.below(3) * noise.below(100)) }
            let x = noise.floats(n + 1), y = noise.floats(n) + [.nan]
            for steps in 0..<8 {
                let (step, xStep, yStep) = (steps & 1, steps >> 1 & 1, steps >> 2)
                let expected = (0..<n).map { condition[$0 * step] != 0 ? x[$0 * xStep] : y[$0 * yStep] }
                for table in allTables {
                    let found = output(n) { table.choose(n, condition, x, y, $0, step: step, xStep: xStep, yStep: yStep) }
                    #expect(same(found, expected), "\(table.name) \(n) \(steps)")
                }
            }
        }
    }
}

import Foundation
import SeptumKernels
import Testing

private let shapes = [
    (1, 1, 1), (3, 0, 1), (2, 0, 5), (2, 16, 1), (3, 7, 1), (2, 70, 1), (2, 5, 3), (1, 9, 16), (3, 33, 35), (4, 1, 70),
]

@Suite struct AxisTests {
    /// The stated order: lanes and tree along a contiguous axis, else one after another.
    static func reduced(_ operation: ReduceOperation, _ outer: Int, _ n: Int, _ inner: Int, _ x: [Float]) -> [Float] {
        let maximum: (Float, Float) -> Float = { $1 > $0 || $1.isNaN ? $1 : $0 }
        let minimum: (Float, Float) -> Float = { $1 < $0 || $1.isNaN ? $1 : $0 }
        let (start, step, join): (Float, (Float, Float) -> Float, (Float, Float) -> Float)
        switch operation {
        case .sum, .mean: (start, step, join) = (0, { $0 + $1 }, { $0 + $1 })
        case .maximum: (start, step, join) = (-.infinity, maximum, maximum)
        case .minimum: (start, step, join) = (.infinity, minimum, minimum)
        case .product: (start, step, join) = (1, { $0 * $1 }, { $0 * $1 })
        case .sumOfSquares: (start, step, join) = (0, { $0.addingProduct($1, $1) }, { $0 + $1 })
        case .sumOfMagnitudes: (start, step, join) = (0, { $0 + abs($1) }, { $0 + $1 })
        }
        var y: [Float] = []
        for o in 0..<outer {
            for i in 0..<inner {
                let line = (0..<n).map { x[(o * n + $0) * inner + i] }
                let r = inner == 1 ? laneFold(line, start: start, step, join) : line.reduce(start, step)
                y.append(operation == .mean ? r / Float(n) : r)
            }
        }
        return y
    }

    @Test(arguments: ReduceOperation.allCases) func reduce(_ operation: ReduceOperation) {
        var noise = Noise(23)
        for (outer, n, inner) in shapes {
            var x = noise.floats(outer * n * inner)
            for hole in [false, true] {
                if hole && !x.isEmpty { x[noise.below(x.count)] = .nan }
                let expected = Self.reduced(operation, outer, n, inner, x)
                for table in allTables {
                    let y = output(outer * inner) { table.reduce(operation, outer, n, inner, x, $0) }
                    #expect(same(y, expected), "\(table.name) \(outer) \(n) \(inner)")
                }
            }
        }
    }

    @Test func softmaxAndItsLogarithm() {
        var noise = Noise(29)
        for (outer, n, inner) in shapes where n > 0 {
            let x = noise.floats(outer * n * inner, scale: 20)
            let all = allTables.map { table in
                output(x.count) { table.softmax(outer, n, inner, x, $0) }
                    + output(x.count) { table.logSoftmax(outer, n, inner, x, $0) }
            }
            for y in all { #expect(same(y, all[0])) }
            for o in 0..<outer {
                for i in 0..<inner {
                    let at = (0..<n).map { (o * n + $0) * inner + i }
                    let top = at.map { Double(x[$0]) }.max() ?? 0
                    let sum = at.reduce(0) { $0 + exp(Double(x[$1]) - top) }
                    for j in at {
                        let exact = exp(Double(x[j]) - top) / sum
                        // The argument of exp is rounded: half an ulp of up to 40, seen through exp, and a few roundings.
                        #expect(abs(Double(all[0][j]) - exact) <= 4e-6 * exact + 1e-45)
                        let logarithm = Double(x[j]) - top - log(sum)
                        #expect(abs(Double(all[0][x.count + j]) - logarithm) <= 1e-6 * max(1, abs(logarithm)))
                    }
                }
            }
        }
    }

    /// Further scores that are masked change no bit, whether a row is held in registers or not.
    @Test func softmaxOfEachWidth() {
        var noise = Noise(31)
        for n in 1...80 {
            var x = noise.floats(n, scale: 9)
            if n > 2 { x[noise.below(n)] = -1e9 }
            let wide = x + [Float](repeating: -.infinity, count: 100 - n)
            for table in allTables {
                let y = output(2 * n) { table.softmax(2, n, 1, x + x, $0) }
                let expected = output(100) { table.softmax(1, 100, 1, wide, $0) }
                #expect(same(y, Array(expected[..<n] + expected[..<n])), "\(table.name) \(n)")
                #expect(expected[n...].allSatisfy { $0 == 0 })
                #expect(n <= 2 || y.contains(0))
            }
        }
    }

    @Test func softmaxOfExtremes() {
        let rows: [[Float]] = [
            [-.infinity, 0, 1], [-.infinity, -.infinity, -.infinity], [.nan, 1, 2], [3e38, -3e38, 0], [500, 500, 0],
        ]
        for table in allTables {
            let y = rows.map { row in output(3) { table.softmax(1, 3, 1, row, $0) } }
            #expect(y[0][0] == 0 && abs(y[0][2] - 0.7310586) < 1e-6)
            #expect(y[1].allSatisfy(\.isNaN) && y[2].allSatisfy(\.isNaN))
            #expect(y[3] == [1, 0, 0])
            #expect(y[4] == [0.5, 0.5, 0])
        }
    }

    @Test func layerNorm() {
        var noise = Noise(31)
        for n in 1..<70 {
            let rows = 3
            let x = noise.floats(rows * n, scale: 3), scale = noise.floats(n), bias = noise.floats(n)
            let all = allTables.map { table in
                output(rows * n) { table.layerNorm(rows, n, x, scale, bias, 1e-5, $0) }
                    + output(rows * n) { table.layerNorm(rows, n, x, nil, nil, 1e-5, $0) }
            }
            for y in all { #expect(same(y, all[0])) }
            for r in 0..<rows {
                let row = x[(r * n)..<(r * n + n)].map { Double($0) }
                let mean = row.reduce(0, +) / Double(n)
                let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
                for j in 0..<n {
                    let unit = (row[j] - mean) / (variance + 1e-5).squareRoot()
                    // With one element the exact answer is the bias, and so is ours.
                    #expect(abs(Double(all[0][r * n + j]) - (unit * Double(scale[j]) + Double(bias[j]))) <= 3e-6)
                    #expect(abs(Double(all[0][(rows + r) * n + j]) - unit) <= 3e-6)
                }
            }
        }
    }

    @Test func affine() {
        var noise = Noise(37)
        for (outer, channels, inner) in [(2, 3, 1), (1, 40, 1), (2, 3, 17), (3, 5, 4), (0, 2, 2)] {
            let x = noise.floats(outer * channels * inner), scale = noise.floats(channels), shift = noise.floats(channels)
            let expected = x.indices.map { i in
                shift[i / inner % channels].addingProduct(x[i], scale[i / inner % channels])
            }
            for table in allTables {
                #expect(same(output(x.count) { table.affine(outer, channels, inner, x, scale, shift, $0) }, expected))
            }
        }
    }

    @Test func recurrentCellsWithRowsInLanes() {
        var noise = Noise(43)
        for (rows, n) in [(16, 1), (16, 20), (31, 7), (64, 33), (48, 16)] {
            let (panels, size) = ((rows + 15) / 16, rows * n)
            let gates = noise.floats(rows * 4 * n, scale: 4), other = noise.floats(rows * 3 * n, scale: 4)
            let c = noise.floats(size), h = noise.floats(size)
            /// Lines of whole panels, one a gate and unit, from rows.
            func lines(_ values: [Float], _ gateCount: Int) -> [Float] {
                var result = [Float](repeating: 0, count: gateCount * n * 16 * panels)
                for row in 0..<rows {
                    for line in 0..<gateCount * n { result[line * 16 * panels + row] = values[row * gateCount * n + line] }
                }
                return result
            }
            for table in allTables {
                func turned(_ values: [Float]) -> [Float] {
                    output(panels * n * 16) { table.gemmPack(n, rows, values, n, transposed: true, $0) }
                }
                func back(_ values: [Float]) -> [Float] { output(size) { table.unpackLanes(rows, n, values, $0) } }
                #expect(same(back(turned(c)), c))
                var (state, shown, gated) = (c, h, h)
                table.lstmCell(rows, n, gates, c: &state, h: &shown)
                table.gruCell(rows, n, fromInput: Array(gates.prefix(rows * 3 * n)), fromState: other, h: &gated)
                var (cells, states, update) = (turned(c), turned(h), turned(h))
                table.lstmCellLanes(panels, n, lines(gates, 4), c: &cells, h: &states)
                table.gruCellLanes(
                    panels, n, fromInput: lines(Array(gates.prefix(rows * 3 * n)), 3), fromState: lines(other, 3), h: &update)
                #expect(same(back(cells), state) && same(back(states), shown) && same(back(update), gated), "\(table.name) \(n)")
            }
        }
    }

    @Test func recurrentCells() {
        var noise = Noise(41)
        func s(_ x: Float) -> Double { 1 / (1 + exp(-Double(x))) }
        for (rows, n) in [(1, 1), (2, 16), (3, 23), (1, 64), (0, 5)] {
            let (size, gates) = (rows * n, noise.floats(rows * 4 * n, scale: 4))
            let (x, y) = (noise.floats(rows * 3 * n, scale: 4), noise.floats(rows * 3 * n, scale: 4))
            let c = noise.floats(size), h = noise.floats(size)
            let all = allTables.map { table in
                var state = c, shown = h, gated = h
                table.lstmCell(rows, n, gates, c: &state, h: &shown)
                table.gruCell(rows, n, fromInput: x, fromState: y, h: &gated)
                return state + shown + gated
            }
            for found in all { #expect(same(found, all[0])) }
            for index in 0..<size {
                let (row, i) = (index / n, index % n)
                func gate(_ number: Int) -> Float { gates[(row * 4 + number) * n + i] }
                let next = s(gate(2)) * Double(c[index]) + s(gate(0)) * tanh(Double(gate(3)))
                #expect(abs(Double(all[0][index]) - next) < 1e-6)
                #expect(abs(Double(all[0][size + index]) - s(gate(1)) * tanh(next)) < 1e-6)
                func halves(_ number: Int) -> (x: Float, y: Float) {
                    (x[(row * 3 + number) * n + i], y[(row * 3 + number) * n + i])
                }
                let (z, r, last) = (s(halves(0).x + halves(0).y), s(halves(1).x + halves(1).y), halves(2))
                let candidate = tanh(Double(last.x) + r * Double(last.y))
                #expect(abs(Double(all[0][2 * size + index]) - ((1 - z) * candidate + z * Double(h[index]))) < 1e-6)
            }
        }
    }
}

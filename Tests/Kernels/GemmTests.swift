import Foundation
import SeptumKernels
import Testing

/// bias + x[m, k] w[k, n], each output one chain over k, as the contract states it.
private func chain(_ m: Int, _ k: Int, _ n: Int, _ x: [Float], _ w: [Float], _ bias: (Int, Int) -> Float) -> [Float] {
    var y = [Float](repeating: 0, count: m * n)
    for i in 0..<m {
        for j in 0..<n {
            var a = bias(i, j)
            for l in 0..<k { a = a.addingProduct(x[i * k + l], w[l * n + j]) }
            y[i * n + j] = a
        }
    }
    return y
}

private func packed(_ table: KernelTable, _ k: Int, _ n: Int, _ w: [Float]) -> [Float] {
    output(KernelTable.gemmPackedCount(k, n)) { table.gemmPack(k, n, w, n, $0) }
}

@Suite struct GemmTests {
    static let sizes: [(Int, Int, Int)] = {
        var sizes = [(0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 0, 1), (1, 600, 70), (14, 1100, 33), (100, 3, 17), (200, 9, 5)]
        var noise = Noise(3)
        for n in 1...70 { sizes.append((1, 1 + noise.below(40), n)) }
        for m in 1...70 { sizes.append((m, 1 + noise.below(30), 1 + noise.below(70))) }
        return sizes
    }()

    @Test func theStatedChainOnEveryTable() {
        #expect(Self.sizes.count == 148)
        var noise = Noise(5)
        for (m, k, n) in Self.sizes {
            let x = noise.floats(m * k), w = noise.floats(k * n), columns = noise.floats(n), rows = noise.floats(m)
            let plain = chain(m, k, n, x, w) { _, _ in 0 }
            let byColumn = chain(m, k, n, x, w) { columns[$1] }
            let byRow = chain(m, k, n, x, w) { i, _ in rows[i] }
            for table in allTables {
                let p = packed(table, k, n, w)
                #expect(same(output(m * n) { table.gemm(m, k, n, x, k, p, nil, $0, n) }, plain), "\(table.name) \(m) \(k) \(n)")
                #expect(same(output(m * n) { table.gemm(m, k, n, x, k, p, columns, $0, n) }, byColumn))
                #expect(same(output(m * n) { table.gemmRowBias(m, k, n, x, k, p, rows, $0, n) }, byRow))
                #expect(
                    same(output(m * n) { table.gemm(m, k, n, x, k, p, columns, $0, n, .relu) }, byColumn.map { $0 < 0 ? 0 : $0 }))
            }
        }
    }

    @Test func endings() {
        var noise = Noise(71)
        for (m, k, n) in [(1, 5, 3), (1, 600, 70), (14, 1100, 33), (30, 3, 17), (7, 20, 64)] {
            let x = noise.floats(m * k), w = noise.floats(k * n), bias = noise.floats(n), addend = noise.floats(m * n)
            let plain = chain(m, k, n, x, w) { bias[$1] }
            let sums = zip(plain, addend).map { $0 + $1 }
            let relu: (Float) -> Float = { $0 < 0 ? 0 : $0 }
            for table in allTables {
                let p = packed(table, k, n, w)
                addend.withUnsafeBufferPointer { more in
                    func run(_ ending: Ending) -> [Float] {
                        output(m * n) { table.gemm(m, k, n, x, k, p, bias, $0, n, ending) }
                    }
                    #expect(same(run(Ending(addend: more.baseAddress)), sums))
                    #expect(same(run(Ending(.relu, addend: more.baseAddress)), sums.map(relu)))
                    #expect(
                        same(
                            run(Ending(.relu, addend: more.baseAddress, addsLast: true)), zip(plain, addend).map { relu($0) + $1 }
                        ))
                    #expect(same(run(Ending(.clip, a: -0.5, b: 1, addend: more.baseAddress)), sums.map { max(-0.5, min($0, 1)) }))
                    #expect(
                        same(
                            run(Ending(.clip, a: -0.5, b: 1, addend: more.baseAddress, addsLast: true)),
                            zip(plain, addend).map { max(-0.5, min($0, 1)) + $1 }))
                }
            }
        }
    }

    @Test func everyRowIsTheSameAloneAndInABatch() {
        var noise = Noise(11)
        let (m, k, n) = (131, 37, 51)
        let x = noise.floats(m * k), w = noise.floats(k * n), bias = noise.floats(n)
        for table in allTables {
            let p = packed(table, k, n, w)
            let batch = output(m * n) { table.gemm(m, k, n, x, k, p, bias, $0, n, .tanh) }
            for row in 0..<m {
                let alone = output(n) { table.gemm(1, k, n, Array(x[(row * k)...]), k, p, bias, $0, n, .tanh) }
                #expect(same(alone, Array(batch[(row * n)..<(row * n + n)])), "\(table.name) row \(row)")
            }
            let middle = output(40 * n) { table.gemm(40, k, n, Array(x[(57 * k)...]), k, p, bias, $0, n, .tanh) }
            #expect(same(middle, Array(batch[(57 * n)..<(97 * n)])))
        }
    }

    @Test func transposedPackingAndStrides() {
        var noise = Noise(13)
        for (k, n) in [(1, 1), (7, 19), (33, 64), (5, 70)] {
            let w = noise.floats(k * n)
            var turned = [Float](repeating: 0, count: n * (k + 3))
            for i in 0..<k { for j in 0..<n { turned[j * (k + 3) + i] = w[i * n + j] } }
            let x = noise.floats(5 * (k + 2))
            var tight: [Float] = []
            for r in 0..<5 { tight += x[(r * (k + 2))..<(r * (k + 2) + k)] }
            for table in allTables {
                let p = packed(table, k, n, w)
                let count = KernelTable.gemmPackedCount(k, n)
                #expect(same(p, output(count) { table.gemmPack(k, n, turned, k + 3, transposed: true, $0) }))
                let expected = chain(5, k, n, tight, w) { _, _ in 0 }
                var wide = [Float](repeating: 9, count: 5 * (n + 4))
                table.gemm(5, k, n, x, k + 2, p, nil, &wide, n + 4)
                for r in 0..<5 {
                    #expect(same(Array(wide[(r * (n + 4))..<(r * (n + 4) + n)]), Array(expected[(r * n)..<(r * n + n)])))
                    #expect(wide[(r * (n + 4) + n)..<((r + 1) * (n + 4))].allSatisfy { $0 == 9 })
                }
            }
        }
    }

    @Test func dots() {
        var noise = Noise(17)
        for k in 0..<70 {
            let (m, n) = (3, 1 + k % 5)
            let x = noise.floats(m * k), w = noise.floats(n * k), bias = noise.floats(n)
            var expected: [Float] = []
            for i in 0..<m {
                for j in 0..<n {
                    let pairs = (0..<k).map { Float($0) }
                    let sum = laneFold(pairs, start: 0, { $0.addingProduct(x[i * k + Int($1)], w[j * k + Int($1)]) }, +)
                    expected.append(sum + bias[j])
                }
            }
            for table in allTables {
                #expect(same(output(m * n) { table.dots(m, k, n, x, k, w, k, bias, $0, n) }, expected), "\(table.name) \(k)")
            }
        }
    }

    @Test func float64() {
        var noise = Noise(19)
        for (m, k, n) in [
            (0, 1, 1), (1, 0, 3), (1, 5, 1), (3, 8, 8), (4, 17, 23), (9, 40, 16), (13, 3, 31), (1, 9, 70), (110, 5, 25),
        ] {
            let x = noise.floats(m * k).map { Double($0) * 1.1 }, w = noise.floats(k * n).map { Double($0) * 0.9 }
            let bias = noise.floats(n).map { Double($0) * 0.3 }
            var expected = [Double](repeating: 0, count: m * n)
            for i in 0..<m {
                for j in 0..<n {
                    var a = bias[j]
                    for l in 0..<k { a = a.addingProduct(x[i * k + l], w[l * n + j]) }
                    expected[i * n + j] = a
                }
            }
            var turned = [Double](repeating: 0, count: k * n)
            for l in 0..<k { for j in 0..<n { turned[j * k + l] = w[l * n + j] } }
            for table in allTables {
                var p = [Double](repeating: 0, count: KernelTable.gemmDoublePackedCount(k, n)), q = p
                var y = [Double](repeating: 0, count: m * n), z = y
                table.gemmDoublePack(k, n, w, n, &p)
                table.gemmDoublePack(k, n, turned, k, transposed: true, &q)
                #expect(same(p, q))
                table.gemmDouble(m, k, n, x, k, p, bias, &y, n)
                table.gemmDouble(m, k, n, x, k, p, bias, &z, n, relu: true)
                #expect(same(y, expected), "\(table.name) \(m) \(k) \(n)")
                #expect(same(z, expected.map { $0 < 0 ? 0 : $0 }))
            }
        }
    }
}

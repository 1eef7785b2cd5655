import SeptumKernels
import Testing

/// Bytes of a repeatable sequence, the extremes among them.
private func bytes(_ n: Int, _ noise: inout Noise) -> [UInt8] {
    (0..<n).map { _ in
        switch noise.below(8) {
        case 0: 0
        case 1: 128
        case 2: 255
        default: UInt8(noise.below(256))
        }
    }
}

/// Vectors as the endings want them: on to whole sixteens.
private func whole<T>(_ values: [T], _ filler: T) -> [T] {
    values + [T](repeating: filler, count: (16 - values.count % 16) % 16)
}

@Suite struct IntegerTests {
    static let sizes: [(Int, Int, Int)] = {
        var sizes = [(0, 3, 4), (3, 0, 4), (1, 0, 1), (1, 600, 70), (14, 1100, 33), (100, 3, 17), (200, 9, 5), (97, 64, 48)]
        var noise = Noise(3)
        for n in 1...70 { sizes.append((1, 1 + noise.below(40), n)) }
        for m in 1...40 { sizes.append((m, 1 + noise.below(30), 1 + noise.below(70))) }
        // Deep ones, which tiles take.
        for m in 1...40 { sizes.append((m, 45 + noise.below(150), 1 + noise.below(70))) }
        sizes += [(96, 128, 33), (101, 192, 64), (130, 100, 40)]
        return sizes
    }()

    /// What every table writes for each kind of ending, from sums by definition.
    @Test func theSumsOnEveryTable() {
        #expect(Self.sizes.count == 161)
        var noise = Noise(29)
        for (m, k, n) in Self.sizes {
            let x = bytes(m * k, &noise), w = bytes(k * n, &noise)
            let start = (0..<n).map { _ in Int32(noise.below(100_000)) - 50_000 }
            let scale = noise.floats(n, scale: 0.01), addend = noise.floats(n)
            for isSigned in [false, true] {
                var sums = [Int32](repeating: 0, count: m * n)
                for i in 0..<m {
                    for j in 0..<n {
                        var sum = start[j]
                        for l in 0..<k {
                            let factor = isSigned ? Int32(Int8(bitPattern: x[i * k + l])) + 128 : Int32(x[i * k + l])
                            sum += factor * Int32(Int8(bitPattern: w[l * n + j]))
                        }
                        sums[i * n + j] = sum
                    }
                }
                let products = sums.indices.map { Float(sums[$0]) * scale[$0 % max(1, n)] }
                let floats = products.indices.map { products[$0] + addend[$0 % max(1, n)] }
                let quantized = floats.map { UInt8(min(255, max(0, $0.rounded(.toNearestOrEven) + 7))) }
                let signed = products.map { Int8(min(100, max(-128, $0.rounded(.toNearestOrEven) - 3))) }
                for table in allTables + otherTables {
                    let run = Run(table, m, k, n, x, w, isSigned, start, scale, addend)
                    #expect(run.sums() == sums, "\(table.name) \(m) \(k) \(n)")
                    #expect(same(run.ended(as: Float.self), products))
                    #expect(same(run.ended(adds: true, as: Float.self), floats))
                    #expect(
                        same(
                            run.ended(relu: true, adds: true, as: Float.self),
                            floats.map { $0 < 0 ? 0 : $0 }))
                    #expect(
                        run.ended(adds: true, range: (-7, 248), zero: 7, as: UInt8.self)
                            == quantized)
                    #expect(run.ended(range: (-125, 103), zero: -3, as: Int8.self) == signed)
                }
            }
        }
    }

    @Test func sumsWrap() {
        let (k, n) = (70_000, 3)
        let x = [UInt8](repeating: 255, count: k), w = [UInt8](repeating: 127, count: k * n)
        let expected = Int32(truncatingIfNeeded: 255 * 127 * k)
        for table in allTables + otherTables {
            let run = Run(table, 1, k, n, x, w, false, [0, 0, 0], [1, 1, 1], [0, 0, 0])
            #expect(run.sums() == [expected, expected, expected])
        }
    }

    /// One product on one table.
    private struct Run {
        let table: KernelTable
        let (m, k, n): (Int, Int, Int)
        let x: [UInt8]
        let isSigned: Bool
        let packed: [UInt8]
        let start: [Int32]
        let scale: [Float]
        let addend: [Float]

        init(
            _ table: KernelTable, _ m: Int, _ k: Int, _ n: Int, _ x: [UInt8], _ w: [UInt8], _ isSigned: Bool, _ start: [Int32],
            _ scale: [Float], _ addend: [Float]
        ) {
            (self.table, self.m, self.k, self.n, self.x, self.isSigned) = (table, m, k, n, x, isSigned)
            var packed = [UInt8](repeating: 0xaa, count: table.integerPackedByteCount(k, n))
            table.integerPack(k, n, w, &packed)
            self.packed = packed
            (self.start, self.scale, self.addend) = (whole(start, 0), whole(scale, 0), whole(addend, 0))
        }

        func sums() -> [Int32] {
            start.withUnsafeBufferPointer { start in
                guard let first = start.baseAddress else { return [] }
                return output(IntegerEnding(start: first), as: Int32.self)
            }
        }

        func ended<T: BitwiseCopyable & ExpressibleByIntegerLiteral & Equatable>(
            relu: Bool = false, adds: Bool = false, range: (Float, Float)? = nil, zero: Int32 = 0, as type: T.Type
        ) -> [T] {
            start.withUnsafeBufferPointer { start in
                scale.withUnsafeBufferPointer { scale in
                    addend.withUnsafeBufferPointer { addend in
                        guard let first = start.baseAddress else { return [] }
                        var ending = IntegerEnding(
                            start: first, scale: scale.baseAddress, addend: adds ? addend.baseAddress : nil)
                        (ending.relu, ending.zero, ending.storesBytes) = (relu ? 1 : 0, zero, range == nil ? 0 : 1)
                        if let range { (ending.low, ending.high) = range }
                        return output(ending, as: type)
                    }
                }
            }
        }

        private func output<T: BitwiseCopyable & ExpressibleByIntegerLiteral & Equatable>(
            _ ending: IntegerEnding, as type: T.Type
        ) -> [T] {
            var y = [T](repeating: 77, count: m * n + 64)
            var scratch = [UInt8](repeating: 0, count: max(1, table.integerScratchByteCount(m, k)))
            table.integerProduct(m, k, n, x, isSigned: isSigned, packed, &y, ending, scratch: &scratch)
            #expect(y[(m * n)...].allSatisfy { $0 == 77 }, "written beyond the end")
            return Array(y[..<(m * n)])
        }
    }
}

import SeptumKernels
import Testing

@Suite struct ConversionTests {
    /// What a conversion writes; nothing beyond.
    private static func converted<A: BitwiseCopyable, B: BitwiseCopyable & Equatable>(
        _ table: KernelTable, _ conversion: Conversion, _ x: [A], _ mark: B
    ) -> [B] {
        var y = [B](repeating: mark, count: x.count + 16)
        x.withUnsafeBytes { source in
            y.withUnsafeMutableBytes { target in
                if let from = source.baseAddress, let to = target.baseAddress { table.convert(conversion, x.count, from, to) }
            }
        }
        #expect(y[x.count...].allSatisfy { $0 == mark })
        return Array(y[..<x.count])
    }

    @Test func everyHalf() {
        let patterns = (0...UInt16.max).map { $0 }
        for table in allTables {
            let wide = Self.converted(table, .float16ToFloat, patterns, Float(7))
            let upper = Self.converted(table, .bfloat16ToFloat, patterns, Float(7))
            for (pattern, values) in zip(patterns, zip(wide, upper)) {
                #expect(same(values.0, Float(Float16(bitPattern: pattern))), "\(table.name) \(pattern)")
                #expect(same(values.1, Float(bitPattern: UInt32(pattern) << 16)))
            }
            let back = Self.converted(table, .floatToFloat16, wide, UInt16(9))
            for (pattern, value) in zip(patterns, back) {
                #expect(value == pattern || Float16(bitPattern: pattern).isNaN && Float16(bitPattern: value).isNaN)
            }
        }
    }

    @Test func roundingToHalves() {
        // Around every border between two halves.
        var x = samples
        for pattern in stride(from: UInt16(0), to: 0x7c00, by: 7) {
            let (a, b) = (Double(Float16(bitPattern: pattern)), Double(Float16(bitPattern: pattern + 1)))
            let middle = Float(b.isInfinite ? 65520 : (a + b) / 2)
            x += [middle, middle.nextUp, middle.nextDown, -middle, -middle.nextUp, -middle.nextDown]
        }
        for table in allTables {
            let half = Self.converted(table, .floatToFloat16, x, UInt16(9))
            let upper = Self.converted(table, .floatToBFloat16, x, UInt16(9))
            for (value, found) in zip(x, zip(half, upper)) {
                let expected = Float16(value)
                let got = Float16(bitPattern: found.0)
                #expect(got.bitPattern == expected.bitPattern || got.isNaN && expected.isNaN, "\(table.name) \(value)")
                let bits = value.bitPattern
                if value.isNaN {
                    #expect(Float(bitPattern: UInt32(found.1) << 16).isNaN)
                } else {
                    #expect(found.1 == UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16))
                }
            }
        }
    }

    @Test func integersAndTails() {
        var noise = Noise(83)
        for n in 0..<40 {
            let x = (0..<n).map { _ in Int32(truncatingIfNeeded: noise.next()) >> Int32(noise.below(30)) }
            let whole = x.map { Float($0 % (1 << 24)) }
            for table in allTables {
                #expect(Self.converted(table, .int32ToFloat, x, Float(7)) == x.map { Float($0) })
                #expect(Self.converted(table, .floatToInt32, whole, Int32(7)) == whole.map { Int32($0) })
                let halves = whole.map { Float16($0 / 4096) }
                #expect(Self.converted(table, .float16ToFloat, halves, Float(7)) == halves.map { Float($0) })
                #expect(Self.converted(table, .floatToFloat16, whole, Float16(7)) == whole.map { Float16($0) })
            }
        }
    }

    private func quantization<T: FixedWidthInteger & BitwiseCopyable>(_ type: QuantizedType, _: T.Type) {
        var noise = Noise(89)
        for n in Array(0..<40) + [700] {
            for step in [0, 1] {
                let scales = (0..<max(1, n)).map { _ in 0.01 + abs(noise.float()) }
                let zeros = (0..<max(1, n)).map { _ in Float(T(truncatingIfNeeded: noise.next())) }
                var x = noise.floats(n, scale: 300)
                if n > 20 { x.replaceSubrange(0..<5, with: [.nan, .infinity, -.infinity, 3e38, 0.5 * scales[0]]) }
                func expected(_ multiplies: Bool) -> [T] {
                    x.indices.map { i in
                        let (s, z) = (scales[i * step], zeros[i * step])
                        let moved = (multiplies ? x[i] * s : x[i] / s).rounded(.toNearestOrEven) + z
                        return moved.isNaN ? T(z) : T(min(max(moved, Float(T.min)), Float(T.max)))
                    }
                }
                let codes = expected(false)
                let back = codes.indices.map { (Float(codes[$0]) - zeros[$0 * step]) * scales[$0 * step] }
                for table in allTables {
                    for multiplies in [false, true] {
                        var y = [T](repeating: 3, count: n + 16)
                        y.withUnsafeMutableBytes { target in
                            guard let to = target.baseAddress else { return }
                            table.quantize(type, n, x, scale: scales, zero: zeros, step: step, multiplies: multiplies, to)
                        }
                        #expect(y == expected(multiplies) + [T](repeating: 3, count: 16), "\(table.name) \(n)")
                    }
                    let values = output(n) { out in
                        codes.withUnsafeBytes { source in
                            guard let from = source.baseAddress else { return }
                            table.dequantize(type, n, from, scale: scales, zero: zeros, step: step, out)
                        }
                    }
                    #expect(same(values, back))
                }
            }
        }
    }

    @Test func quantizing() {
        quantization(.int8, Int8.self)
        quantization(.uint8, UInt8.self)
        quantization(.int16, Int16.self)
        quantization(.uint16, UInt16.self)
    }
}

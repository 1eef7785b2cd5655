import Foundation
import SeptumKernels
import Testing

@Suite struct BinaryTests {
    static func expected(_ operation: BinaryOperation, _ a: Float, _ b: Float) -> Float {
        switch operation {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .maximum: a.isNaN || b.isNaN ? .nan : a > b ? a : b
        case .minimum: a.isNaN || b.isNaN ? .nan : a < b ? a : b
        case .power: Float(pow(Double(a), Double(b)))
        }
    }

    static let edges: [Float] = [
        0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5, 8_388_607, 8_388_608, 16_777_215, 16_777_216, -16_777_215, .infinity,
        -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
        1.0000001, 0.99999994, 127.5, -149.2, 1e30, 1e-30,
    ]

    @Test(arguments: BinaryOperation.allCases) func everyPair(_ operation: BinaryOperation) {
        var noise = Noise(43)
        var a: [Float] = [], b: [Float] = []
        for x in Self.edges { for y in Self.edges { (a, b) = (a + [x], b + [y]) } }
        for _ in 0..<3000 { (a, b) = (a + [exp(8 * noise.float())], b + [10 * noise.float()]) }
        let limit = operation == .power ? 0.51 : 0.5
        for table in allTables {
            let z = output(a.count) { table.binary(operation, a.count, a, b, $0) }
            for i in a.indices {
                let e = Self.expected(operation, a[i], b[i])
                if operation == .power {
                    let error = ulps(z[i], pow(Double(a[i]), Double(b[i])))
                    #expect(error <= limit || same(z[i], e), "\(a[i]) \(b[i]): \(z[i]) \(e)")
                    #expect(z[i] != 0 || z[i].sign == e.sign)
                } else {
                    #expect(same(z[i], e), "\(table.name) \(a[i]) \(b[i])")
                }
            }
        }
    }

    @Test(arguments: BinaryOperation.allCases) func stepsAndTails(_ operation: BinaryOperation) {
        var noise = Noise(47)
        let a = noise.floats(70).map { abs($0) }, b = noise.floats(70)
        for table in allTables {
            for n in 0..<70 {
                let both = output(n) { table.binary(operation, n, a, b, $0) }
                #expect(same(both, (0..<n).map { Self.expected(operation, a[$0], b[$0]) }))
                let left = output(n) { table.binary(operation, n, a, b, $0, xStep: 0) }
                #expect(same(left, (0..<n).map { Self.expected(operation, a[0], b[$0]) }))
                let right = output(n) { table.binary(operation, n, a, b, $0, yStep: 0) }
                #expect(same(right, (0..<n).map { Self.expected(operation, a[$0], b[0]) }))
            }
        }
    }
}

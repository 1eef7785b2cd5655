import Foundation
import SeptumKernels
import Testing

/// A function, its parameters, its exact value and the error allowed.
struct UnaryCase: CustomTestStringConvertible, Sendable {
    let operation: UnaryOperation
    var a: Float = 0
    var b: Float = 0
    var limit = 0.5
    let exact: @Sendable (Double) -> Double
    var testDescription: String { "\(operation)" }
}

private func expm1OrMore(_ a: Double, _ x: Double) -> Double { x < 0 ? a * expm1(x) : x }

let unaryCases: [UnaryCase] = [
    .init(operation: .identity) { $0 },
    .init(operation: .relu) { $0 < 0 ? 0 : $0 },
    .init(operation: .tanh, limit: 2) { tanh($0) },
    .init(operation: .sigmoid, limit: 2) { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) },
    .init(operation: .leakyRelu, a: 0.1) { $0 < 0 ? Double(Float(0.1)) * $0 : $0 },
    .init(operation: .elu, a: 1, limit: 2) { expm1OrMore(1, $0) },
    .init(operation: .selu, a: 1.6732632, b: 1.050701, limit: 2) {
        Double(Float(1.050701)) * expm1OrMore(Double(Float(1.6732632)), $0)
    },
    .init(operation: .gelu, limit: 2) { $0 == -.infinity ? 0 : 0.5 * $0 * erfc(-$0 * 0.5.squareRoot()) },
    .init(operation: .softplus, limit: 2) { $0 > 0 ? $0 + log1p(exp(-$0)) : log1p(exp($0)) },
    .init(operation: .exp, limit: 1) { exp($0) },
    .init(operation: .log, limit: 1) { log($0) },
    .init(operation: .erf, limit: 2) { erf($0) },
    .init(operation: .sqrt) { $0.squareRoot() },
    .init(operation: .reciprocal) { 1 / $0 },
    .init(operation: .abs) { abs($0) },
    .init(operation: .neg) { -$0 },
    .init(operation: .floor) { floor($0) },
    .init(operation: .ceil) { ceil($0) },
    .init(operation: .round) { $0.rounded(.toNearestOrEven) },
    .init(operation: .sin, limit: 2) { sin($0) },
    .init(operation: .cos, limit: 2) { cos($0) },
    .init(operation: .clip, a: -0.5, b: 2.5) { $0 < -0.5 ? -0.5 : $0 > 2.5 ? 2.5 : $0 },
    .init(operation: .silu, limit: 0.51) { $0 == -.infinity ? 0 : $0 < 0 ? $0 * exp($0) / (1 + exp($0)) : $0 / (1 + exp(-$0)) },
    .init(operation: .hardSigmoid, a: 0.25, b: 0.5) { x in
        let y = 0.25 * x + 0.5
        return y < 0 ? 0 : y > 1 ? 1 : y
    },
    .init(operation: .mish, limit: 0.51) { x in
        if x == -.infinity { return 0 }
        let e = exp(-abs(x))
        return x < 0 ? x * e * (e + 2) / (e * (e + 2) + 2) : x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e)
    },
    .init(operation: .geluTanh, limit: 0.51) {
        $0 == -.infinity ? 0 : $0 / (1 + exp(-2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    },
    .init(operation: .softsign, limit: 1.5) { $0 / (1 + abs($0)) },
    .init(operation: .hardSwish, limit: 2) { $0 >= 3 ? $0 : $0 <= -3 ? $0 * 0 : $0 * ($0 + 3) / 6 },
    .init(operation: .atan, limit: 1.5) { atan($0) },
]

/// Every kind of float: patterns evenly over all of them, everyday values, and the edges.
let samples: [Float] = {
    var noise = Noise(7)
    var values: [Float] = [
        0, -0.0, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
        -.leastNonzeroMagnitude, .leastNormalMagnitude, 0.5, 1.5, 2.5, -0.5, -1.5, 0x1p23, 0x1p22, -0x1p22, 0x1p16, 71476,
        88.72283, 88.72284, -87.33654, -103.97208, -103.9721, .pi, .pi / 2, 6.2831855, 1e22, 16.5, -0.49999997, 0.62, 0.92,
    ]
    values += stride(from: UInt32(0), to: UInt32.max - 65_521, by: 65_521).map { Float(bitPattern: $0) }
    for scale: Float in [1, 10, 100, 1e5] { values += noise.floats(20_000, scale: scale) }
    return values
}()

@Suite struct UnaryTests {
    @Test func everyOperationIsCovered() {
        #expect(unaryCases.map(\.operation) == UnaryOperation.allCases)
    }

    @Test(arguments: unaryCases) func accuracyAndBits(_ c: UnaryCase) {
        let results = allTables.map { table in
            output(samples.count) { table.unary(c.operation, samples.count, samples, $0, a: c.a, b: c.b) }
        }
        var worst = (0.0, Float.zero, Float.zero)
        for (x, y) in zip(samples, results[0]) {
            let e = ulps(y, c.exact(Double(x)))
            if e > worst.0 { worst = (e, x, y) }
        }
        #expect(worst.0 <= c.limit, "worst \(worst.0) ulp at \(worst.1): \(worst.2)")
        for (table, result) in zip(allTables, results) { #expect(same(result, results[0]), "\(table.name)") }
    }

    @Test(arguments: unaryCases) func tailsAndPositions(_ c: UnaryCase) {
        let x = Array(samples.suffix(70))
        for table in allTables {
            let whole = output(70) { table.unary(c.operation, 70, x, $0, a: c.a, b: c.b) }
            for n in 0..<70 {
                let part = Array(x[(70 - n)...])
                let y = output(n) { table.unary(c.operation, n, part, $0, a: c.a, b: c.b) }
                #expect(same(y, Array(whole[(70 - n)...])))
            }
        }
    }

    @Test func signsOfZero() {
        let keep: [UnaryOperation] = [.tanh, .erf, .sqrt, .floor, .ceil, .round, .sin, .elu, .gelu, .identity, .atan]
        for table in allTables {
            for operation in keep {
                let y = output(1) { table.unary(operation, 1, [-0.0], $0, a: 1, b: 1) }
                #expect(y[0] == 0 && y[0].sign == .minus, "\(operation) \(table.name)")
            }
        }
    }
}

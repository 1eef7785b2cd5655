import SeptumTensor
import Testing

/// The elementary functions against mpmath, and at the edges against numpy.
@Suite struct FunctionTests {
    static let functions: [(name: String, limit: Double, function: @Sendable (Double) -> Double)] = [
        ("exp", 1, Elementary.exp), ("expm1", 1, Elementary.expm1), ("log", 1, Elementary.log), ("log10", 1, Elementary.log10),
        ("log1p", 1, Elementary.log1p), ("sin", 1, Elementary.sin), ("cos", 1, Elementary.cos), ("tan", 1, Elementary.tan),
        ("asin", 1, Elementary.asin), ("acos", 1, Elementary.acos), ("atan", 1, Elementary.atan), ("sinh", 1, Elementary.sinh),
        ("cosh", 1, Elementary.cosh), ("tanh", 1, Elementary.tanh), ("asinh", 1, Elementary.asinh),
        ("acosh", 1, Elementary.acosh), ("atanh", 1, Elementary.atanh), ("erf", 1, Elementary.erf), ("erfc", 1, Elementary.erfc),
    ]

    private let entries: [String: [Double]]

    init() throws {
        let path = #filePath.replacing("Tests/Tensor/FunctionTests.swift", with: "Fixtures/functions/values.npz")
        entries = Dictionary(
            uniqueKeysWithValues: try Npz.read(path: path).map { ($0.name, try $0.tensor.array(of: Double.self)) })
    }

    private func entry(_ name: String) throws -> [Double] { try #require(entries[name]) }

    /// The error in units in the last place of the expected value.
    private func ulps(_ found: Double, _ expected: Double, _ rest: Double) -> Double {
        if expected.isNaN || expected.isInfinite || found.isInfinite || found.isNaN {
            return found == expected || found.isNaN && expected.isNaN ? 0 : .infinity
        }
        return abs((found - expected) - rest) / expected.ulp
    }

    private func areEqual(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

    @Test(arguments: functions.map(\.name)) func isExactToTheLastPlace(_ name: String) throws {
        let (_, limit, function) = try #require(Self.functions.first { $0.name == name })
        let (x, y, rest) = (try entry("\(name).x"), try entry("\(name).y"), try entry("\(name).rest"))
        #expect(x.count >= 320 && y.count == x.count && rest.count == x.count)
        var worst = (error: 0.0, x: 0.0)
        for index in x.indices {
            let error = ulps(function(x[index]), y[index], rest[index])
            if error > worst.error { worst = (error, x[index]) }
        }
        #expect(worst.error <= limit, "\(worst.error) at \(worst.x): \(function(worst.x))")
        for (x, expected) in zip(try entry("edges"), entries["\(name).edges"] ?? []) where isEdge(x, expected) {
            #expect(areEqual(function(x), expected), "\(name)(\(x)): \(function(x)), numpy says \(expected)")
        }
    }

    /// Whether numpy's value is one that does not depend on rounding.
    private func isEdge(_ x: Double, _ expected: Double) -> Bool {
        expected.isNaN || expected.isInfinite || expected == 0 || expected == x || abs(expected) == 1
    }

    @Test func powers() throws {
        let (x, exponent) = (try entry("pow.x"), try entry("pow.exponent"))
        let (y, rest) = (try entry("pow.y"), try entry("pow.rest"))
        #expect(x.count == 305)
        var worst = (error: 0.0, x: 0.0, y: 0.0)
        for index in x.indices {
            let error = ulps(Elementary.pow(x[index], exponent[index]), y[index], rest[index])
            if error > worst.error { worst = (error, x[index], exponent[index]) }
        }
        #expect(worst.error <= 1, "\(worst)")
        let (points, table) = (try entry("pow.points"), try entry("pow.edges"))
        #expect(points.count == 18 && table.count == 324)
        for (i, x) in points.enumerated() {
            for (j, y) in points.enumerated() {
                let (found, expected) = (Elementary.pow(x, y), table[i * points.count + j])
                guard isEdge(x, expected) else { continue }
                #expect(areEqual(found, expected), "pow(\(x), \(y)): \(found), numpy says \(expected)")
            }
        }
    }

    @Test func symmetries() {
        for x in stride(from: 0.001, to: 50, by: 0.137) {
            for (name, _, function) in Self.functions where ["sin", "tan", "atan", "sinh", "tanh", "asinh", "erf"].contains(name)
            {
                #expect(function(-x) == -function(x), "\(name)(\(x))")
            }
            #expect(Elementary.cos(-x) == Elementary.cos(x) && Elementary.cosh(-x) == Elementary.cosh(x))
        }
        #expect(Elementary.erf(.nan).isNaN && Elementary.erfc(.nan).isNaN)
        #expect(Elementary.erf(.infinity) == 1 && Elementary.erfc(-.infinity) == 2 && Elementary.erfc(.infinity) == 0)
        #expect(Elementary.erf(-0.0).sign == .minus)
    }
}

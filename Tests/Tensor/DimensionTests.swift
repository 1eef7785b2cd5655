import SeptumTensor
import Testing

@Suite struct DimensionTests {
    let n: Dimension = "n"
    let m: Dimension = "m"

    @Test func keepsNormalForm() {
        #expect(n * 2 + n == 3 * n)
        #expect(n + m == m + n)
        #expect(n * m == m * n)
        #expect((n + 1) * (n - 1) == n * n - 1)
        #expect(n - n == 0)
        #expect((n + 2) - n == 2)
        #expect(n.symbolName == "n")
        #expect((n + 1).symbolName == nil)
        #expect((n * m + 1).symbols == ["m", "n"])
        #expect((6 * n + 4).dividedRoundingDown(by: 2) == 3 * n + 2)
        #expect((n * m).dividedRoundingDown(by: n) == m)
        #expect(Dimension.maximum(n + 1, n) == n + 1)
        #expect(Dimension.minimum(n + 1, n) == n)
    }

    @Test func comparesWhatCanBeKnown() {
        #expect(n.isProvablyEqual(to: n))
        #expect(!n.isProvablyEqual(to: m))
        #expect((n + 1).isProvablyDifferent(from: n))
        #expect(!n.isProvablyDifferent(from: m))
        #expect(!Dimension.unknown.isProvablyEqual(to: .unknown))
        #expect(!Dimension.unknown.isProvablyDifferent(from: 1))
    }

    @Test(arguments: [
        (-7, 2, -4, -3), (7, 2, 3, 4), (-7, -2, 3, 4), (7, -2, -4, -3), (6, 3, 2, 2), (0, 5, 0, 0),
    ]) func rounds(a: Int, b: Int, down: Int, up: Int) {
        #expect(Dimension.fixed(a).dividedRoundingDown(by: .fixed(b)) == .fixed(down))
        #expect(Dimension.fixed(a).dividedRoundingUp(by: .fixed(b)) == .fixed(up))
        let bindings = ["n": a]
        let symbolic = n.dividedRoundingDown(by: .fixed(b))
        #expect(symbolic.value(bindings) == down)
    }

    @Test func givesUpOnOverflow() {
        #expect(Dimension.fixed(.max) + 1 == .unknown)
        #expect(Dimension.fixed(.max) * 2 == .unknown)
        #expect(n * .fixed(.max) * 2 == .unknown)
        #expect(Dimension.fixed(0) - Dimension.fixed(.min) == .unknown)
        #expect(Dimension.fixed(1).dividedRoundingDown(by: 0) == .unknown)
        #expect((n * n).value(["n": .max]) == nil)
        #expect((n + 1).value(["n": .max]) == nil)
        #expect((n + 1).value([:]) == nil)
        #expect(Dimension.unknown + 1 == .unknown)
        var power = n + m + 1
        for _ in 0..<10 { power = power * power }
        #expect(power == .unknown)
        var nest = n
        for index in 0..<20 { nest = .maximum(nest, .symbol("s\(index)")) }
        #expect(nest == .unknown)
    }

    static let printed: [Dimension] = {
        let (n, m): (Dimension, Dimension) = ("n", "m")
        return [
            0, -3, .fixed(.max), .fixed(.min + 1), .unknown, n, .symbol("two words"), .symbol("1st"), n + 1, 2 * n - 3 * m,
            n * n * m - 1, (n + 1).dividedRoundingDown(by: 2), (n + 1).dividedRoundingUp(by: 3), .maximum(n, 2 * m),
            .minimum(n, m), .maximum(n.dividedRoundingDown(by: 2), n * m), .symbol("floor"), .symbol("max"),
        ]
    }()

    @Test func printsWhatItParses() throws {
        #expect(DimensionTests.printed.count == 18)
        for dimension in DimensionTests.printed {
            #expect(Dimension(parsing: dimension.description) == dimension, "\(dimension)")
        }
        #expect((n + n).description == "2*n")
        #expect(Dimension(parsing: " batch * 2 + 1 ") == 2 * Dimension.symbol("batch") + 1)
    }

    @Test(arguments: ["", "+", "2n", "n n", "floor(n)", "max(n, ", "n+", "`n", "(n)", "n**2", "é(1)", "99999999999999999999"])
    func refuses(text: String) {
        #expect(Dimension(parsing: text) == nil)
    }

    @Test func survivesDeepText() {
        let deep = String(repeating: "max(", count: 100_000) + "n"
        #expect(Dimension(parsing: deep) == nil)
    }
}

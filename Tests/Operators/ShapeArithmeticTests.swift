import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ShapeArithmeticTests {
    let n = Fact(.int64, [1], elements: ["n"])

    func number(_ value: Int64) throws -> Fact { Fact(constant: try Tensor([], [value])) }

    func result(_ op: any Operator, _ inputs: Fact?...) throws -> Dimension? {
        try op.infer(Facts(inputs)).first?.elements?.first
    }

    @Test func arithmeticIsFollowed() throws {
        #expect(try result(Op.Add(), n, number(3)) == "n" + 3)
        #expect(try result(Op.Mul(), n, n) == "n" * "n")
        #expect(try result(Op.Neg(), n) == 0 - "n")
        #expect(try result(Op.Max(), n, number(0)) == .maximum("n", 0))
        #expect(try result(Op.Cast(to: .int32), n) == "n")
        #expect(try result(Op.Sum(), n, n, number(1)) == "n" + "n" + 1)
    }

    @Test func divisionIsFollowedWhereItRoundsDown() throws {
        #expect(try result(Op.Div(), n, number(2)) == Dimension("n").dividedRoundingDown(by: 2))
        #expect(try result(Op.Mod(), n, number(2)) == Dimension("n") - 2 * Dimension("n").dividedRoundingDown(by: 2))
        let less = Fact(.int64, [1], elements: ["n" - 3])
        #expect(try result(Op.Div(), less, number(2)) == .unknown)
        #expect(try result(Op.Div(), Fact(.int64, [1], elements: [0 - 4 * Dimension("n")]), number(2)) == 0 - 2 * Dimension("n"))
        #expect(try result(Op.Div(), number(-7), number(2)) == -3)
        #expect(try result(Op.Div(), n, number(0)) == .unknown)
        #expect(try result(Op.Mod(), number(-7), number(2)) == 1)
        #expect(try result(Op.Mod(fmod: true), number(-7), number(2)) == -1)
    }

    /// The pattern by which PyTorch exports `expand`: `Where(shape == -1, 1, shape)`.
    @Test func comparisonsWithSizesAreDecided() throws {
        let shape = Fact(.int64, [2], elements: ["n", 4])
        let equal = try Op.Equal().infer(Facts([shape, number(-1)]))[0]
        #expect(try equal.constant?.array(of: Bool8.self) == [false, false])
        let chosen = try Op.Where().infer(Facts([equal, number(1), shape]))[0]
        #expect(chosen.elements == ["n", 4])
        #expect(try Op.Equal().infer(Facts([shape, number(3)]))[0].constant == nil)
        #expect(try Op.Less().infer(Facts([shape, number(0)]))[0].constant?.array(of: Bool8.self) == [false, false])
        #expect(try Op.Greater().infer(Facts([n, number(0)]))[0].constant == nil)
    }

    @Test func overflowIsNotFollowed() throws {
        let most = Fact(constant: try Tensor([], [Int64.max]))
        #expect(try result(Op.Add(), most, number(1)) == .unknown)
        let most32 = Fact(constant: try Tensor([], [Int32.max]))
        #expect(try result(Op.Add(), most32, most32) == .unknown)
        #expect(
            try result(Op.Add(), Fact(constant: try Tensor([], [Int8.max])), Fact(constant: try Tensor([], [Int8(1)]))) == nil)
    }
}

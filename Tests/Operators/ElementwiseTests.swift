import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ElementwiseTests {
    static let cases = OperatorCase.family("elementwise")

    @Test func caseCount() { #expect(ElementwiseTests.cases.count == 424) }

    @Test(arguments: cases) func agreesWithONNX(_ testCase: OperatorCase) throws { try testCase.check() }

    @Test func integersWrap() throws {
        let least = try Tensor([1], [Int32.min])
        let (one, minusOne) = (try Tensor([1], [Int32(1)]), try Tensor([1], [Int32(-1)]))
        #expect(try elements(Op.Div(), least, minusOne, of: Int32.self) == [.min])
        #expect(try elements(Op.Mod(), least, minusOne, of: Int32.self) == [0])
        #expect(try elements(Op.Neg(), least, of: Int32.self) == [.min])
        #expect(try elements(Op.Abs(), least, of: Int32.self) == [.min])
        #expect(try elements(Op.Sub(), least, one, of: Int32.self) == [.max])
        let least64 = try Tensor([1], [Int64.min])
        #expect(try elements(Op.Div(), least64, try Tensor([1], [Int64(-1)]), of: Int64.self) == [.min])
        #expect(try elements(Op.Mul(), try Tensor([1], [Int64.max]), try Tensor([1], [Int64(2)]), of: Int64.self) == [-2])
        #expect(
            try elements(Op.Pow(), try Tensor([1], [Int32(3)]), try Tensor([1], [Int64(40)]), of: Int32.self) == [689_956_897])
        #expect(try elements(Op.Add(), try Tensor([1], [UInt64.max]), try Tensor([1], [UInt64(2)]), of: UInt64.self) == [1])
        #expect(
            try elements(Op.Div(), try Tensor([1], [UInt64.max]), try Tensor([1], [UInt64(2)]), of: UInt64.self) == [.max / 2])
    }

    @Test func refusesDivisionByZero() throws {
        let (x, zero) = (try Tensor([2], [Int32(1), 2]), try Tensor([2], [Int32(1), 0]))
        for op in [Op.Div(), Op.Mod(), Op.Mod(fmod: true)] as [any Operator] {
            let error = try #require(throws: ModelError.self) { try elements(op, x, zero, of: Int32.self) }
            #expect(error.code == .invalidInput && error.description == "division of int32 by zero")
        }
        let none = try Tensor([0], [Int32]())
        #expect(try elements(Op.Div(), none, try Tensor([], [Int32(0)]), of: Int32.self).isEmpty)
        #expect(throws: ModelError.self) { try elements(Op.Pow(), x, try Tensor([1], [Int64(-1)]), of: Int32.self) }
        #expect(try elements(Op.Div(), try Tensor([1], [Float(1)]), try Tensor([1], [Float(0)]), of: Float.self) == [.infinity])
    }

    @Test func castsSaturate() throws {
        let x = try Tensor([5], [Float.nan, .infinity, -.infinity, 1e30, -2.9])
        #expect(try elements(Op.Cast(to: .int64), x, of: Int64.self) == [0, .max, .min, .max, -2])
        #expect(try elements(Op.Cast(to: .int8), x, of: Int8.self) == [0, 127, -128, 127, -2])
        #expect(try elements(Op.Cast(to: .uint64), x, of: UInt64.self) == [0, .max, 0, .max, 0])
        #expect(try elements(Op.Cast(to: .bool), x, of: Bool8.self) == [true, true, true, true, true])
        #expect(try elements(Op.Cast(to: .uint8), try Tensor([2], [Int32(300), -1]), of: UInt8.self) == [44, 255])
        #expect(
            try elements(Op.Cast(to: .float32), try Tensor([1], [Int64(16_777_217 << 29 | 1)]), of: Float.self)
                == [Float(Int64(16_777_217 << 29 | 1))])
    }

    @Test func castsStrings() throws {
        let words = try Tensor([4], strings: ["1.5", "-inf", "NaN", "1e3"])
        let numbers = try elements(Op.Cast(to: .float32), words, of: Float.self)
        #expect(numbers[0] == 1.5 && numbers[1] == -.infinity && numbers[2].isNaN && numbers[3] == 1000)
        let large = try Tensor([1], strings: ["9007199254740993"])
        #expect(try elements(Op.Cast(to: .int64), large, of: Int64.self) == [9_007_199_254_740_993])
        let error = try #require(throws: ModelError.self) {
            try elements(Op.Cast(to: .int64), try Tensor([1], strings: ["jet"]), of: Int64.self)
        }
        #expect(error.description == "the string 'jet' is not a number")
        let texts = try Op.Cast(to: .string).evaluate(Arguments([.tensor(try Tensor([2], [Int8(-7), 12]))]))
        #expect(texts.first?.tensor?.strings == ["-7", "12"])
    }

    @Test func boundsPropagateNaN() throws {
        let (nan, one) = (try Tensor([], [Float.nan]), try Tensor([], [Float(1)]))
        for op in [Op.Max(), Op.Min()] as [any Operator] {
            #expect(try elements(op, nan, one, of: Float.self)[0].isNaN)
            #expect(try elements(op, one, nan, of: Float.self)[0].isNaN)
        }
        #expect(try elements(Op.Clip(), nan, one, one, of: Float.self)[0].isNaN)
        #expect(try elements(Op.Relu(), nan, of: Float.self)[0].isNaN)
        #expect(try elements(Op.Clip(), try Tensor([], [Float(0)]), try Tensor([], [Float(3)]), one, of: Float.self) == [1])
    }

    @Test func activationsHoldFarOut() throws {
        let x = try Tensor([4], [Float.infinity, -.infinity, 1e4, -1e4])
        #expect(try elements(Op.Sigmoid(), x, of: Float.self) == [1, 0, 1, 0])
        #expect(try elements(Op.Softplus(), x, of: Float.self) == [.infinity, 0, 1e4, 0])
        #expect(try elements(Op.Elu(), x, of: Float.self) == [.infinity, -1, 1e4, -1])
        #expect(try elements(Op.HardSigmoid(), x, of: Float.self) == [1, 0, 1, 0])
    }

    @Test func emptyAndScalarShapesBroadcast() throws {
        let (none, scalar) = (try Tensor([0, 3], [Float]()), try Tensor([], [Float(2)]))
        #expect(try Op.Add().evaluate(Arguments([.tensor(none), .tensor(scalar)])).first?.tensor?.shape == [0, 3])
        #expect(try elements(Op.Mul(), scalar, scalar, of: Float.self) == [4])
        let (row, column) = (try Tensor([1, 3], [Int32(1), 2, 3]), try Tensor([2, 1], [Int32(10), 20]))
        #expect(try elements(Op.Add(), row, column, of: Int32.self) == [11, 12, 13, 21, 22, 23])
        #expect(try Op.Exp().evaluate(Arguments([.tensor(none)])).first?.tensor?.shape == [0, 3])
    }

    @Test func refusesWhatDoesNotFit() throws {
        let (floats, doubles) = (Fact(.float32, [2]), Fact(.float64, [2]))
        #expect(failure(Op.Add(), [floats, doubles]) == "input 1 holds float64, expected float32 as input 0 does")
        #expect(failure(Op.Add(), [floats, Fact(.float32, [3])]) == "dimensions 2 and 3 cannot be broadcast to each other")
        #expect(
            failure(Op.Sqrt(), [Fact(.string, [2])])
                == "input 0 holds string, expected one of bfloat16, float16, float32, float64")
        #expect(failure(Op.Not(), [floats]) == "input 0 holds float32, expected bool")
        #expect(failure(Op.Add(), [floats, nil]) == "input 1 is required")
        #expect(failure(Op.Clip(), [floats, floats]) == "input 1 has shape [2], expected a scalar")
        #expect(failure(Op.Where(), [floats, floats, floats]) == "input 0 holds float32, expected bool")
        #expect(failure(Op.Cast(to: .complex64), [floats]) == "elements of type float32 cannot be converted to complex64")
        let wide = try Tensor([2], [Float(1), 2])
        let error = try #require(throws: ModelError.self) {
            try elements(Op.PRelu(), try Tensor([], [Float(1)]), wide, of: Float.self)
        }
        #expect(error.description == "a slope of shape [2] cannot be broadcast to shape []")
    }

    @Test func castToTheSameTypeIsIdentity() {
        #expect(Op.Cast(to: .float32).isIdentity(Facts([Fact(.float32, nil)])))
        #expect(!Op.Cast(to: .float32).isIdentity(Facts([Fact(.float64, nil)])))
    }
}

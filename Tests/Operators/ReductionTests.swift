import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ReductionTests {
    static let cases = OperatorCase.family("reduction")

    @Test func caseCount() { #expect(ReductionTests.cases.count == 141) }

    @Test(arguments: cases) func agreesWithONNX(_ testCase: OperatorCase) throws { try testCase.check() }

    @Test func emptySlicesGiveTheNeutralElement() throws {
        let none = try Tensor([2, 0], [Int8]())
        let axes = try Tensor([1], [Int64(1)])
        #expect(try elements(Op.ReduceMax(), none, axes, of: Int8.self) == [-128, -128])
        #expect(try elements(Op.ReduceMin(), none, axes, of: Int8.self) == [127, 127])
        #expect(try elements(Op.ReduceProd(), none, axes, of: Int8.self) == [1, 1])
        #expect(try elements(Op.ReduceMean(), none, axes, of: Int8.self) == [0, 0])
        let noFloats = try Tensor([2, 0], [Float]())
        #expect(try elements(Op.ReduceMax(), noFloats, axes, of: Float.self) == [-.infinity, -.infinity])
        #expect(try elements(Op.ReduceMean(), noFloats, axes, of: Float.self).allSatisfy(\.isNaN))
        let noTruths = try Tensor([0], [Bool8]())
        #expect(try elements(Op.ReduceMax(), noTruths, of: Bool8.self) == [false])
        #expect(try elements(Op.ReduceMin(), noTruths, of: Bool8.self) == [true])
    }

    @Test func reducesScalarsAndSingleElements() throws {
        let scalar = try Tensor([], [Float(-3)])
        #expect(try elements(Op.ReduceL1(), scalar, of: Float.self) == [3])
        let pair = try Tensor([2], [Float(-3), 4])
        #expect(try elements(Op.ReduceSumSquare(noopWithEmptyAxes: true), pair, of: Float.self) == [9, 16])
    }

    @Test func propagatesNaN() throws {
        let x = try Tensor([4], [1, Float.nan, 3, .nan])
        #expect(try elements(Op.ReduceMax(), x, of: Float.self)[0].isNaN)
        #expect(try elements(Op.ReduceMin(), x, of: Float.self)[0].isNaN)
        #expect(try elements(Op.ArgMax(), x, of: Int64.self) == [1])
        #expect(try elements(Op.ArgMin(selectLastIndex: true), x, of: Int64.self) == [3])
    }

    @Test func wrapsIntegerSums() throws {
        #expect(try elements(Op.ReduceSum(), try Tensor([2], [Int32.max, 1]), of: Int32.self) == [.min])
        #expect(try elements(Op.ReduceSum(), try Tensor([2], [UInt64.max, 2]), of: UInt64.self) == [1])
        #expect(
            try elements(Op.CumSum(), try Tensor([2], [Int32.max, 1]), try Tensor([], [Int64(0)]), of: Int32.self) == [
                .max, .min,
            ])
    }

    @Test func followsShapeArithmetic() throws {
        let shape = Fact(.int64, [3], elements: ["batch", 4, "n"])
        #expect(try Op.ReduceProd(keepdims: false).infer(Facts([shape]))[0].elements == ["batch" * 4 * "n"])
        #expect(try Op.ReduceSum(keepdims: false).infer(Facts([shape]))[0].elements == ["batch" + 4 + "n"])
    }

    @Test func refusesWhatDoesNotFit() throws {
        let x = Fact(.float32, [2, 3])
        let axes = Fact(constant: try Tensor([1], [Int64(2)]))
        #expect(failure(Op.ReduceSum(), [x, axes]) == "attribute 'axes': found 2, expected -2 to 1")
        #expect(failure(Op.ReduceSum(), [Fact(.bool, [2])])?.hasPrefix("input 0 holds bool, expected one of bfloat16") == true)
        #expect(failure(Op.ArgMax(axis: 0), [Fact(.float32, [])]) == "attribute 'axis': found 0, the tensor has no axes")
        let empty = try Tensor([0], [Float]())
        #expect(throws: ModelError.self) { try elements(Op.ArgMax(), empty, of: Int64.self) }
    }
}

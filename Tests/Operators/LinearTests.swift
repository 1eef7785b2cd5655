import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct LinearTests {
    static let cases = OperatorCase.family("linear") + OperatorCase.family("attention")

    @Test func caseCount() { #expect(LinearTests.cases.count == 180) }

    @Test(arguments: LinearTests.cases) func matchesONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }

    @Test func poolsPropagateNaN() throws {
        let x = try Tensor([1, 1, 4], [1, Float.nan, 3, 2])
        let results = try Op.MaxPool(Window(kernel: [2])).evaluate(Arguments([.tensor(x)], outputCount: 2))
        let maxima = try #require(results[0].tensor).array(of: Float.self)
        #expect(maxima[0].isNaN && maxima[1].isNaN && maxima[2] == 3)
        #expect(results[1].tensor?.integers == [1, 1, 2])
        let all = try Op.GlobalMaxPool().evaluate(Arguments([.tensor(x)]))
        #expect(try #require(all[0].tensor).array(of: Float.self)[0].isNaN)
    }

    @Test func normOfPythagoras() throws {
        let x = try Tensor([1, 2, 2], [3, -4, 6, 8] as [Float])
        let result = try Op.GlobalLpPool().evaluate(Arguments([.tensor(x)]))
        #expect(try #require(result[0].tensor).array(of: Float.self) == [5, 10])
    }

    /// A dense layer is one chain of fused multiply-adds from the bias: the order shows in the last bit.
    @Test func gemmIsOneChainFromTheBias() throws {
        let (k, n) = (37, 5)
        var state: UInt64 = 1
        func next() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
        }
        let (x, w, bias) = ((0..<k).map { _ in next() }, (0..<(k * n)).map { _ in next() }, (0..<n).map { _ in next() })
        let expected = (0..<n).map { column in
            (0..<k).reduce(bias[column]) { $0.addingProduct(x[$1], w[$1 * n + column]) }
        }
        let inputs = [try Tensor([1, k], x), try Tensor([k, n], w), try Tensor([n], bias)]
        let gemm = try Op.Gemm().evaluate(Arguments(inputs.map(Value.tensor)))
        #expect(try #require(gemm[0].tensor).array(of: Float.self) == expected)

        // The same numbers as a convolution of a line with k channels and a window of one.
        let image = try Tensor([1, k, 1], x)
        let weights = try Tensor([n, k, 1], (0..<(n * k)).map { w[$0 % k * n + $0 / k] })
        let conv = try Op.Conv().evaluate(Arguments([.tensor(image), .tensor(weights), .tensor(inputs[2])]))
        #expect(try #require(conv[0].tensor).array(of: Float.self) == expected)
    }

    @Test func integerProductsWrap() throws {
        let a = try Tensor([1, 2], [Int32.max, 2])
        let b = try Tensor([2, 1], [2, Int32.max] as [Int32])
        for op in [Op.MatMul(), Op.Gemm()] as [any Operator] {
            let result = try op.evaluate(Arguments([.tensor(a), .tensor(b)]))
            #expect(try #require(result[0].tensor).array(of: Int32.self) == [-4])
        }
    }

    @Test func emptyBatches() throws {
        let weights = Value.tensor(try Tensor(zeros: .float32, [4, 2, 3]))
        let image = Value.tensor(try Tensor(zeros: .float32, [0, 2, 7]))
        #expect(try Op.Conv().evaluate(Arguments([image, weights]))[0].tensor?.shape == [0, 4, 5])
        #expect(try Op.MaxPool(Window(kernel: [3])).evaluate(Arguments([image]))[0].tensor?.shape == [0, 2, 5])
        let rows = Value.tensor(try Tensor(zeros: .float32, [0, 2]))
        let matrix = Value.tensor(try Tensor(zeros: .float32, [2, 3]))
        #expect(try Op.MatMul().evaluate(Arguments([rows, matrix]))[0].tensor?.shape == [0, 3])
    }

    /// Sizes close to what can be counted, in tensors without elements; beyond that a tensor is refused.
    @Test func hugeEmptyTensors() throws {
        #expect(throws: ModelError.self) { try Tensor(zeros: .float32, [1, 0, 1 << 40, 1 << 40]) }
        let huge = 1 << 30
        let x = Value.tensor(try Tensor(zeros: .float32, [1, 0, huge, huge]))
        let w = Value.tensor(try Tensor(zeros: .float32, [0, 2, huge, huge]))
        #expect(throws: ModelError.self) { try Op.Conv().evaluate(Arguments([x, w])) }
        #expect(try Op.GlobalAveragePool().evaluate(Arguments([x]))[0].tensor?.shape == [1, 0, 1, 1])
        let windows = Value.tensor(try Tensor(zeros: .float32, [2, 0, huge, huge]))
        let result = try Op.Conv().evaluate(Arguments([x, windows]))[0].tensor
        #expect(result?.shape == [1, 2, 1, 1])
        let stride = Window(kernel: [1 << 30, 1], strides: [1 << 30, 1 << 30])
        #expect(try Op.MaxPool(stride).evaluate(Arguments([w]))[0].tensor?.shape == [0, 2, 1, 1])
    }
}

import SeptumIR
import SeptumOperators
import SeptumTensor

extension LoweringTests {
    private static func integers(_ shape: [Int], _ values: [Int64]) -> Tensor? { try? Tensor(shape, values) }

    static let furtherCases: [LoweringCase] = elementwise + slices + products + images + places + attention + definitions

    /// A step for every type that has arithmetic.
    private static let elementwise: [LoweringCase] = {
        let reals: [ElementType] = [.float64, .float16, .bfloat16]
        let functions: [any Operator] = [
            Op.Abs(), Op.Neg(), Op.Relu(), Op.Tanh(), Op.Sigmoid(), Op.Exp(), Op.Erf(), Op.Gelu(), Op.Floor(), Op.Sqrt(),
            Op.LeakyRelu(), Op.Elu(), Op.Selu(), Op.Softplus(), Op.Reciprocal(), Op.Log(), Op.Sin(), Op.Cos(),
        ]
        let plain: [any Operator] = [
            Op.Asin(), Op.Acos(), Op.Sinh(), Op.Cosh(), Op.Asinh(), Op.Acosh(), Op.Atanh(), Op.Tan(), Op.Sign(),
            Op.Celu(), Op.ThresholdedRelu(), Op.IsNaN(), Op.IsInf(), Op.Dropout(), Op.Swish(alpha: 2),
        ]
        let smooth: [any Operator] = [
            Op.Mish(), Op.HardSwish(), Op.Swish(), Op.Softsign(), Op.Gelu(approximate: .tanh), Op.Atan(),
        ]
        let pairs: [any Operator] = [
            Op.Add(), Op.Sub(), Op.Mul(), Op.Max(), Op.Min(), Op.Sum(), Op.PRelu(), Op.Equal(), Op.Less(), Op.LessOrEqual(),
            Op.Greater(), Op.GreaterOrEqual(),
        ]
        let types: [ElementType] = [.float64, .float16, .int64, .int32, .uint8, .uint64]
        var cases: [LoweringCase] = []
        for type in reals { cases += functions.map { LoweringCase(op: $0, inputs: [[3, 7]], type: type) } }
        cases += plain.map { LoweringCase(op: $0, inputs: [[3, 7]]) }
        cases += smooth.map { LoweringCase(op: $0, inputs: [[3, 7]], tolerance: 4e-7) }
        for type in types { cases += pairs.map { LoweringCase(op: $0, inputs: [[3, 7], [3, 1]], type: type) } }
        for type in [ElementType.int64, .int8] {
            for op in [Op.Abs(), Op.Neg(), Op.Sign(), Op.Relu(), Op.BitwiseNot()] as [any Operator] {
                cases.append(LoweringCase(op: op, inputs: [[3, 7]], type: type))
            }
        }
        for op in [Op.And(), Op.Or(), Op.Xor(), Op.Equal(), Op.Where()] as [any Operator] {
            cases.append(
                LoweringCase(op: op, inputs: op is Op.Where ? [[5], [3, 5], [3, 1]] : [[5], [3, 5]], type: .bool))
        }
        cases.append(LoweringCase(op: Op.Not(), inputs: [[3, 5]], type: .bool))
        for op in [Op.Div(), Op.Mod(), Op.Pow()] as [any Operator] {
            cases.append(LoweringCase(op: op, inputs: [[3, 7], [3, 1]], type: .float64))
        }
        if let divisors = integers([3, 1], [3, -2, 5]) {
            for op in [Op.Div(), Op.Mod(), Op.Mod(fmod: true), Op.BitwiseAnd(), Op.BitShift(direction: .left)] as [any Operator] {
                cases.append(LoweringCase(op: op, inputs: [[3, 7], [3, 1]], given: [1: divisors], type: .int64))
            }
            cases.append(LoweringCase(op: Op.Pow(), inputs: [[3, 7], [3, 1]], given: [1: divisors]))
        }
        for type in [ElementType.float32, .float64, .int64] {
            cases.append(LoweringCase(op: Op.Clip(), inputs: [[3, 7], [], []], type: type))
            cases.append(LoweringCase(op: Op.Max(), inputs: [[7], [3, 1], [2, 1, 1]], type: type))
        }
        cases.append(LoweringCase(op: Op.Mean(), inputs: [[3, 7], [7]]))
        cases.append(LoweringCase(op: Op.Mean(), inputs: [[3, 7], [7]], type: .float16))
        let all: [ElementType] = [
            .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool,
        ]
        for from in all {
            for to in all where from != to { cases.append(LoweringCase(op: Op.Cast(to: to), inputs: [[9]], type: from)) }
        }
        return cases
    }()

    private static let slices: [LoweringCase] = {
        var cases: [LoweringCase] = []
        let reductions: [any Operator] = [
            Op.ReduceSum(), Op.ReduceMean(), Op.ReduceMax(), Op.ReduceMin(), Op.ReduceProd(), Op.ReduceL1(), Op.ReduceL2(),
            Op.ReduceSumSquare(), Op.ReduceLogSum(), Op.ReduceLogSumExp(),
        ]
        if let outer = integers([2], [0, 2]), let last = integers([], [-1]) {
            for type in [ElementType.float32, .float64, .float16] {
                cases += reductions.map { LoweringCase(op: $0, inputs: [[3, 4, 5], [2]], constants: [1: outer], type: type) }
            }
            cases += reductions.prefix(6).map { LoweringCase(op: $0, inputs: [[3, 4]], type: .int64) }
            for type in [ElementType.float32, .float64, .int32, .float16] {
                cases.append(LoweringCase(op: Op.CumSum(), inputs: [[3, 4, 5], []], constants: [1: last], type: type))
            }
            cases.append(
                LoweringCase(op: Op.CumSum(exclusive: true, reverse: true), inputs: [[3, 4], []], constants: [1: last]))
            cases.append(LoweringCase(op: Op.CumProd(), inputs: [[3, 4], []], constants: [1: last]))
        }
        cases.append(LoweringCase(op: Op.ReduceSum(noopWithEmptyAxes: true), inputs: [[3, 4]]))
        for type in [ElementType.float32, .float64, .int64] {
            cases.append(LoweringCase(op: Op.ArgMax(axis: 1), inputs: [[3, 4, 5]], type: type))
            cases.append(LoweringCase(op: Op.ArgMin(axis: -1, keepdims: false), inputs: [[3, 4, 5]], type: type))
        }
        for type in [ElementType.float64, .float16] {
            cases.append(LoweringCase(op: Op.Softmax(axis: 1), inputs: [[3, 4, 5]], type: type))
            cases.append(LoweringCase(op: Op.LogSoftmax(), inputs: [[3, 4, 5]], type: type))
            cases.append(LoweringCase(op: Op.LayerNormalization(), inputs: [[3, 6], [6], [6]], type: type))
            cases.append(LoweringCase(op: Op.InstanceNormalization(), inputs: [[2, 3, 4], [3], [3]], type: type))
            cases.append(LoweringCase(op: Op.GroupNormalization(groupCount: 2), inputs: [[2, 4, 3], [4], [4]], type: type))
            cases.append(LoweringCase(op: Op.RMSNormalization(), inputs: [[3, 6], [6]], type: type))
            if let ones = try? Tensor([3], [Float](repeating: 1.5, count: 3)).converted(to: type) {
                cases.append(
                    LoweringCase(
                        op: Op.BatchNormalization(), inputs: [[2, 3, 4], [3], [3], [3], [3]], given: [4: ones], type: type))
            }
        }
        cases.append(LoweringCase(op: Op.LayerNormalization(axis: 1), inputs: [[3, 4, 5], [5], [4, 1]], outputs: 3))
        cases.append(LoweringCase(op: Op.InstanceNormalization(), inputs: [[2, 3, 4, 5], [3], [3]]))
        cases.append(LoweringCase(op: Op.GroupNormalization(groupCount: 2), inputs: [[2, 4, 3], [4], [4]]))
        cases.append(LoweringCase(op: Op.RMSNormalization(), inputs: [[3, 6], [6]]))
        cases.append(LoweringCase(op: Op.Hardmax(), inputs: [[3, 6]]))
        cases.append(LoweringCase(op: Op.LpNormalization(p: 1), inputs: [[3, 6]]))
        return cases
    }()

    private static let products: [LoweringCase] = {
        var cases: [LoweringCase] = []
        for type in [ElementType.float64, .float16, .bfloat16, .int64, .int32, .uint32] {
            cases.append(LoweringCase(op: Op.MatMul(), inputs: [[5, 7], [7, 9]], type: type))
            cases.append(LoweringCase(op: Op.MatMul(), inputs: [[2, 3, 5, 7], [3, 7, 9]], type: type))
            cases.append(LoweringCase(op: Op.MatMul(), inputs: [[7], [2, 7, 9]], type: type))
            cases.append(LoweringCase(op: Op.Gemm(transposesB: true), inputs: [[5, 8], [9, 8], [9]], type: type))
            cases.append(
                LoweringCase(op: Op.Gemm(transposesA: true), inputs: [[8, 5], [8, 9], [5, 1]], tolerance: 1e-2, type: type))
            cases.append(LoweringCase(op: Op.Einsum(equation: "bij,bjk->bik"), inputs: [[2, 3, 4], [2, 4, 5]], type: type))
        }
        for (equation, shapes) in [
            ("bij,bkj->bki", [[2, 3, 4], [2, 5, 4]]), ("ij,kl->ikjl", [[2, 3], [4, 5]]),
            ("bhid,bhjd->bhij", [[2, 3, 4, 5], [2, 3, 6, 5]]),
            ("ii->i", [[4, 4]]), ("bi->b", [[3, 4]]), ("i,j,ij->", [[3], [4], [3, 4]]),
            ("...ij,jk->...ik", [[2, 3, 4], [4, 5]]),
            ("abc,cd,ae->bde", [[2, 3, 4], [4, 5], [2, 6]]), ("ij,jk", [[1, 3], [3, 2]]),
        ] {
            cases.append(LoweringCase(op: Op.Einsum(equation: equation), inputs: shapes))
        }
        cases.append(LoweringCase(op: Op.Gemm(beta: 0.5), inputs: [[5, 8], [8, 9], [9]], tolerance: 1e-6))
        if let bytes = try? Tensor([4, 6], (0..<24).map { UInt8($0 * 9 % 251) }),
            let signed = try? Tensor([6, 3], (0..<18).map { Int8($0 * 13 % 101 - 50) }), let zero = try? Tensor([], [UInt8(7)]),
            let zeros = try? Tensor([3], [Int8(1), 2, 3])
        {
            cases.append(
                LoweringCase(
                    op: Op.MatMulInteger(), inputs: [[4, 6], [6, 3], [], [3]], constants: [1: signed, 2: zero, 3: zeros],
                    given: [0: bytes]))
            if let scale = try? Tensor([], [Float(0.03)]), let scales = try? Tensor([6], [Float](repeating: 0.25, count: 6)) {
                cases.append(
                    LoweringCase(
                        op: Op.DequantizeLinear(), inputs: [[4, 6], [], []], constants: [1: scale, 2: zero], given: [0: bytes]))
                cases.append(LoweringCase(op: Op.QuantizeLinear(), inputs: [[4, 6], [], []], constants: [1: scale, 2: zero]))
                cases.append(
                    LoweringCase(op: Op.QuantizeLinear(outputType: .int8), inputs: [[4, 6], [6]], constants: [1: scales]))
                cases.append(LoweringCase(op: Op.DynamicQuantizeLinear(), inputs: [[4, 6]], outputs: 3))
                if let slices = try? Tensor([3], [Float(0.02), 0.05, 0.01]), let output = try? Tensor([], [UInt8(120)]) {
                    let constants = [1: scale, 2: zero, 3: signed, 4: slices, 5: zeros, 6: scale, 7: output]
                    cases.append(
                        LoweringCase(
                            op: Op.QLinearMatMul(), inputs: [[4, 6], [], [], [6, 3], [3], [3], [], []], constants: constants,
                            given: [0: bytes]))
                }
            }
        }
        return cases
    }()

    private static let images: [LoweringCase] = {
        var numbers = Numbers()
        func random(_ shape: [Int], _ type: ElementType = .float32) -> Tensor? { try? numbers.tensor(shape, of: type) }
        var cases: [LoweringCase] = []
        let padded = Window(pads: [1, 1, 1, 1])
        if let image = try? Tensor([2, 3, 5, 6], (0..<180).map { UInt8($0 * 7 % 251) }),
            let filters = try? Tensor([4, 3, 3, 3], (0..<108).map { Int8($0 * 13 % 101 - 50) }),
            let zero = try? Tensor([], [UInt8(9)]), let zeros = try? Tensor([4], [Int8(1), 0, -3, 2]),
            let scale = try? Tensor([], [Float(0.02)]), let scales = try? Tensor([4], [Float(0.01), 0.02, 0.03, 0.004]),
            let bias = try? Tensor([4], [Int32(100), -2000, 0, 7])
        {
            cases.append(
                LoweringCase(
                    op: Op.ConvInteger(padded), inputs: [[2, 3, 5, 6], [4, 3, 3, 3], [], [4]],
                    constants: [1: filters, 2: zero, 3: zeros], given: [0: image]))
            cases.append(
                LoweringCase(
                    op: Op.QLinearConv(padded), inputs: [[2, 3, 5, 6], [], [], [4, 3, 3, 3], [4], [4], [], [], [4]],
                    constants: [1: scale, 2: zero, 3: filters, 4: scales, 5: zeros, 6: scale, 7: zero, 8: bias],
                    given: [0: image]))
        }
        let small = Window(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1])
        for type in [ElementType.float64, .float16] {
            cases.append(LoweringCase(op: Op.Conv(padded), inputs: [[2, 3, 5, 6], [4, 3, 3, 3], [4]], type: type))
            cases.append(LoweringCase(op: Op.Conv(padded, group: 2), inputs: [[2, 4, 5, 6], [6, 2, 3, 3]], type: type))
            cases.append(LoweringCase(op: Op.MaxPool(small), inputs: [[2, 3, 5, 6]], type: type))
            cases.append(LoweringCase(op: Op.AveragePool(small), inputs: [[2, 3, 5, 6]], type: type))
            cases.append(LoweringCase(op: Op.GlobalAveragePool(), inputs: [[2, 3, 5, 6]], tolerance: 1e-3, type: type))
            cases.append(LoweringCase(op: Op.GlobalMaxPool(), inputs: [[2, 3, 5, 6]], type: type))
            if let w = random([4, 3, 3, 3], type) {
                let op = Op.ConvTranspose(Window(strides: [2, 2], pads: [1, 1, 0, 0]))
                cases.append(LoweringCase(op: op, inputs: [[2, 4, 5, 6], [4, 3, 3, 3], [3]], constants: [1: w], type: type))
            }
        }
        cases.append(LoweringCase(op: Op.Conv(Window(strides: [2, 1, 1])), inputs: [[2, 3, 5, 4, 4], [4, 3, 2, 2, 3], [4]]))
        cases.append(LoweringCase(op: Op.MaxPool(small), inputs: [[2, 3, 5, 6]], outputs: 2))
        cases.append(LoweringCase(op: Op.MaxPool(Window(kernel: [2, 2, 2])), inputs: [[2, 3, 4, 3, 3]]))
        let overhanging = Window(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], roundsUp: true)
        cases.append(LoweringCase(op: Op.AveragePool(overhanging, countsPadding: true), inputs: [[2, 3, 6, 6]]))
        for op in [
            Op.ConvTranspose(), Op.ConvTranspose(Window(strides: [2, 2]), outputPadding: [1, 1]),
            Op.ConvTranspose(Window(strides: [3, 2], dilations: [2, 1], pads: [1, 2, 0, 1])),
            Op.ConvTranspose(Window(strides: [2, 2], padding: .sameUpper)),
        ] {
            if let w = random([4, 3, 3, 4]) {
                cases.append(LoweringCase(op: op, inputs: [[2, 4, 5, 6], [4, 3, 3, 4], [3]], constants: [1: w]))
            }
        }
        if let w = random([4, 3, 3]) {
            let op = Op.ConvTranspose(Window(strides: [2]), group: 2)
            cases.append(LoweringCase(op: op, inputs: [[2, 4, 5], [4, 3, 3], [6]], constants: [1: w]))
        }
        if let none = try? Tensor([0], [Float]()), let scales = try? Tensor([4], [Float(1), 1, 2, 1.5]) {
            for op in [
                Op.Resize(), Op.Resize(mode: .linear), Op.Resize(mode: .cubic),
                Op.Resize(mode: .linear, coordinates: .alignCorners),
                Op.Resize(coordinates: .asymmetric, rounding: .floor),
            ] {
                cases.append(LoweringCase(op: op, inputs: [[2, 3, 4, 6], [0], [4]], constants: [1: none, 2: scales]))
            }
            let op = Op.Resize(mode: .linear)
            cases.append(
                LoweringCase(op: op, inputs: [[2, 3, 4, 6], [0], [4]], constants: [1: none, 2: scales], type: .float64))
        }
        return cases
    }()

    private static let places: [LoweringCase] = {
        var cases: [LoweringCase] = []
        if let rows = integers([2, 3], [0, -1, 2, 1, 1, 0]) {
            for reduction in ScatterReduction.allCases {
                let op = Op.ScatterElements(axis: 0, reduction: reduction)
                cases.append(LoweringCase(op: op, inputs: [[4, 3], [2, 3], [2, 3]], given: [1: rows]))
                cases.append(LoweringCase(op: op, inputs: [[4, 3], [2, 3], [2, 3]], given: [1: rows], type: .int64))
            }
            cases.append(LoweringCase(op: Op.GatherElements(axis: 0), inputs: [[4, 3], [2, 3]], given: [1: rows]))
            cases.append(LoweringCase(op: Op.Gather(axis: 0), inputs: [[4, 3], [2, 3]], given: [1: rows], type: .float64))
        }
        if let tuples = integers([3, 2], [0, 1, 3, -1, 2, 2]) {
            for reduction in [ScatterReduction.none, .add] {
                let op = Op.ScatterND(reduction: reduction)
                cases.append(LoweringCase(op: op, inputs: [[4, 3, 2], [3, 2], [3, 2]], given: [1: tuples]))
            }
            cases.append(LoweringCase(op: Op.GatherND(), inputs: [[4, 3, 2], [3, 2]], given: [1: tuples]))
        }
        if let classes = integers([2, 2], [0, 3, -1, 9]), let depth = integers([], [4]),
            let values = try? Tensor([2], [Float(0), 1])
        {
            cases.append(
                LoweringCase(
                    op: Op.OneHot(), inputs: [[2, 2], [], [2]], constants: [1: depth, 2: values], given: [0: classes]))
            cases.append(
                LoweringCase(
                    op: Op.OneHot(axis: 0), inputs: [[2, 2], [], [2]], constants: [1: depth, 2: values], given: [0: classes]))
        }
        if let three = integers([1], [3]) {
            for type in [ElementType.float64, .float16, .int64, .uint64] {
                cases.append(LoweringCase(op: Op.TopK(), inputs: [[4, 6], [1]], constants: [1: three], outputs: 2, type: type))
            }
            cases.append(
                LoweringCase(
                    op: Op.TopK(axis: 0, takesLargest: false), inputs: [[6, 4], [1]], constants: [1: three], outputs: 2))
        }
        if let lengths = integers([3], [1, 4, 2]), let repeats = integers([2], [2, 3]), let shape = integers([3], [2, 3, 4]) {
            cases.append(LoweringCase(op: Op.ReverseSequence(), inputs: [[4, 3, 2], [3]], constants: [1: lengths]))
            cases.append(LoweringCase(op: Op.Tile(), inputs: [[3, 4], [2]], constants: [1: repeats], type: .float64))
            cases.append(LoweringCase(op: Op.Expand(), inputs: [[3, 1], [3]], constants: [1: shape], type: .int32))
        }
        cases.append(LoweringCase(op: Op.Trilu(keepsUpper: false), inputs: [[3, 4]]))
        cases.append(LoweringCase(op: Op.EyeLike(), inputs: [[3, 4]]))
        return cases
    }()

    private static let attention: [LoweringCase] = {
        let queries = [[2, 4, 5, 6], [2, 4, 7, 6], [2, 4, 7, 3]]
        var cases = [
            LoweringCase(op: Op.Attention(), inputs: queries, tolerance: 1e-6),
            LoweringCase(op: Op.Attention(isCausal: true), inputs: queries, tolerance: 1e-6),
            LoweringCase(
                op: Op.Attention(scale: 0.3, softcap: 2), inputs: [[2, 4, 5, 6], [2, 2, 7, 6], [2, 2, 7, 3]], tolerance: 1e-6),
            LoweringCase(op: Op.Attention(leftWindow: 1, rightWindow: 0), inputs: queries + [[5, 7]], tolerance: 1e-6),
            LoweringCase(
                op: Op.Attention(queryHeads: 2, keyHeads: 2), inputs: [[2, 5, 8], [2, 7, 8], [2, 7, 6], [2, 1, 1, 7]],
                tolerance: 1e-6),
            LoweringCase(op: Op.Attention(), inputs: queries, type: .float64),
            LoweringCase(op: Op.Attention(), inputs: queries, tolerance: 2e-3, type: .float16),
        ]
        if let mask = try? Tensor([2, 1, 1, 7], (0..<14).map { Bool8($0 > 6 && $0 % 3 > 0) }) {
            cases.append(
                LoweringCase(op: Op.Attention(), inputs: queries + [[2, 1, 1, 7]], given: [3: mask], tolerance: 1e-6))
        }
        return cases
    }()

    /// Cases that run the definition of their operator.
    private static let definitions: [LoweringCase] = {
        var numbers = Numbers()
        var cases = [
            LoweringCase(op: Op.LpPool(Window(kernel: [2, 2])), inputs: [[1, 2, 4, 4]]),
            LoweringCase(op: Op.GlobalLpPool(), inputs: [[1, 2, 4, 4]]),
            LoweringCase(op: Op.Det(), inputs: [[3, 3]]),
            LoweringCase(op: Op.GridSample(), inputs: [[1, 2, 4, 4], [1, 3, 3, 2]]),
            LoweringCase(op: Op.MaxPool(Window(kernel: [2, 2]), indexesColumnMajor: true), inputs: [[1, 2, 4, 4]], outputs: 2),
        ]
        if let squares = integers([], [2]) {
            cases.append(LoweringCase(op: Op.Pow(), inputs: [[5], []], constants: [1: squares], type: .int64))
        }
        if let w = try? numbers.tensor([1, 9, 5]), let r = try? numbers.tensor([1, 9, 3]) {
            let gru = Op.GRU(Recurrence(hiddenSize: 3))
            cases.append(LoweringCase(op: gru, inputs: [[4, 2, 5], [1, 9, 5], [1, 9, 3]], constants: [1: w, 2: r]))
        }
        if let w = try? numbers.tensor([1, 3, 5]), let r = try? numbers.tensor([1, 3, 3]) {
            let rnn = Op.RNN(Recurrence(hiddenSize: 3))
            cases.append(LoweringCase(op: rnn, inputs: [[4, 2, 5], [1, 3, 5], [1, 3, 3]], constants: [1: w, 2: r]))
        }
        return cases
    }()
}

import Septum

/// A graph of random nodes over a symbolic batch, and rows for it; both follow from the seed.
///
/// Rows stay apart: no node works along the batch.
struct RandomGraph {
    static let count = 96

    private(set) var graph = Graph()
    private(set) var rows: Tensor
    private var noise: Noise
    private let type: ElementType
    /// Values to go on from, all floats with the batch first.
    private var values: [(id: Graph.ValueID, shape: [Int])] = []

    init(seed: UInt64) throws {
        var noise = Noise(seed)
        // Two thirds are float32.
        type = seed % 3 == 2 ? .float64 : .float32
        let start = [0: [noise.between(2, 70)], 1: [noise.between(2, 12), noise.between(2, 40)]][seed % 4]
        let shape = start ?? [noise.between(1, 8), noise.between(4, 14), noise.between(4, 14)]
        rows = try noise.tensor([64] + shape, type, special: seed % 5 == 0)
        let input = try graph.addInput("x", .tensor(type, [.symbol("batch")] + shape.map(Dimension.fixed)))
        values = [(input, shape)]
        self.noise = noise
        var tries = 0
        while values.count < 12, tries < 60 {
            tries += 1
            try grow()
        }
        for (id, _) in values.suffix(3) { try graph.addOutput(id) }
    }

    /// Half of the graphs start with images, others with a row or a table of features.
    static func isImage(_ seed: UInt64) -> Bool { seed % 4 > 1 }

    /// Appends a node or a few; nothing happens when the type rules refuse them.
    private mutating func grow() throws {
        let (x, shape) = noise.below(3) == 0 ? values[noise.below(values.count)] : values[values.count - 1]
        var copy = graph
        guard let id = try? append(x, shape, &copy), let found = copy.type(id).tensor, found.elementType == type,
            let dimensions = found.shape, dimensions.first == .symbol("batch")
        else { return }
        let numbers = dimensions.dropFirst().map(\.number)
        let extents = numbers.compactMap { $0 }
        guard extents.count == numbers.count, !extents.isEmpty, extents.reduce(1, *) <= 2048 else { return }
        graph = copy
        values.append((id, extents))
    }

    private mutating func append(_ x: Graph.ValueID, _ shape: [Int], _ graph: inout Graph) throws -> Graph.ValueID {
        func one(_ op: any Operator, _ inputs: [Graph.ValueID?]) throws -> Graph.ValueID {
            try graph.append(op, inputs: inputs)[0]
        }
        func constant(_ shape: [Int], _ scale: Double = 1) throws -> Graph.ValueID {
            try graph.addConstant(try noise.tensor(shape, type, scale: scale))
        }
        func integers(_ numbers: [Int64]) throws -> Graph.ValueID { try graph.addConstant(try Tensor([numbers.count], numbers)) }
        let last = shape[shape.count - 1]
        let fan = { (count: Int) in 1 / Double(count).squareRoot() }
        switch (noise.below(10), shape.count) {
        case (0...2, _):
            let function = RandomGraph.functions[noise.below(RandomGraph.functions.count)]
            // Roots, logarithms and powers of sizes; exponentials of what is bounded.
            let argument =
                switch function {
                case is Op.Sqrt, is Op.Log, is Op.Reciprocal: try one(Op.Abs(), [x])
                case is Op.Exp, is Op.Sinh, is Op.Cosh, is Op.Asin, is Op.Acos, is Op.Atanh: try one(Op.Tanh(), [x])
                default: x
                }
            return try one(function, [argument])
        case (3, _):
            let op = RandomGraph.pairs[noise.below(RandomGraph.pairs.count)]
            if let other = values.last(where: { $0.id != x && $0.shape == shape }) { return try one(op, [x, other.id]) }
            return try one(op, [x, try constant(noise.below(2) == 0 ? [last] : shape)])
        case (4, _):
            let axes = try integers([-1])
            switch noise.below(9) {
            case 0: return try one(Op.Softmax(), [x])
            case 1: return try one(Op.LogSoftmax(), [x])
            case 2: return try one(Op.LayerNormalization(), [x, try constant([last]), try constant([last])])
            case 3: return try one(Op.Sub(), [x, try one(Op.ReduceMean(), [x, axes])])
            case 4: return try one(Op.Div(), [x, try one(Op.ReduceMax(), [try one(Op.Abs(), [x]), axes])])
            case 5: return try one(Op.Add(), [x, try one(Op.ReduceSum(), [x, axes])])
            case 6: return try one(Op.Mul(), [x, try one(Op.ReduceLogSumExp(), [x, axes])])
            case 7: return try one(Op.CumSum(), [x, try graph.addConstant(try Tensor([], [Int64(-1)]))])
            default: return try one(Op.Pow(), [try one(Op.Abs(), [x]), try constant([])])
            }
        case (5, _):
            switch noise.below(4) {
            case 0 where last > 2:
                return try one(Op.Slice(), [x, try integers([1]), try integers([Int64(last)]), try integers([-1])])
            case 1: return try one(Op.Concat(axis: -1), [x, try one(Op.Neg(), [x])])
            case 2: return try graph.append(Op.TopK(), inputs: [x, try integers([Int64(max(1, last / 2))])], outputs: nil)[0]
            default: return try one(Op.Where(), [try one(Op.Less(), [x, try constant([last])]), x, try constant([last])])
            }
        case (_, 1):
            let width = noise.between(1, 70)
            let bias = noise.below(2) == 0 ? nil : try constant([width])
            if noise.below(4) == 0 { return try one(Op.Unsqueeze(), [x, try integers([1])]) }
            if noise.below(2) == 0 { return try one(Op.MatMul(), [x, try constant([last, width], fan(last))]) }
            return try one(Op.Gemm(transposesB: true), [x, try constant([width, last], fan(last)), bias])
        case (_, 2):
            let width = noise.between(1, 40)
            switch noise.below(6) {
            case 0: return try one(Op.Transpose(permutation: [0, 2, 1]), [x])
            case 1: return try one(Op.ReduceSum(keepdims: false), [x, try integers([1])])
            case 2:
                let square = try one(Op.MatMul(), [x, try one(Op.Transpose(permutation: [0, 2, 1]), [x])])
                return try one(Op.MatMul(), [try one(Op.Softmax(), [square]), x])
            case 3:
                return try one(
                    Op.Conv(Window(pads: [1, 1])),
                    [x, try constant([width, shape[0], 3], fan(3 * shape[0])), try constant([width])])
            case 4: return try recurrent(x, last, &graph)
            default: return try one(Op.MatMul(), [x, try constant([last, width], fan(last))])
            }
        default:
            let (channels, maps) = (shape[0], noise.between(1, 20))
            switch noise.below(8) {
            case 0: return try one(Op.Conv(), [x, try constant([maps, channels, 1, 1], fan(channels)), try constant([maps])])
            case 1:
                let window = Window(strides: [2, 2], pads: [1, 1, 1, 1])
                return try one(Op.Conv(window), [x, try constant([maps, channels, 3, 3], fan(9 * channels)), nil])
            case 2:
                let window = Window(pads: [1, 1, 1, 1])
                return try one(
                    Op.Conv(window, group: channels), [x, try constant([channels, 1, 3, 3], 0.3), try constant([channels])])
            case 3: return try one(Op.MaxPool(Window(kernel: [2, 2], strides: [2, 2])), [x])
            case 4: return try one(Op.AveragePool(Window(kernel: [3, 3], pads: [1, 1, 1, 1])), [x])
            case 5: return try one(Op.Flatten(), [noise.below(2) == 0 ? x : try one(Op.GlobalAveragePool(), [x])])
            case 6:
                let positive = try graph.addConstant(try noise.tensor([channels], type, positive: true))
                let three = [try constant([channels]), try constant([channels]), try constant([channels])]
                return try one(Op.BatchNormalization(), [x] + three + [positive])
            default:
                let window = Window(pads: [1, 1, 1, 1])
                return try one(
                    Op.Conv(window), [x, try constant([maps, channels, 3, 3], fan(9 * channels)), try constant([maps])])
            }
        }
    }

    /// A recurrent layer over the first axis after the batch.
    private mutating func recurrent(_ x: Graph.ValueID, _ width: Int, _ graph: inout Graph) throws -> Graph.ValueID {
        let hidden = noise.between(1, 20)
        let isLSTM = noise.below(2) == 0
        let gates = (isLSTM ? 4 : 3) * hidden
        let steps = try graph.append(Op.Transpose(permutation: [1, 0, 2]), inputs: [x])[0]
        let weights = try [[1, gates, width], [1, gates, hidden], [1, 2 * gates]].map { shape in
            try graph.addConstant(try noise.tensor(shape, type, scale: 0.3))
        }
        let recurrence = Recurrence(hiddenSize: hidden)
        let op: any Operator = isLSTM ? Op.LSTM(recurrence) : Op.GRU(recurrence, appliesResetAfter: true)
        let all = try graph.append(op, inputs: [steps] + weights)[0]
        let axes = try graph.addConstant(try Tensor([1], [Int64(1)]))
        let squeezed = try graph.append(Op.Squeeze(), inputs: [all, axes])[0]
        return try graph.append(Op.Transpose(permutation: [1, 0, 2]), inputs: [squeezed])[0]
    }

    private static let functions: [any Operator] = [
        Op.Relu(), Op.Tanh(), Op.Sigmoid(), Op.Exp(), Op.Erf(), Op.Gelu(), Op.Gelu(approximate: .tanh), Op.Softplus(), Op.Elu(),
        Op.Selu(), Op.LeakyRelu(), Op.Sin(), Op.Cos(), Op.Tan(), Op.Neg(), Op.Abs(), Op.HardSigmoid(), Op.HardSwish(), Op.Mish(),
        Op.Swish(), Op.Celu(), Op.Softsign(), Op.Sqrt(), Op.Log(), Op.Reciprocal(), Op.Atan(), Op.Asin(), Op.Acos(), Op.Sinh(),
        Op.Cosh(), Op.Asinh(), Op.Atanh(), Op.Floor(), Op.Round(), Op.ThresholdedRelu(),
    ]
    private static let pairs: [any Operator] = [
        Op.Add(), Op.Sub(), Op.Mul(), Op.Div(), Op.Max(), Op.Min(), Op.PRelu(), Op.Mean(),
    ]
}

/// Integers first, so that numbers are the same on all machines.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    private mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 11
    }

    mutating func below(_ count: Int) -> Int { Int((next() >> 20) % UInt64(count)) }
    mutating func between(_ low: Int, _ high: Int) -> Int { low + below(high - low + 1) }

    /// Numbers in about -2..<2; with `special` also zeros, infinities, NaN and subnormal numbers.
    mutating func tensor(
        _ shape: [Int], _ type: ElementType, scale: Double = 1, positive: Bool = false, special: Bool = false
    ) throws -> Tensor {
        let edges: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 0x1p-1030, 1e-40, -1e-42, 3e38, 1e5]
        let numbers = (0..<shape.reduce(1, *)).map { _ -> Double in
            let number = Double(Int(next() >> 29) - (positive ? 0 : 1 << 23)) / Double(1 << 22) * scale
            return special && below(40) == 0 ? edges[below(edges.count)] : positive ? number + 0.1 : number
        }
        return type == .float64 ? try Tensor(shape, numbers) : try Tensor(shape, numbers.map { Float($0) })
    }
}

import SeptumIR
import SeptumTensor

/// Tensors of float64, in which normalisations are computed before one rounding to the type of the result.
struct RealTensor {
    let tensor: Tensor

    init(_ tensor: Tensor) throws(ModelError) { self.tensor = try tensor.converted(to: .float64) }

    private init(computed tensor: Tensor) { self.tensor = tensor }

    func map(_ function: (Double) -> Double) throws(ModelError) -> RealTensor {
        RealTensor(computed: try mapElements(tensor, function))
    }

    func zip(_ other: RealTensor, _ function: (Double, Double) -> Double) throws(ModelError) -> RealTensor {
        RealTensor(computed: try zipElements(tensor, other.tensor, function))
    }

    /// The means along some axes, which become dimensions of 1.
    func means(_ axes: [Int]) throws(ModelError) -> RealTensor {
        let shape = ReductionShape.reduced(tensor.shape, axes, keepdims: true)
        let reduction = SliceReduction(x: tensor, axes: axes, shape: shape, real: Op.ReduceMean().value)
        return RealTensor(computed: try ElementType.float64.dispatch(reduction))
    }

    /// Less the mean and over the standard deviation along some axes; with both.
    func standardized(
        _ axes: [Int], epsilon: Float
    ) throws(ModelError) -> (result: RealTensor, mean: RealTensor, inverseDeviation: RealTensor) {
        let mean = try means(axes)
        let centred = try zip(mean, -)
        let inverse = try centred.map { $0 * $0 }.means(axes).map { 1 / ($0 + Double(epsilon)).squareRoot() }
        return (try centred.zip(inverse, *), mean, inverse)
    }

    func reshaped(_ shape: [Int]) throws(ModelError) -> RealTensor { RealTensor(computed: try tensor.reshaped(shape)) }

    /// One number a channel, shaped so that it broadcasts along the second axis of a tensor.
    func alongChannels(ofRank rank: Int) throws(ModelError) -> RealTensor {
        try reshaped([tensor.count] + Array(repeating: 1, count: max(0, rank - 2)))
    }

    func rounded(to type: ElementType) throws(ModelError) -> Value { .tensor(try tensor.converted(to: type)) }
}

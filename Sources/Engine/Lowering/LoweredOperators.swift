package import SeptumIR
import SeptumOperators

/// The operators that the engine can do more with than run their definition.
///
/// They are listed, because the runtime answers whether a type conforms to a protocol only after a search through all
/// conformances of the process, once for each type, which in a fresh process takes longer than all other planning.
package enum LoweredOperators {
    package static let all: [any LoweredOperator.Type] = [
        Op.Abs.self, Op.Add.self, Op.ArgMax.self, Op.ArgMin.self, Op.Atan.self, Op.Attention.self, Op.AveragePool.self,
        Op.BatchNormalization.self, Op.Cast.self, Op.CastLike.self, Op.Ceil.self, Op.Clip.self, Op.Concat.self, Op.Conv.self,
        Op.ConvInteger.self, Op.ConvTranspose.self, Op.Cos.self, Op.CumProd.self, Op.CumSum.self, Op.DepthToSpace.self,
        Op.DequantizeLinear.self, Op.Div.self, Op.Dropout.self, Op.DynamicQuantizeLinear.self, Op.Einsum.self, Op.Elu.self,
        Op.Erf.self, Op.Exp.self, Op.Expand.self, Op.EyeLike.self, Op.Floor.self, Op.Forest.self, Op.GRU.self, Op.Gather.self,
        Op.GatherElements.self, Op.GatherND.self, Op.Gelu.self, Op.Gemm.self, Op.GlobalAveragePool.self, Op.GlobalMaxPool.self,
        Op.GroupNormalization.self, Op.HardSigmoid.self, Op.HardSwish.self, Op.Hardmax.self, Op.InstanceNormalization.self,
        Op.IsInf.self, Op.IsNaN.self, Op.LSTM.self, Op.LayerNormalization.self, Op.LeakyRelu.self, Op.LinearLeaves.self,
        Op.Log.self, Op.LogSoftmax.self, Op.LpNormalization.self, Op.MatMul.self, Op.MatMulInteger.self, Op.Max.self,
        Op.MaxPool.self, Op.Min.self, Op.Mish.self, Op.Mul.self, Op.Neg.self, Op.Not.self, Op.OneHot.self, Op.PRelu.self,
        Op.Pad.self, Op.Pow.self, Op.QLinearConv.self, Op.QLinearMatMul.self, Op.QuantizeLinear.self, Op.RMSNormalization.self,
        Op.Reciprocal.self, Op.ReduceL1.self, Op.ReduceL2.self, Op.ReduceLogSum.self, Op.ReduceLogSumExp.self, Op.ReduceMax.self,
        Op.ReduceMean.self, Op.ReduceMin.self, Op.ReduceProd.self, Op.ReduceSum.self, Op.ReduceSumSquare.self, Op.Relu.self,
        Op.Resize.self, Op.ReverseSequence.self, Op.Round.self, Op.ScatterElements.self, Op.ScatterND.self, Op.Selu.self,
        Op.Sigmoid.self, Op.Sin.self, Op.Slice.self, Op.Softmax.self, Op.Softplus.self, Op.Softsign.self, Op.SpaceToDepth.self,
        Op.Split.self, Op.Sqrt.self, Op.Sub.self, Op.Sum.self, Op.Swish.self, Op.Tanh.self, Op.Tile.self, Op.TopK.self,
        Op.Transpose.self, Op.Trilu.self, Op.Where.self, Fused.Affine.self, Fused.Attention.self, Fused.Chain.self,
        Fused.Concat.self, Fused.Convolution.self, Fused.ConvolutionChain.self, Fused.EdgeConvolution.self,
        Fused.IntegerLinear.self, Fused.Linear.self, Fused.LinearChain.self, Fused.PooledConvolution.self,
        Fused.ReducedChain.self,
    ]

    /// By the address of the type.
    private static let sorted = all.map { (kind: ObjectIdentifier($0), type: $0) }.sorted { $0.kind < $1.kind }

    package static func find(_ op: any Operator) -> (any LoweredOperator)? {
        let kind = ObjectIdentifier(type(of: op))
        var range = sorted.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if sorted[middle].kind == kind { return sorted[middle].type.view(op) }
            range = sorted[middle].kind < kind ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}

extension Operator {
    /// The operator as one that the engine lowers; nil when it always runs its definition.
    var lowered: (any LoweredOperator)? { LoweredOperators.find(self) }
}

extension LoweredOperator {
    /// An operator of this type.
    fileprivate static func view(_ op: any Operator) -> (any LoweredOperator)? { op.cast(Self.self) }
}

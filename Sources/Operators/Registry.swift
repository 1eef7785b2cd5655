public import SeptumIR

extension OperatorRegistry {
    /// Every operator that Septum has.
    public static let standard = OperatorRegistry([
        // Elementwise
        // Movement
        Op.Compress.self,
        Op.Concat.self,
        Op.ConstantOfShape.self,
        Op.DepthToSpace.self,
        Op.Expand.self,
        Op.EyeLike.self,
        Op.Flatten.self,
        Op.Gather.self,
        Op.GatherElements.self,
        Op.GatherND.self,
        Op.Identity.self,
        Op.NonZero.self,
        Op.Pad.self,
        Op.Range.self,
        Op.Reshape.self,
        Op.ReverseSequence.self,
        Op.ScatterElements.self,
        Op.ScatterND.self,
        Op.Shape.self,
        Op.Size.self,
        Op.Slice.self,
        Op.SpaceToDepth.self,
        Op.Split.self,
        Op.Squeeze.self,
        Op.Tile.self,
        Op.Transpose.self,
        Op.Trilu.self,
        Op.Unsqueeze.self,
        // Linear, convolution, recurrent, attention
        Op.AveragePool.self,
        Op.Conv.self,
        Op.ConvTranspose.self,
        Op.Det.self,
        Op.Einsum.self,
        Op.GRU.self,
        Op.Gemm.self,
        Op.GlobalAveragePool.self,
        Op.GlobalLpPool.self,
        Op.GlobalMaxPool.self,
        Op.LSTM.self,
        Op.LpPool.self,
        Op.MatMul.self,
        Op.MatMulInteger.self,
        Op.MaxPool.self,
        Op.RNN.self,
            // Normalization
    ])
}

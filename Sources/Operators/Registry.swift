public import SeptumIR

extension OperatorRegistry {
    /// Every operator that Septum has.
    public static let standard = OperatorRegistry([
        // Elementwise
        // Movement
        Op.Identity.self,
        Op.Shape.self,
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

import SeptumTensor

extension EngineTable {
    /// SOFIE, ROOT's generator of inference code: what its ONNX parser registers, and the element types it then accepts.
    ///
    /// It does not look at the version of the operator set; where forms of operators differ, the table says which it understands.
    /// The registrations are those of the commit below, which holds a pull request last reviewed on 8 September 2026; element types
    /// come from the newest copy of each parse file that could be read, some of them older, those of Expand and Tile from SOFIE's
    /// repository of its own (https://github.com/sanjibansg/SOFIE). None of it was run.
    ///
    /// Source: https://github.com/root-project/root/blob/40f71c6f874fb55c5a46df957396145664adf376/tmva/sofie_parsers/src
    static func sofie() throws(ModelError) -> EngineTable {
        try EngineTable(
            name: "ROOT SOFIE", version: "40f71c6", date: "2026-09",
            source: "https://github.com/root-project/root/tree/40f71c6f874fb55c5a46df957396145664adf376/tmva/sofie_parsers/src",
            table: sofieRows)
    }

    private static let sofieRows = """
        [ai.onnx]
        Abs Acosh Asinh Atan Atanh Cos Exp Floor Log Neg Reciprocal Sin Softplus Sqrt; ; float32
        Add Div Mod Mul Pow Sub; 7-; float32 float64 int32 int64
        Max Mean Min Sum; ; float32
        Equal Greater GreaterOrEqual Less LessOrEqual; 7-; float32 int32 int64
        IsInf IsNaN Not
        ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
        BatchNormalization; 7-; float32; @training_mode is passed over
        Cast; 6-
        Clip; 11-; float32 float64 int32 int64
        Concat Constant ConstantOfShape EyeLike Flatten Gather GatherND NonZero Reshape Shape Squeeze Transpose Unsqueeze
        Conv ConvTranspose; ; float32
        AveragePool GlobalAveragePool MaxPool; ; float32; @ceil_mode is right since July 2026 only
        Einsum Gemm MatMul; ; float32
        GRU LSTM RNN; ; float32
        Elu Erf HardSigmoid HardSwish LeakyRelu Relu Selu Sigmoid Tanh; ; float32
        Gelu
        Swish; ; float32; @alpha 1 only
        Softmax LogSoftmax; 13-; float32
        LayerNormalization; ; float32
        InstanceNormalization; ; float32; fixed sizes only
        Identity; ; float32
        Tile; 6-; float32 int64
        TopK; 10-; float32
        Expand; ; float32 float64 int32 int64 bool uint8
        Pad; 11-; float32
        Range; ; float32 int64
        Slice
        Split; 13-
        Where; ; 1: float32 int64
        If
        RandomNormal RandomNormalLike RandomUniform RandomUniformLike
        ScatterElements ScatterND
        """
}

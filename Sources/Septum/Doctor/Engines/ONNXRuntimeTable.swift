import SeptumTensor

extension EngineTable {
    /// ONNX Runtime's CPU provider, as Scripts/onnxruntime-operators.py reads it from the wheel.
    ///
    /// Functions of ONNX for which it has no kernel, but which it runs by their definition, are in.
    ///
    /// Source: https://pypi.org/project/onnxruntime/1.32.0
    static func onnxRuntime() throws(ModelError) -> EngineTable {
        try EngineTable(
            name: "ONNX Runtime", version: "1.32.0", date: "2026-11", source: "https://pypi.org/project/onnxruntime/1.32.0",
            newestOpsets: ["ai.onnx": 28, "ai.onnx.ml": 5, "com.microsoft": 1], expandsFunctions: true, table: onnxRuntimeRows)
    }

    private static let onnxRuntimeRows = """
        [ai.onnx]
        Abs; 6-12
        Abs; 13-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        Acos; 7-; float32 float16
        Acosh; 9-; float32 float16
        Add; 7-12
        Add; 13-13; float32 float64 float16 int32 int64 uint32 uint64
        Add; 14-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        Affine; 1-9; float32 float16
        AffineGrid; 20-
        And; 7-
        ArgMax; 1-; float32 float64 float16 int8 int32 int64 uint8
        ArgMin; 1-; float32 float64 float16 int8 int32 int64 uint8
        Asin; 7-; float32 float16
        Asinh; 9-; float32 float16
        Atan; 7-; float32 float16
        Atanh; 9-; float32 float16
        Attention; 23-; float32 float64 float16
        AveragePool; 7-; float32 float16
        BatchNormalization; 7-13
        BatchNormalization; 14-; float32 float64 float16
        Bernoulli; 15-21
        BitCast; 26-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        BitShift; 11-
        BitwiseAnd; 18-
        BitwiseNot; 18-
        BitwiseOr; 18-
        BitwiseXor; 18-
        BlackmanWindow; 17-
        Cast; 6-22
        Cast; 23-23; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz int4 uint4
        Cast; 24-24; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float8e8m0 int4 uint4
        Cast; 25-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float8e8m0 int4 uint4 int2 uint2
        CastLike; 15-
        CausalConvWithState; 27-
        Ceil; 6-12
        Ceil; 13-; float32 float64 float16
        Celu; 12-
        CenterCropPad; 18-
        Clip; 6-11; float32 float16
        Clip; 12-12; float32 float64 float16 int8 int32 int64 uint8 uint32 uint64
        Clip; 13-
        Col2Im; 18-; float32 float16
        Compress; 9-27; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Compress; 28-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Concat; 4-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Concat; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        ConcatFromSequence; 11-
        Constant; 1-
        ConstantOfShape; 9-
        Conv; 1-; float32 float16
        ConvInteger; 10-
        ConvTranspose; 1-; float32 float16
        Cos; 7-21
        Cos; 22-; float32 float64 float16
        Cosh; 9-; float32 float16
        Crop; 1-9; float32 float16
        CumProd; 26-; float32 float64 float16 int32 int64 uint32 uint64
        CumSum; 11-13; float32 float64 int32 int64
        CumSum; 14-; float32 float64 float16 int32 int64
        DFT; 17-; float32 float64 float16
        DeformConv; 19-21
        DeformConv; 22-; float32 float64 float16
        DepthToSpace; 1-10; float32 float64 float16
        DepthToSpace; 11-27; float32 float64 float16 int8 uint8
        DepthToSpace; 28-
        DequantizeLinear; 10-22
        DequantizeLinear; 23-24; int8 int16 int32 uint8 uint16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz int4 uint4
        DequantizeLinear; 25-27; int8 int16 int32 uint8 uint16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz int4 uint4 int2 uint2
        Det; 11-; float32 float16
        Div; 7-12
        Div; 13-13; float32 float64 float16 int32 int64 uint32 uint64
        Div; 14-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        Dropout; 7-12
        Dropout; 13-; float32 float64 float16
        DynamicQuantizeLinear; 11-
        DynamicSlice; 1-9; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Einsum; 12-27; float32 float64 float16 int32 int64
        Einsum; 28-; float32 float64 float16 bfloat16 int32 int64
        Elu; 6-
        Equal; 7-12
        Equal; 13-18; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool
        Equal; 19-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Erf; 9-; float32 float16
        Exp; 6-12
        Exp; 13-; float32 float64 float16
        Expand; 8-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        EyeLike; 9-; float32 float64 float16 int32 int64 uint64
        Flatten; 1-8
        Flatten; 9-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Flatten; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Floor; 6-12
        Floor; 13-; float32 float64 float16
        GRU; 7-21
        GRU; 22-; float32 float64 float16
        Gather; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Gather; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        GatherElements; 11-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        GatherElements; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        GatherND; 11-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        GatherND; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Gelu; 20-
        Gemm; 7-8
        Gemm; 9-; float32 float64 float16
        GlobalAveragePool; 1-; float32 float16
        GlobalLpPool; 2-21; float32 float16
        GlobalMaxPool; 1-; float32 float16
        Greater; 7-12
        Greater; 13-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        GreaterOrEqual; 12-
        GridSample; 16-19; float32 float16
        GridSample; 20-; float32 float64 float16
        GroupNormalization; 18-
        HammingWindow; 17-
        HannWindow; 17-
        HardSigmoid; 6-
        HardSwish; 14-
        Hardmax; 1-; float32 float16
        Identity; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Identity; 13-18; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Identity; 19-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        If; 1-
        ImageScaler; 1-9; float32 float16
        InstanceNormalization; 6-; float32 float16
        IsInf; 10-
        IsNaN; 9-12
        IsNaN; 13-19; float32 float64 float16
        IsNaN; 20-
        LRN; 1-; float32 float16
        LSTM; 7-21
        LSTM; 22-; float32 float64 float16
        LayerNormalization; 1-
        LeakyRelu; 6-15; float32 float16
        LeakyRelu; 16-
        Less; 7-12
        Less; 13-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        LessOrEqual; 12-
        LinearAttention; 27-
        Log; 6-12
        Log; 13-; float32 float64 float16
        LogSoftmax; 1-
        Loop; 1-15; 2: float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Loop; 16-18; 2: float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Loop; 19-; 2: float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        LpNormalization; 1-21
        LpNormalization; 22-; float32 float64 float16
        LpPool; 2-; float32 float16
        MatMul; 1-12
        MatMul; 13-; float32 float64 float16 int32 int64 uint32 uint64
        MatMulInteger; 10-
        Max; 6-7; float32 float16
        Max; 8-11
        Max; 12-; float32 float64 float16 int8 int32 int64 uint8 uint32 uint64
        MaxPool; 1-7; float32 float16
        MaxPool; 8-21
        MaxPool; 22-; float32 float64 float16 int8 uint8
        MaxRoiPool; 1-21; float32 float16
        MaxUnpool; 9-; float32 float16
        Mean; 6-; float32 float16
        MeanVarianceNormalization; 1-8; float32 float16
        MeanVarianceNormalization; 9-
        MelWeightMatrix; 17-
        MemcpyFromHost; 1-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        MemcpyToHost; 1-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        Min; 6-7; float32 float16
        Min; 8-11
        Min; 12-; float32 float64 float16 int8 int32 int64 uint8 uint32 uint64
        Mish; 18-
        Mod; 10-12
        Mod; 13-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        Mul; 7-12
        Mul; 13-13; float32 float64 float16 int32 int64 uint32 uint64
        Mul; 14-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        Multinomial; 7-21; float32 float16
        Neg; 6-12
        Neg; 13-; float32 float64 float16 int8 int16 int32 int64
        NegativeLogLikelihoodLoss; 12-
        NonMaxSuppression; 10-
        NonZero; 9-; float32 float16 int32 int64 uint8 bool
        Not; 1-
        OneHot; 9-; float32 float16 int32 int64
        Optional; 15-27; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        OptionalGetElement; 15-17
        OptionalGetElement; 18-27; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        OptionalHasElement; 15-17
        OptionalHasElement; 18-27; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Or; 7-
        PRelu; 7-15; float32 float16
        PRelu; 16-
        Pad; 2-10
        Pad; 11-12; float32 float64 float16 int8 int32 int64 uint8 uint32 uint64
        Pad; 13-20; float32 float64 float16 int8 int32 int64 uint8 uint32 uint64 bool
        Pad; 21-; float32 float64 float16 bfloat16 int8 int32 int64 uint8 uint32 uint64 bool
        ParametricSoftplus; 1-9; float32 float16
        Pow; 7-12
        Pow; 13-; float32 float64 float16 int32 int64
        QLinearConv; 10-
        QLinearMatMul; 10-20
        QLinearMatMul; 21-; int8 uint8
        QuantizeLinear; 10-18; float32
        QuantizeLinear; 19-27; float32 float16
        RMSNormalization; 23-
        RNN; 7-; float32 float16
        RandomNormal; 1-21
        RandomNormalLike; 1-21; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        RandomUniform; 1-21
        RandomUniformLike; 1-21; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Range; 11-
        Reciprocal; 6-12
        Reciprocal; 13-; float32 float64 float16
        ReduceL1; 1-17; float32 float64 float16 int32 int64
        ReduceL1; 18-
        ReduceL2; 1-17; float32 float64 float16 int32 int64
        ReduceL2; 18-
        ReduceLogSum; 1-17; float32 float64 float16 int32 int64
        ReduceLogSum; 18-
        ReduceLogSumExp; 1-17; float32 float64 float16 int32 int64
        ReduceLogSumExp; 18-
        ReduceMax; 1-11; float32 float64 float16 int32 int64
        ReduceMax; 12-19; float32 float64 float16 int8 int32 int64 uint8
        ReduceMax; 20-; float32 float64 float16 int8 int32 int64 uint8 bool
        ReduceMean; 1-; float32 float64 float16 int32 int64
        ReduceMin; 1-11; float32 float64 float16 int32 int64
        ReduceMin; 12-19; float32 float64 float16 int8 int32 int64 uint8
        ReduceMin; 20-; float32 float64 float16 int8 int32 int64 uint8 bool
        ReduceProd; 1-; float32 float64 float16 int32 int64
        ReduceSum; 1-; float32 float64 float16 int32 int64
        ReduceSumSquare; 1-17; float32 float64 float16 int32 int64
        ReduceSumSquare; 18-
        RegexFullMatch; 20-
        Relu; 6-12
        Relu; 13-13; float32 float64 float16
        Relu; 14-
        Reshape; 1-4
        Reshape; 5-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Reshape; 13-20; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Reshape; 21-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        Resize; 10-; float32 float16 int8 int32 uint8
        ReverseSequence; 10-27; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        ReverseSequence; 28-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        RoiAlign; 10-21
        RotaryEmbedding; 23-
        Round; 11-21
        Round; 22-; float32 float64 float16
        STFT; 17-; float32 float64 float16
        Scale; 1-9; float32 float16
        ScaledTanh; 1-9; float32 float16
        Scan; 8-8; 1: float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Scan; 9-15; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Scan; 16-18; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Scan; 19-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        Scatter; 9-10; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        ScatterElements; 11-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        ScatterElements; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        ScatterND; 11-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        ScatterND; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Selu; 6-
        SequenceAt; 11-
        SequenceConstruct; 11-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        SequenceEmpty; 11-
        SequenceErase; 11-
        SequenceInsert; 11-
        SequenceLength; 11-
        SequenceMap; 17-
        Shape; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Shape; 13-20; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Shape; 21-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
        Shrink; 9-
        Sigmoid; 6-12
        Sigmoid; 13-; float32 float64 float16
        Sign; 9-
        SimplifiedLayerNormalization; 1-
        Sin; 7-21
        Sin; 22-; float32 float64 float16
        Sinh; 9-; float32 float16
        Size; 1-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Slice; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Slice; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Softmax; 1-
        SoftmaxCrossEntropyLoss; 12-
        Softplus; 1-
        Softsign; 1-
        SpaceToDepth; 1-27; float32 float64 float16 int8 uint8
        SpaceToDepth; 28-
        Split; 2-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Split; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        SplitToSequence; 11-; float32 float64 float16 int32 int64 bool string
        Sqrt; 6-12
        Sqrt; 13-; float32 float64 float16
        Squeeze; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Squeeze; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        StringConcat; 20-
        StringNormalizer; 10-
        StringSplit; 20-
        Sub; 7-12
        Sub; 13-13; float32 float64 float16 int32 int64 uint32 uint64
        Sub; 14-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64
        Sum; 6-12
        Sum; 13-; float32 float64 float16
        Swish; 24-
        Tan; 7-; float32 float16
        Tanh; 6-12
        Tanh; 13-; float32 float64 float16
        TensorScatter; 24-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool
        TfIdfVectorizer; 9-
        ThresholdedRelu; 1-9; float32 float16
        ThresholdedRelu; 10-
        Tile; 6-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        TopK; 1-10
        TopK; 11-; float32 float64 float16 int8 int16 int32 int64 uint8
        Transpose; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Transpose; 13-20; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Transpose; 21-24; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz int4 uint4
        Transpose; 25-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz int4 uint4 int2 uint2
        Trilu; 14-; float32 float64 float16 int32 int64 bool
        Unique; 11-27; float32 float64 float16 int8 int64 string
        Unique; 28-; float32 float64 float16 bfloat16 int8 int64 string
        Unsqueeze; 1-12; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Unsqueeze; 13-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Upsample; 7-9; float32 float16 int8 int32 uint8
        Where; 9-; 1: float32 float64 float16 int8 int32 int64 uint8 uint32 string
        Xor; 7-
        [ai.onnx.ml]
        ArrayFeatureExtractor; 1-
        Binarizer; 1-; float32
        CastMap; 1-
        CategoryMapper; 1-
        DictVectorizer; 1-
        FeatureVectorizer; 1-
        Imputer; 1-; float32 int64
        LabelEncoder; 1-3
        LabelEncoder; 4-; float32 float64 int64 string
        LinearClassifier; 1-
        LinearRegressor; 1-; float32
        Normalizer; 1-
        OneHotEncoder; 1-; float32 float64 int64 string
        SVMClassifier; 1-
        SVMRegressor; 1-; float32
        Scaler; 1-
        TreeEnsemble; 5-
        TreeEnsembleClassifier; 1-4
        TreeEnsembleRegressor; 1-4; float32 float64
        ZipMap; 1-
        [com.microsoft]
        Attention; 1-; float32 float16
        AttnLSTM; 1-
        BeamSearch; 1-
        BiasGelu; 1-; float32 float16
        BifurcationDetector; 1-
        BranchwiseRMSNorm; 1-
        CDist; 1-
        CausalConvWithState; 1-; float32 float16
        ConvTransposeWithDynamicPads; 1-; float32 float16
        CropAndResize; 1-; float32 float16
        DecoderMaskedMultiHeadAttention; 1-
        DequantizeLinear; 1-
        DynamicQuantizeLSTM; 1-
        DynamicQuantizeMatMul; 1-
        DynamicTimeWarping; 1-
        EmbedLayerNormalization; 1-
        EngramGate; 1-; float32 float16
        ExpandDims; 1-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        FastGelu; 1-; float32 float16
        FusedConv; 1-; float32 float16
        FusedGemm; 1-; float32 float16
        FusedMatMul; 1-; float32 float64 float16
        GatedAdd; 1-; float32 float16
        GatedDeltaNet; 1-
        GatedRMSNorm; 1-
        GatherBlockQuantized; 1-
        GatherND; 1-; float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        GatherPacked; 1-
        Gelu; 1-; float32 float16
        GreedySearch; 1-
        GridSample; 1-; float32 float16
        GroupQueryAttention; 1-; float32 float16
        HyperConnectionPostMix; 1-
        HyperConnectionPreMix; 1-
        Inverse; 1-
        LinearAttention; 1-; float32 float16
        LinearAttentionGate; 1-
        MRotaryEmbedding; 1-; float32 float16
        MatMulBnb4; 1-; float32 float16
        MatMulFpQ4; 1-
        MatMulInteger16; 1-; int16
        MatMulIntegerToFloat; 1-
        MatMulNBits; 1-; float32 float16
        MaxpoolWithMask; 1-
        MoE; 1-; float32 float16
        MoEGroupRouter; 1-
        MultiHeadAttention; 1-; float32 float16
        MurmurHash3; 1-
        NGramHashMapping; 1-
        NGramRepeatBlock; 1-
        NhwcMaxPool; 1-
        Pad; 1-; float32 float16
        QAttention; 1-; uint8
        QEmbedLayerNormalization; 1-
        QGemm; 1-
        QLinearAdd; 1-
        QLinearAveragePool; 1-
        QLinearConcat; 1-
        QLinearConv; 1-
        QLinearGlobalAveragePool; 1-
        QLinearLeakyRelu; 1-
        QLinearMul; 1-
        QLinearSigmoid; 1-
        QLinearSoftmax; 1-
        QLinearWhere; 1-
        QMoE; 1-
        QuantizeLinear; 1-
        QuickGelu; 1-; float32 float16
        Range; 1-
        RotaryEmbedding; 1-; float32 float16
        SampleOp; 1-; float32 float16
        Sampling; 1-
        ScaledSiLU; 1-
        SkipLayerNormalization; 1-
        SkipSimplifiedLayerNormalization; 1-
        SparseAttention; 1-; float32 float16
        SparseToDenseMatMul; 1-
        Tokenizer; 1-
        TransposeMatMul; 1-; float32 float16
        Trilu; 1-; float32 float64 float16 int64
        UnfoldTensor; 1-; float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
        Unique; 1-; float32 float16
        VarlenCausalConvWithState; 1-
        VarlenNGramHashMapping; 1-
        WhisperBeamSearch; 1-
        WordConvEmbedding; 1-
        """
}

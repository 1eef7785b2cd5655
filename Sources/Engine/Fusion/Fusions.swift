package import SeptumIR

extension Graph {
    /// The passes that join operators for the engine, in order.
    ///
    /// None looks at more than the graph: which operators are joined, and so every rounding, follows from the model alone.
    package static let fusions: [any Pass] = [
        TransposeMerging(), ActivationFusion(), LayerNormalizationFusion(), BatchNormalizationFusion(), TransposeSinking(),
        TransposeMerging(), WeightFolding(), EdgeConvolutionFusion(), ExpandFusion(), AttentionFusion(), LinearFusion(),
        LinearChainFusion(), ReducedChainFusion(), ConvolutionFusion(), PooledConvolutionFusion(), ConvolutionChainFusion(),
        ElementwiseFusion(), DeadCodeRemoval(),
    ]
}

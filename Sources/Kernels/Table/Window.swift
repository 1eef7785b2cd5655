/// A 2-D window sliding over one image [channels, height, width]; one-dimensional data has height 1.
package struct Window: Sendable {
    package var channels = 1, height = 1, width = 1
    package var kernelHeight = 1, kernelWidth = 1
    package var strideHeight = 1, strideWidth = 1
    package var padTop = 0, padLeft = 0, padBottom = 0, padRight = 0
    package var dilationHeight = 1, dilationWidth = 1
    package var outputHeight = 1, outputWidth = 1

    package init() {}

    /// The depth of the convolution's matrix product: channels * kernel height * kernel width.
    package var depth: Int { channels &* kernelHeight &* kernelWidth }
    package var outputs: Int { outputHeight &* outputWidth }
}

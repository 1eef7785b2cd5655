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

/// A convolution of one image [groups * channels, height, width] without a matrix of patches.
///
/// The image is read as it is, or spread first: padded, and split into planes of equal phase where the stride is above one. All
/// outputs then lie on lines of one pitch, and a tap is one distance from them.
package struct Convolution: Sendable {
    /// Of one group.
    package let window: Window
    package let groups: Int
    /// Of one group.
    package let filters: Int
    package let isSpread: Bool
    /// Elements between lines, and lines of a plane, in what is read.
    package let pitch: Int
    package let planeHeight: Int

    package init(_ window: Window, groups: Int, filters: Int) {
        self.window = window
        self.groups = groups
        self.filters = filters
        let reach = (
            (window.kernelHeight &- 1) &* window.dilationHeight / window.strideHeight,
            (window.kernelWidth &- 1) &* window.dilationWidth / window.strideWidth
        )
        let pads = [window.padTop, window.padLeft, window.padBottom, window.padRight]
        isSpread = window.strideHeight != 1 || window.strideWidth != 1 || pads != [0, 0, 0, 0]
        pitch = isSpread ? window.outputWidth &+ reach.1 : window.width
        planeHeight = isSpread ? window.outputHeight &+ reach.0 : window.height
    }

    /// Of an image that is spread with given lines, to be read at distances of the caller's.
    package init(_ window: Window, groups: Int, filters: Int, pitch: Int, planeHeight: Int) {
        self.window = window
        self.groups = groups
        self.filters = filters
        self.pitch = pitch
        self.planeHeight = planeHeight
        isSpread = true
    }

    package var phases: Int { isSpread ? window.strideHeight &* window.strideWidth : 1 }
    /// Elements of the spread image.
    package var spreadCount: Int { groups &* window.channels &* phases &* planeHeight &* pitch }
    /// From the first output to beyond the last, along the lines.
    package var extent: Int { (window.outputHeight &- 1) &* pitch &+ window.outputWidth }
    /// Elements of the packed filters.
    package var packedCount: Int { groups &* packedFilters &* window.depth }
    package var packedFilters: Int { (filters &+ 3) & ~3 }
    /// Filters of a group in whole lanes.
    package var packedLanes: Int { (filters &+ 15) & ~15 }

    /// How many parts may be computed apart: groups, or eight filters of the only one, sixteen in lanes of filters.
    package func filterBlocks(inLanes: Bool) -> Int {
        groups > 1 ? groups : inLanes ? (filters &+ 15) / 16 : (filters &+ 7) / 8
    }

    /// Some of the parts: their convolution, and where in the image, the packed filters and the planes of the output it begins.
    package func part(
        _ blocks: Range<Int>, inLanes: Bool
    ) -> (convolution: Convolution, input: Int, packed: Int, filter: Int) {
        let first = blocks.lowerBound
        if groups > 1 {
            let convolution = Convolution(window, groups: blocks.count, filters: filters, of: self)
            return (
                convolution, first &* window.channels &* phases &* planeHeight &* pitch,
                first &* (inLanes ? packedLanes : packedFilters) &* window.depth, first &* filters
            )
        }
        let width = inLanes ? 16 : 8
        let count = min(filters &- width &* first, width &* blocks.count)
        return (Convolution(window, groups: 1, filters: count, of: self), 0, width &* first &* window.depth, width &* first)
    }

    /// Other filters on what `other` reads.
    private init(_ window: Window, groups: Int, filters: Int, of other: Convolution) {
        self.window = window
        self.groups = groups
        self.filters = filters
        (isSpread, pitch, planeHeight) = (other.isSpread, other.pitch, other.planeHeight)
    }

    /// The distance of each tap, [channels, kernel height, kernel width].
    package var distances: [Int32] {
        var distances: [Int32] = []
        let (plane, across) = (planeHeight &* pitch, isSpread ? window.strideWidth : 1)
        let down = isSpread ? window.strideHeight : 1
        for channel in 0..<window.channels {
            for row in 0..<window.kernelHeight {
                for column in 0..<window.kernelWidth {
                    let (y, x) = (row &* window.dilationHeight, column &* window.dilationWidth)
                    let phase = y % down &* across &+ x % across
                    distances.append(
                        Int32(truncatingIfNeeded: (channel &* phases &+ phase) &* plane &+ y / down &* pitch &+ x / across))
                }
            }
        }
        return distances
    }
}

import SeptumIR
import SeptumTensor

/// How a window slides over the spatial axes of an image: the attributes that convolutions and poolings share.
///
/// Empty lists stand for the defaults: strides and dilations of 1, pads of 0.
public struct Window: Sendable, Equatable {
    /// Where the padding comes from.
    public enum Padding: String, Sendable, CaseIterable {
        case explicit = "NOTSET"
        case sameUpper = "SAME_UPPER"
        case sameLower = "SAME_LOWER"
        case valid = "VALID"
    }

    /// One entry for each spatial axis; empty when a convolution takes them from its weights.
    public var kernel: [Int]
    public var strides: [Int]
    public var dilations: [Int]
    /// What is added before each spatial axis, then what is added after each.
    public var pads: [Int]
    public var padding: Padding
    /// Whether a window that only begins inside the padded image counts.
    public var roundsUp: Bool

    public init(
        kernel: [Int] = [], strides: [Int] = [], dilations: [Int] = [], pads: [Int] = [], padding: Padding = .explicit,
        roundsUp: Bool = false
    ) {
        self.kernel = kernel
        self.strides = strides
        self.dilations = dilations
        self.pads = pads
        self.padding = padding
        self.roundsUp = roundsUp
    }

    /// Attributes beyond this cannot be met by any image, and products of two of them cannot overflow.
    private static let limit = 1 << 30

    init(_ attributes: inout AttributeReader, isPooling: Bool) throws(ModelError) {
        kernel = try attributes.ints("kernel_shape") ?? []
        strides = try attributes.ints("strides") ?? []
        dilations = try attributes.ints("dilations") ?? []
        pads = try attributes.ints("pads") ?? []
        padding = try attributes.choice("auto_pad") ?? .explicit
        roundsUp = isPooling ? try attributes.bool("ceil_mode") ?? false : false
        if isPooling, kernel.isEmpty {
            throw ModelError(.invalidModel, "a required attribute is missing", attribute: "kernel_shape")
        }
        try validate()
    }

    private func validate() throws(ModelError) {
        for (name, values, least) in [
            ("kernel_shape", kernel, 1), ("strides", strides, 1), ("dilations", dilations, 1), ("pads", pads, 0),
        ] {
            guard values.allSatisfy({ $0 >= least && $0 <= Window.limit }) else {
                throw ModelError(.invalidModel, "found \(values), expected \(least) to \(Window.limit)", attribute: name)
            }
        }
    }

    var attributes: Attributes {
        var attributes: Attributes = []
        for (name, values) in [("kernel_shape", kernel), ("strides", strides), ("dilations", dilations), ("pads", pads)]
        where !values.isEmpty {
            attributes.append((name, .ints(values)))
        }
        if padding != .explicit { attributes.append(("auto_pad", .string(padding.rawValue))) }
        if roundsUp { attributes.append(("ceil_mode", .int(1))) }
        return attributes
    }

    /// The window along one spatial axis, with the defaults filled in.
    struct Axis {
        var stride: Int
        var dilation: Int
        var padBefore: Int
        var padAfter: Int
    }

    /// - Throws: `invalidModel` when a value cannot be used or a list does not fit the number of spatial axes.
    func axes(_ rank: Int) throws(ModelError) -> [Axis] {
        try validate()
        for (name, values, expected) in [
            ("kernel_shape", kernel, rank), ("strides", strides, rank), ("dilations", dilations, rank), ("pads", pads, 2 * rank),
        ] where !values.isEmpty && values.count != expected {
            throw ModelError(.invalidModel, "found \(values.count) values, expected \(expected)", attribute: name)
        }
        return (0..<rank).map { axis in
            let pads = padding == .explicit && !self.pads.isEmpty ? self.pads : [Int](repeating: 0, count: 2 * rank)
            return Axis(
                stride: strides.isEmpty ? 1 : strides[axis], dilation: dilations.isEmpty ? 1 : dilations[axis],
                padBefore: pads[axis], padAfter: pads[axis + rank])
        }
    }

    /// The spatial shape of the output.
    ///
    /// A window must begin inside the image or the padding before it: with `roundsUp`, a last one that would begin in the
    /// padding after the image is left out.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#MaxPool
    ///
    /// - Throws: `invalidModel` when the window does not fit.
    func outputShape(_ spatial: [Dimension], kernel: [Dimension]) throws(ModelError) -> [Dimension] {
        var shape: [Dimension] = []
        for (index, axis) in try axes(spatial.count).enumerated() {
            let extent = (kernel[index] - 1) * .fixed(axis.dilation) + 1
            let stride = Dimension.fixed(axis.stride)
            let output: Dimension
            switch padding {
            case .sameUpper, .sameLower: output = spatial[index].dividedRoundingUp(by: stride)
            case .valid, .explicit:
                let before = spatial[index] + .fixed(axis.padBefore)
                let room = before + .fixed(axis.padAfter) - extent
                output =
                    roundsUp && padding == .explicit
                    ? .minimum((room + stride).dividedRoundingUp(by: stride), before.dividedRoundingUp(by: stride))
                    : (room + stride).dividedRoundingDown(by: stride)
            }
            if let number = output.number, number < 0 || number == 0 && spatial[index].number != 0 {
                throw ModelError(
                    .invalidModel, "a window of \(extent) does not fit axis \(index) of size \(spatial[index])",
                    attribute: "kernel_shape")
            }
            shape.append(output)
        }
        return shape
    }
}

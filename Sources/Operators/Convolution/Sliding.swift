package import SeptumTensor

/// A window over an image of known size.
package struct Sliding {
    /// One spatial axis of the image, the window and the output.
    package struct Axis {
        package var input: Int
        package var output: Int
        package var kernel: Int
        package var stride: Int
        package var dilation: Int
        package var padBefore: Int
        package var padAfter: Int
    }

    /// One element of the window that lies on the image: its row-major index in the window and in the image.
    package struct Tap {
        package var kernel: Int
        package var input: Int
    }

    package let axes: [Axis]

    /// The number of elements of one image and of one output; meaningless when the tensor has none.
    package var inputCount: Int { axes.reduce(1) { $0 &* $1.input } }
    package var outputCount: Int { axes.reduce(1) { $0 &* $1.output } }

    /// - Throws: `invalidModel` when an attribute does not fit the number of spatial axes.
    package init(_ window: Window, input: [Int], kernel: [Int], output: [Int]) throws(ModelError) {
        var axes: [Axis] = []
        for (index, axis) in try window.axes(input.count).enumerated() {
            var (before, after) = (axis.padBefore, axis.padAfter)
            if window.padding == .sameUpper || window.padding == .sameLower {
                let extent = (kernel[index] - 1) * axis.dilation + 1
                let total = max((output[index] - 1) * axis.stride + extent - input[index], 0)
                before = window.padding == .sameUpper ? total / 2 : total - total / 2
                after = total - before
            }
            axes.append(
                Axis(
                    input: input[index], output: output[index], kernel: kernel[index], stride: axis.stride,
                    dilation: axis.dilation, padBefore: before, padAfter: after))
        }
        self.axes = axes
    }

    /// The coordinates of an output element, last axis fastest.
    package func position(_ index: Int) -> [Int] {
        var position = [Int](repeating: 0, count: axes.count)
        var rest = index
        for axis in axes.indices.reversed() {
            position[axis] = rest % axes[axis].output
            rest /= axes[axis].output
        }
        return position
    }

    /// The elements of the window at an output position that lie on the image, in row-major order.
    func taps(at position: [Int]) -> [Tap] {
        guard axes.allSatisfy({ $0.input > 0 }) else { return [] }
        return taps(
            zip(axes, position).map { axis, index in
                let start = index * axis.stride - axis.padBefore
                let first = start >= 0 ? 0 : (axis.dilation - 1 - start) / axis.dilation
                let room = axis.input - 1 - start
                let end = room < 0 ? 0 : min(axis.kernel, room / axis.dilation + 1)
                return (first..<max(first, end)).map { Tap(kernel: $0, input: start + $0 * axis.dilation) }
            })
    }

    /// The elements of the window through which elements of the image reach an output position of a transposed convolution.
    func transposedTaps(at position: [Int]) -> [Tap] {
        taps(
            zip(axes, position).map { axis, index in
                (0..<axis.kernel).compactMap { step in
                    let reached = index + axis.padBefore - step * axis.dilation
                    guard reached >= 0, reached % axis.stride == 0, reached / axis.stride < axis.input else { return nil }
                    return Tap(kernel: step, input: reached / axis.stride)
                }
            })
    }

    /// The taps of several axes from those of each.
    private func taps(_ lines: [[Tap]]) -> [Tap] {
        guard lines.allSatisfy({ !$0.isEmpty }) else { return [] }
        var taps = [Tap(kernel: 0, input: 0)]
        for (axis, line) in zip(axes, lines) {
            taps = taps.flatMap { tap in
                line.map { Tap(kernel: tap.kernel &* axis.kernel &+ $0.kernel, input: tap.input * axis.input + $0.input) }
            }
        }
        return taps
    }

    /// How many elements of the window at a position lie on the image or its padding.
    package func paddedCount(at position: [Int]) -> Double {
        var count = 1.0
        for (axis, index) in zip(axes, position) {
            let start = index * axis.stride
            let room = axis.padBefore + axis.input + axis.padAfter - 1 - start
            count *= Double(room < 0 ? 0 : min(axis.kernel, room / axis.dilation + 1))
        }
        return count
    }
}

import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// A box of elements copied from one strided array to another.
struct StridedCopy {
    /// One axis of the box and its strides, in elements.
    private struct Axis {
        var extent: Int
        var source: Int
        var target: Int
    }

    /// Outermost first; neighbours that continue each other on both sides are one.
    private var axes: [Axis] = []
    private let source: (slot: Int, start: Int)
    private let target: (slot: Int, start: Int)
    private let width: Int
    private let targetCount: Int
    private(set) var isEmpty = false

    /// From the element `start` of `x`, with a stride for each axis of the box, whose shape is that of `y` when nil.
    init(
        _ x: LoweringSite.Operand, _ strides: [Int], from start: Int = 0, to y: LoweringSite.Operand, box: [Int]? = nil,
        targetStrides: [Int]? = nil, targetStart: Int = 0
    ) {
        (source, target) = ((x.slot, start), (y.slot, targetStart))
        (width, targetCount) = (y.elementType.byteWidth, y.count)
        let box = box ?? y.shape
        let targetStrides = targetStrides ?? rowMajorStrides(box)
        for axis in box.indices.reversed() where box[axis] != 1 {
            isEmpty = isEmpty || box[axis] == 0
            let next = Axis(extent: box[axis], source: strides[axis], target: targetStrides[axis])
            if let inner = axes.last, next.source == inner.source * inner.extent, next.target == inner.target * inner.extent {
                axes[axes.count - 1].extent *= next.extent
            } else {
                axes.append(next)
            }
        }
        axes.reverse()
        // Where rows would be read with a stride, an axis that lies dense in the source goes next to the innermost.
        if let inner = axes.last, inner.source != 1, let dense = axes.dropLast().lastIndex(where: { $0.source == 1 }) {
            axes.insert(axes.remove(at: dense), at: axes.count - 1)
        }
    }

    /// Where the output lies within the input, when it is one block of it.
    var view: LoweringSite.View? {
        let isBlock = axes.isEmpty || axes.count == 1 && axes[0].source == 1 && axes[0].target == 1
        guard isBlock, !isEmpty, target.start == 0, (axes.first?.extent ?? 1) == targetCount else { return nil }
        return .init(slot: target.slot, source: source.slot, byteOffset: source.start * width)
    }

    func step(_ site: inout LoweringSite) -> Step {
        let inner = axes.last ?? Axis(extent: 1, source: 1, target: 1)
        let middle = axes.count > 1 ? axes[axes.count - 2] : Axis(extent: 1, source: 0, target: 0)
        let outer = Array(axes.dropLast(2))
        let counters = site.scratch(byteCount: outer.count * 8)
        let (source, target, width) = (source, target, width)
        let turns = width == 4 && inner.target == 1 && middle.source == 1 && inner.source > 1 && inner.extent >= 16
        let work: (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void =
            switch width {
            case 4 where turns: { StridedCopy.turn($0, $1, middle, inner) }
            case 4: { StridedCopy.copy($0, $1, middle, inner, UInt32.self) }
            case 8: { StridedCopy.copy($0, $1, middle, inner, UInt64.self) }
            case 2: { StridedCopy.copy($0, $1, middle, inner, UInt16.self) }
            case 1: { StridedCopy.copy($0, $1, middle, inner, UInt8.self) }
            default: { StridedCopy.copy($0, $1, middle, inner, width: width) }
            }
        if outer.isEmpty {
            return { addresses throws(ModelError) in
                work(addresses[source.slot] + source.start * width, addresses[target.slot] + target.start * width)
            }
        }
        return { addresses throws(ModelError) in
            let position = addresses.write(counters, Int.self)
            position.update(repeating: 0, count: outer.count)
            var (from, to) = (addresses[source.slot] + source.start * width, addresses[target.slot] + target.start * width)
            while true {
                work(from, to)
                var axis = outer.count - 1
                while axis >= 0 {
                    position[axis] += 1
                    from += outer[axis].source * width
                    to += outer[axis].target * width
                    if position[axis] < outer[axis].extent { break }
                    from -= outer[axis].source * outer[axis].extent * width
                    to -= outer[axis].target * outer[axis].extent * width
                    position[axis] = 0
                    axis -= 1
                }
                if axis < 0 { return }
            }
        }
    }

    /// Elements along an axis that are worked on together when rows are read across.
    private static let tile = 16
    /// Rows of fewer bytes are copied element by element.
    private static let shortRow = 64

    private static func copy<T: BitwiseCopyable>(
        _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ middle: Axis, _ inner: Axis, _ type: T.Type
    ) {
        let (source, target) = (from.assumingMemoryBound(to: T.self), to.assumingMemoryBound(to: T.self))
        if inner.source == 1, inner.target == 1 {
            let isShort = inner.extent * MemoryLayout<T>.size < shortRow
            for row in 0..<middle.extent {
                let (x, y) = (source + row * middle.source, target + row * middle.target)
                if isShort {
                    for column in 0..<inner.extent { y[column] = x[column] }
                } else {
                    y.update(from: x, count: inner.extent)
                }
            }
        } else if inner.source == 0 {
            for row in 0..<middle.extent {
                let (value, y) = (source[row * middle.source], target + row * middle.target)
                for column in 0..<inner.extent { y[column * inner.target] = value }
            }
        } else {
            var row = 0
            while row < middle.extent {
                let rows = min(tile, middle.extent - row)
                var column = 0
                while column < inner.extent {
                    let columns = min(tile, inner.extent - column)
                    for i in row..<row + rows {
                        let (x, y) = (source + i * middle.source, target + i * middle.target)
                        for j in column..<column + columns { y[j * inner.target] = x[j * inner.source] }
                    }
                    column += tile
                }
                row += tile
            }
        }
    }

    private static func turn(_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ middle: Axis, _ inner: Axis) {
        let (source, target) = (from.assumingMemoryBound(to: Float.self), to.assumingMemoryBound(to: Float.self))
        kernels.turn(inner.extent, middle.extent, source, inner.source, target, middle.target)
    }

    private static func copy(
        _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ middle: Axis, _ inner: Axis, width: Int
    ) {
        for row in 0..<middle.extent {
            let (x, y) = (from + row * middle.source * width, to + row * middle.target * width)
            for column in 0..<inner.extent {
                (y + column * inner.target * width).copyMemory(from: x + column * inner.source * width, byteCount: width)
            }
        }
    }
}

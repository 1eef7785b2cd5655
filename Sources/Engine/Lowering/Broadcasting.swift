import SeptumOperators
import SeptumTensor

/// How two operands that are broadcast to each other are walked: blocks of equal length, each operand stepping by 1 or 0.
struct BroadcastPlan {
    /// Elements of one block.
    let length: Int
    /// Whether the operands step inside a block, or repeat one element.
    let steps: [Int]
    let blockCount: Int
    /// The axes around the blocks, innermost first, and the strides of operand after operand along them.
    private let extents: [Int]
    private let strides: [Int]

    /// - Parameters:
    ///   - shapes: The operands' shapes.
    ///   - target: The shape they are broadcast to.
    init?(_ shapes: [[Int]], to target: [Int]) {
        let own = shapes.map { broadcastStrides($0, to: target) }
        var axes: [(extent: Int, strides: [Int])] = []
        for axis in target.indices where target[axis] != 1 {
            let next = own.map { $0[axis] }
            if let last = axes.last, zip(last.strides, next).allSatisfy({ $0 == $1 * target[axis] }) {
                axes[axes.count - 1] = (last.extent * target[axis], next)
            } else {
                axes.append((target[axis], next))
            }
        }
        let inner = axes.popLast() ?? (1, shapes.map { _ in 1 })
        guard inner.strides.allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
        length = inner.extent
        steps = inner.strides
        axes.reverse()
        extents = axes.map(\.extent)
        blockCount = extents.reduce(1, *)
        strides = shapes.indices.flatMap { operand in axes.map { $0.strides[operand] } }
    }

    /// Where an operand starts in a block.
    @inline(__always)
    func start(_ operand: Int, _ block: Int) -> Int {
        var (rest, place) = (block, 0)
        for axis in extents.indices {
            let next = axis == extents.count - 1 ? 0 : rest / extents[axis]
            place += (rest - next * extents[axis]) * strides[operand * extents.count + axis]
            rest = next
        }
        return place
    }
}

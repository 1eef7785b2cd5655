import SeptumOperators
import SeptumTensor

/// How two operands that are broadcast to each other are walked: blocks of equal length, each operand stepping by 1 or 0.
struct BroadcastPlan {
    /// Elements of one block.
    let length: Int
    /// Whether the operands step inside a block, or repeat one element.
    let steps: [Int]
    /// For each block, where each operand starts; empty when there is one block that starts at zero.
    let starts: [[Int32]]
    let blockCount: Int

    /// - Parameters:
    ///   - shapes: The operands' shapes.
    ///   - target: The shape they are broadcast to.
    init?(_ shapes: [[Int]], to target: [Int]) {
        let strides = shapes.map { broadcastStrides($0, to: target) }
        var axes: [(extent: Int, strides: [Int])] = []
        for axis in target.indices where target[axis] != 1 {
            let own = strides.map { $0[axis] }
            if let last = axes.last, zip(last.strides, own).allSatisfy({ $0 == $1 * target[axis] }) {
                axes[axes.count - 1] = (last.extent * target[axis], own)
            } else {
                axes.append((target[axis], own))
            }
        }
        let inner = axes.popLast() ?? (1, shapes.map { _ in 1 })
        guard inner.strides.allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
        length = inner.extent
        steps = inner.strides
        var starts = shapes.map { _ in [0] }
        for (extent, strides) in axes {
            for operand in shapes.indices {
                starts[operand] = starts[operand].flatMap { start in (0..<extent).map { start + $0 * strides[operand] } }
            }
        }
        blockCount = starts.first?.count ?? 1
        guard starts.allSatisfy({ $0.allSatisfy { $0 <= Int(Int32.max) } }) else { return nil }
        self.starts = blockCount == 1 ? [] : starts.map { $0.map { Int32($0) } }
    }

    /// Where an operand starts in a block.
    @inline(__always)
    func start(_ operand: Int, _ block: Int) -> Int { starts.isEmpty ? 0 : Int(starts[operand][block]) }
}

/// Trees as their source gives them, one entry a node.
package struct ForestNodes {
    /// The feature compared, or -1 for a leaf.
    package var feature: [Int32] = []
    package var threshold: [Double] = []
    package var left: [Int32] = []
    package var right: [Int32] = []
    package var missing: [Missing] = []
    /// The row of `values` a leaf adds.
    package var leaf: [Int32] = []

    /// Where a missing value goes at a node.
    package enum Missing: UInt8, Sendable, CaseIterable {
        case nanRight, nanLeft
        /// NaN is read as zero.
        case nanIsZero
        /// NaN and |x| <= 1e-35 are missing.
        case zeroRight, zeroLeft
    }
    package enum Comparison: Sendable { case less, lessOrEqual }

    package init() {}
}

/// Trees packed for the kernels. The sum of each output starts from what y holds and adds leaves in the order of the trees.
package final class ForestPlan: @unchecked Sendable {
    package enum Element: Sendable { case float32, float64 }

    package let features: Element
    package let sums: Element
    private let tables: UnsafeMutablePointer<ForestTables>
    private var owned: [UnsafeMutableRawPointer] = []

    /// Bytes of scratch a run needs.
    package var scratchBytes: Int {
        128 + 128 * tables.pointee.outputs + 16 * 8 * tables.pointee.slots
    }

    /// Packs trees; nil when a child, a root, a leaf or a target is out of range, or a walk would not end.
    ///
    /// `targets[tree]` is the first output a tree adds to; `values` is [leaves, leafWidth].
    package init?(
        _ nodes: ForestNodes, comparison: ForestNodes.Comparison, roots: [Int32], targets: [Int32], outputs: Int,
        values: [Double], leafWidth: Int = 1, features: Element, sums: Element
    ) {
        guard
            let packed = ForestPacking(
                nodes, comparison: comparison, roots: roots, targets: targets, outputs: outputs,
                leaves: leafWidth > 0 ? values.count / leafWidth : 0, leafWidth: leafWidth, narrow: features == .float32,
                direct: features == .float32 && sums == .float32 && leafWidth == 1 ? values : nil)
        else { return nil }
        self.features = features
        self.sums = sums
        var owned: [UnsafeMutableRawPointer] = []
        func keep<T>(_ array: [T]) -> UnsafePointer<T> {
            let bytes = max(1, array.count) * MemoryLayout<T>.stride
            let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            owned.append(raw)
            let typed = raw.bindMemory(to: T.self, capacity: array.count)
            array.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { typed.initialize(from: base, count: array.count) }
            }
            return UnsafePointer(typed)
        }
        tables = .allocate(capacity: 1)
        var t = ForestTables(
            slotFeatures: keep(packed.slotFeatures), slotViews: keep(packed.slotViews),
            nodes: UnsafeRawPointer(keep(packed.words)), roots: keep(packed.roots), depths: keep(packed.depths),
            targets: keep(targets), shallow: keep(packed.shallow), shallowThresholds: keep(packed.shallowThresholds),
            shallowSlots: keep(packed.shallowSlots), shallowLeaves: keep(packed.shallowLeaves),
            values: sums == .float32 ? UnsafeRawPointer(keep(values.map { Float($0) })) : UnsafeRawPointer(keep(values)))
        t.trees = roots.count
        t.outputs = outputs
        t.leafWidth = leafWidth
        t.slots = packed.slotFeatures.count + 1
        tables.initialize(to: t)
        self.owned = owned
    }

    deinit {
        for pointer in owned { pointer.deallocate() }
        tables.deallocate()
    }

    /// y[m, outputs] += the trees' leaves. The types are the plan's.
    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Float>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestFloatEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Double>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestFloatDoubleEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Double>, _ ldx: Int, _ y: UnsafeMutablePointer<Double>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestDoubleEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Double>, _ ldx: Int, _ y: UnsafeMutablePointer<Float>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestDoubleFloatEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    /// The row of `values` each tree ends in, y[m, trees].
    package func leaves(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestLeavesFloatEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func leaves(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Double>, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestLeavesDoubleEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }
}

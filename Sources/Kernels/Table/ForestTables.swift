/// Trees laid out for the kernels; `ForestPlan` builds and owns them. Every comparison is `value < threshold`.
package struct ForestTables {
    package var trees = 0, outputs = 0, leafWidth = 1
    /// Blocks of sixteen rows that go through a tree together.
    package var blocks = 1
    /// What a row is turned into before the walk: slot i is view `views[i]` of feature `features[i]`; the last slot is -infinity.
    package var slots = 0
    package var slotFeatures: UnsafePointer<Int32>
    package var slotViews: UnsafePointer<UInt8>
    /// 16 bytes a node: threshold (float32 or float64) at 0, slot at 8, left child at 12, the right child after it. A leaf is
    /// its own left child, compares the last slot, and its threshold's bits are the leaf's number.
    package var nodes: UnsafeRawPointer
    package var roots: UnsafePointer<Int32>
    package var depths: UnsafePointer<Int32>
    package var targets: UnsafePointer<Int32>
    /// Trees of depth 1...6 as complete trees in heap order, else offset -1: thresholds, slots, then leaf numbers or values.
    package var shallow: UnsafePointer<Int32>
    package var shallowThresholds: UnsafePointer<Float>
    package var shallowSlots: UnsafePointer<Int32>
    package var shallowLeaves: UnsafePointer<Float>
    /// Whether nodes ask for sets. Such a node holds where its bits start in `sets`, how many there are, and ~slot: the code in the
    /// slot goes left where its bit is set; code 1 stands for those beyond.
    package var hasSets = false
    package var sets: UnsafePointer<UInt32>
    /// The values sought by equality tests, ascending for each slot: those of slot i from `soughtStarts[i]` on.
    package var sought: UnsafePointer<Double>
    package var soughtStarts: UnsafePointer<Int32>
    /// 0: sums. 1: the smallest leaf. 2: the largest.
    package var aggregation: Int32 = 0
    /// The forest as comparisons of bytes, which takes the place of all this except for the numbers of leaves.
    package var bytes: UnsafePointer<ByteForest>?
    /// Deep trees, which take the place of `nodes` and `roots`; the shallow trees are their tops then, whose leaves are where walks
    /// go on.
    package var deep: UnsafePointer<DeepForest>?
    /// Leaf values [leaves, leafWidth], float32 or float64 as the sums are.
    package var values: UnsafeRawPointer

    package init(
        slotFeatures: UnsafePointer<Int32>, slotViews: UnsafePointer<UInt8>, nodes: UnsafeRawPointer,
        roots: UnsafePointer<Int32>, depths: UnsafePointer<Int32>, targets: UnsafePointer<Int32>,
        shallow: UnsafePointer<Int32>, shallowThresholds: UnsafePointer<Float>, shallowSlots: UnsafePointer<Int32>,
        shallowLeaves: UnsafePointer<Float>, sets: UnsafePointer<UInt32>, sought: UnsafePointer<Double>,
        soughtStarts: UnsafePointer<Int32>, values: UnsafeRawPointer
    ) {
        self.slotFeatures = slotFeatures
        self.slotViews = slotViews
        self.nodes = nodes
        self.roots = roots
        self.depths = depths
        self.targets = targets
        self.shallow = shallow
        self.shallowThresholds = shallowThresholds
        self.shallowSlots = shallowSlots
        self.shallowLeaves = shallowLeaves
        self.sets = sets
        self.sought = sought
        self.soughtStarts = soughtStarts
        self.values = values
    }
}

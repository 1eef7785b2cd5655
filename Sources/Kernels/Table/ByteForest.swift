/// Trees whose comparisons are between bytes; `ForestPlan` builds and owns them.
///
/// A row becomes one byte for each slot: how many of a column's thresholds are at most the feature's value. A node goes right
/// where the byte of its slot is over its own.
package struct ByteForest {
    package typealias Integers = UnsafePointer<Int32>
    package typealias Bytes = UnsafePointer<UInt8>

    package var trees = 0, outputs = 0, leafWidth = 1
    /// Blocks of 64 rows that go through a tree together.
    package var blocks = 1
    /// Whether the processor permutes bytes.
    package var permutesBytes = false

    // From values to bytes. A column is a feature, what is missing in it, and at most 254 ascending thresholds.
    package var columns = 0, slots = 0
    /// Where columns end that are of kind 0 and have one slot: those with a high one and at most sixteen thresholds, those with
    /// more, then those with a low slot.
    package var classEnds: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    package var features: Integers
    /// 0: NaN is missing. 1: NaN is zero. 2: NaN and |x| <= 1e-35 are missing.
    package var kinds: Bytes
    /// Where a column's thresholds start: sixteen (NaN after the last), or every sixteenth of them, then all.
    package var starts: Integers
    package var counts: Integers
    /// The slot whose byte is 0, and the one whose byte is 255, where the value is missing; -1 when there is none.
    package var lowSlots: Integers
    package var highSlots: Integers
    /// float32 or float64 as the features are.
    package var thresholds: UnsafeRawPointer

    // The upper levels of every tree, as complete trees.
    package var levels = 1
    /// Every level of a tree makes one comparison.
    package var isOblivious = false
    /// Four times the byte of a node, and 64 times its slot: [trees, 1 << levels] with node h of a heap that starts at 1, or
    /// [trees, levels], the first comparison first.
    package var topThresholds: Integers
    package var topPlaces: Integers
    /// What a tree adds, [trees, 1 << levels] of the sums' type; or words, see `words`, from which the walk goes on.
    package var addsDirectly = false
    package var exits: UnsafeRawPointer

    // The same for one row, thirty-two trees side by side.
    /// Sixteens of bytes, a power of two, that hold the slots.
    package var parts = 1
    /// Levels of the trees, three at least unless they are oblivious; with records those above the last three.
    package var laneLevels = 3
    /// Of each thirty-two trees, of each node (in the order of `septum_leave`) the slots and then the bytes, less 128.
    package var laneBytes = 0
    package var lanes: Bytes
    /// What lies below the lanes' exits where every tree adds directly: eight bytes of slots, as many of bytes less 128, eight
    /// leaves of the sums' type; sixteen numbers of that type each. Sums of float64 have no other exits.
    package var hasRecords = false
    package var records: UnsafeRawPointer

    // Trees that go on below their tops.
    /// A node: 15 bits of its left child, counted from its tree's first node, 8 of its slot, 8 of its byte; the right child comes
    /// after the left. A leaf: its sign, and the row of `values`.
    package var words: Integers
    package var bases: Integers
    package var targets: Integers
    /// [leaves, leafWidth] of the sums' type, unless trees add directly.
    package var values: UnsafeRawPointer

    /// Rows that a block pays for.
    package static let fewRows = 20
    /// Levels that complete trees have at most.
    package static let deepestTop = 6

    package init(_ nothing: UnsafeRawPointer) {
        let integers = nothing.assumingMemoryBound(to: Int32.self), bytes = nothing.assumingMemoryBound(to: UInt8.self)
        features = integers
        kinds = bytes
        starts = integers
        counts = integers
        lowSlots = integers
        highSlots = integers
        thresholds = nothing
        topThresholds = integers
        topPlaces = integers
        exits = nothing
        lanes = bytes
        records = nothing
        words = integers
        bases = integers
        targets = integers
        values = nothing
    }

    /// Bytes of scratch: exits and leaves of rows or trees, then bytes and sums of every block.
    package var scratchBytes: Int { 2048 + blocks * (64 * slots + 512 * outputs) + 64 }
}

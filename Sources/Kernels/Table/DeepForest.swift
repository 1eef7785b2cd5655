/// Deep trees of float32 features without sets; `ForestPlan` builds and owns them. Slots, tops and values are `ForestTables`'.
package struct DeepForest {
    package typealias Integers = UnsafePointer<Int32>

    /// Inner nodes of every tree, breadth first, eight bytes each, and one more: the threshold in the lower half. In the upper
    /// one, whether the right (bit 30) and the left child (bit 31) is a leaf, the place among the tree's inner nodes of the
    /// first child that is none (20 bits from 10 on), and the slot. As a tree's node k has its children at 2k + 1 and 2k + 2 among
    /// all nodes, that tells the numbers of leaves too.
    package var nodes: UnsafePointer<UInt64>
    /// By tree, and sixty-four zeros or leaves more at most: where its nodes start, where its leaves start, and its root: 0, or -1
    /// for a leaf.
    package var bases: Integers
    package var leafBases: Integers
    package var roots: Integers
    /// The row of values of every tree's leaves, breadth first.
    package var leaves: Integers

    /// Inner nodes that a tree may have, and slots.
    package static let nodeLimit = 1 << 20, slotLimit = 1 << 10
    /// Levels of a tree's top, which blocks of rows take as a complete tree.
    package static let topLevels: Int32 = 5
    /// Trees that a row walks through together.
    package static let treesAtOnce = 64

    package init(
        nodes: UnsafePointer<UInt64>, bases: Integers, leafBases: Integers, roots: Integers, leaves: Integers
    ) {
        self.nodes = nodes
        self.bases = bases
        self.leafBases = leafBases
        self.roots = roots
        self.leaves = leaves
    }
}

public import SeptumIR
public import SeptumTensor

extension Op.Forest {
    /// Every tree as arrays over splits, leaves and trees: what kernels read.
    ///
    /// Splits stand in pre-order, tree after tree, so that a child comes after its parent. A reference to a node is the
    /// index of a split, or the complement `~index` of the index of a leaf. Every split and every leaf is referred to exactly
    /// once, by its parent or as a root; together with the order this makes the nodes trees.
    public struct Layout: Sendable {
        /// int32 `[splits]`: the feature that is tested.
        public let feature: Tensor
        /// float32 or float64 `[splits]`: the threshold, never NaN; the value sought by an equality test; unused by a
        /// category test.
        public let threshold: Tensor
        /// int32 `[splits]`: the child for values that pass the test.
        public let left: Tensor
        /// int32 `[splits]`: the child for values that fail it.
        public let right: Tensor
        /// uint8 `[splits]`: see `Flags`.
        public let flags: Tensor
        /// int32 `[trees]`: the first node.
        public let root: Tensor
        /// int32 `[trees]`: the first output that the tree's leaves are added to.
        public let output: Tensor
        /// Accumulation type `[trees]`; nil when every weight is 1.
        public let weight: Tensor?
        /// Accumulation type `[leaves, width]`: what is added to outputs `output..<output + width`.
        public let leafValue: Tensor
        /// int32 `[leaves]`: what the source library calls the leaf within its tree.
        public let leafLabel: Tensor
        /// int32 `[splits]`: which category set a category test uses; nil when there is no such test.
        public let categorySet: Tensor?
        /// int32 `[sets + 1]`: where each set starts in `categoryWords`.
        public let categoryStart: Tensor?
        /// uint32: bit `c % 32` of word `c / 32` of a set tells that category `c` goes left.
        public let categoryWords: Tensor?

        public var splitCount: Int { feature.count }
        public var leafCount: Int { leafLabel.count }
        public var treeCount: Int { root.count }
        /// The number of outputs that one leaf adds to.
        public var leafWidth: Int { leafValue.shape.count == 2 ? leafValue.shape[1] : 0 }
    }

    /// What a split tests and where values go that it cannot test.
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let missingGoesLeft = Flags(rawValue: 1)
        /// The test is `x == threshold`, whatever the forest's comparison.
        public static let equality = Flags(rawValue: 2)
        /// The test is whether the category of `x` is in the split's set.
        public static let category = Flags(rawValue: 4)
        /// Categories beyond the words of the set, and values that are no category, go left.
        public static let outsideGoesLeft = Flags(rawValue: 8)
        /// NaN becomes zero, and `|x| <= 1e-35` (float32) counts as missing.
        public static let zeroIsMissing = Flags(rawValue: 16)
        /// NaN becomes zero, and nothing counts as missing.
        public static let nothingIsMissing = Flags(rawValue: 32)

        static let known = Flags(rawValue: 63)
    }
}

extension Op.Forest.Layout {
    init(_ attributes: inout AttributeReader) throws(ModelError) {
        func required(_ name: String) throws(ModelError) -> Tensor {
            try AttributeReader.require(try attributes.tensor(name), name)
        }
        feature = try required("feature")
        threshold = try required("threshold")
        left = try required("left")
        right = try required("right")
        flags = try required("flags")
        root = try required("root")
        output = try required("output")
        weight = try attributes.tensor("weight")
        leafValue = try required("leaf_value")
        leafLabel = try required("leaf_label")
        categorySet = try attributes.tensor("category_set")
        categoryStart = try attributes.tensor("category_start")
        categoryWords = try attributes.tensor("category_words")
    }

    var attributes: Attributes {
        let all: [(String, Tensor?)] = [
            ("feature", feature), ("threshold", threshold), ("left", left), ("right", right), ("flags", flags), ("root", root),
            ("output", output), ("weight", weight), ("leaf_value", leafValue), ("leaf_label", leafLabel),
            ("category_set", categorySet), ("category_start", categoryStart), ("category_words", categoryWords),
        ]
        return all.compactMap { name, tensor in tensor.map { (name, .tensor($0)) } }
    }
}

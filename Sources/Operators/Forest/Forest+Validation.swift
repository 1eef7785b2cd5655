import SeptumIR
import SeptumTensor

extension Op.Forest {
    /// No tree may be deeper: a row's time is bounded by trees times depth.
    package static let depthLimit = 1 << 16

    /// Checks every rule of the layout, so that evaluation and kernels need not.
    func validate() throws(ModelError) {
        try validateRules()
        let (splits, leaves, trees) = (layout.splitCount, layout.leafCount, layout.treeCount)
        try expect(layout.feature, "feature", .int32, [splits])
        try expect(layout.threshold, "threshold", layout.threshold.elementType == .float64 ? .float64 : .float32, [splits])
        try expect(layout.left, "left", .int32, [splits])
        try expect(layout.right, "right", .int32, [splits])
        try expect(layout.flags, "flags", .uint8, [splits])
        try expect(layout.root, "root", .int32, [trees])
        try expect(layout.output, "output", .int32, [trees])
        if let weight = layout.weight { try expect(weight, "weight", rules.accumulationType, [trees]) }
        try expect(layout.leafValue, "leaf_value", rules.accumulationType, [leaves, layout.leafWidth])
        try expect(layout.leafLabel, "leaf_label", .int32, [leaves])
        if let baseScore { try expect(baseScore, "base_score", rules.accumulationType, [outputCount]) }
        guard splits < Int(Int32.max), leaves < Int(Int32.max) else {
            throw ModelError(.limit, "the forest has too many nodes", attribute: "feature")
        }
        try validateSplits()
        try validateShape()
        try validateCategories()
        try expectAll(layout.output, "output", 0, outputCount - layout.leafWidth + 1)
    }

    private func validateRules() throws(ModelError) {
        for (name, type) in [("feature_type", rules.featureType), ("accumulation_type", rules.accumulationType)] {
            guard type == .float32 || type == .float64 else {
                throw ModelError(.invalidModel, "found \(type), expected float32 or float64", attribute: name)
            }
        }
        guard rules.divisor == 1 || rules.divisor > 1 && rules.aggregation == .sum else {
            throw ModelError(.invalidModel, "found \(rules.divisor), expected 1, or more for a sum", attribute: "divisor")
        }
        guard rules.aggregation == .sum || baseScore == nil || rules.baseScoreOrder == .afterTrees else {
            throw ModelError(
                .invalidModel, "a \(rules.aggregation) cannot start from a base score", attribute: "base_score_order")
        }
        for (name, count) in [("features", featureCount), ("outputs", outputCount)] {
            guard (1...1 << 24).contains(count) else {
                throw ModelError(.invalidModel, "found \(count), expected 1 to \(1 << 24)", attribute: name)
            }
        }
        guard rules.aggregation == .sum || layout.treeCount > 0 else {
            throw ModelError(.invalidModel, "a \(rules.aggregation) needs at least one tree", attribute: "root")
        }
    }

    private func expect(
        _ tensor: Tensor, _ name: String, _ type: ElementType, _ shape: [Int]
    ) throws(ModelError) {
        guard tensor.elementType == type, tensor.shape == shape else {
            throw ModelError(
                .invalidModel, "found \(tensor.elementType)\(tensor.shape), expected \(type)\(shape)", attribute: name)
        }
    }

    private func expectAll(_ tensor: Tensor, _ name: String, _ lower: Int, _ upper: Int) throws(ModelError) {
        try tensor.withElements(of: Int32.self) { values throws(ModelError) in
            for (index, value) in values.enumerated() where value < lower || value >= upper {
                throw ModelError(
                    .invalidModel, "found \(value) at \(index), expected \(lower) to \(upper - 1)", attribute: name)
            }
        }
    }

    private func validateSplits() throws(ModelError) {
        try expectAll(layout.feature, "feature", 0, featureCount)
        let flags = try layout.flags.array(of: UInt8.self).map(Flags.init(rawValue:))
        for (index, flag) in flags.enumerated() {
            guard flag.isSubset(of: .known), !flag.isSuperset(of: [.zeroIsMissing, .nothingIsMissing]),
                !flag.isSuperset(of: [.equality, .category])
            else {
                throw ModelError(.invalidModel, "found \(flag.rawValue) at \(index), which has no meaning", attribute: "flags")
            }
        }
        let isNaN =
            layout.threshold.elementType == .float64
            ? try layout.threshold.array(of: Double.self).map(\.isNaN) : try layout.threshold.array(of: Float.self).map(\.isNaN)
        guard !isNaN.contains(true) else { throw ModelError(.invalidModel, "a threshold is NaN", attribute: "threshold") }
    }

    /// Every node is referred to once, by something before it: the nodes are trees.
    private func validateShape() throws(ModelError) {
        let (left, right) = (try layout.left.array(of: Int32.self), try layout.right.array(of: Int32.self))
        var depth = [Int32](repeating: -1, count: layout.splitCount)
        var isLeafSeen = [Bool](repeating: false, count: layout.leafCount)
        func refer(_ reference: Int32, after parent: Int, _ level: Int32, _ name: String) throws(ModelError) {
            let index = Int(reference < 0 ? ~reference : reference)
            if reference < 0 {
                guard isLeafSeen.indices.contains(index), !isLeafSeen[index] else {
                    throw ModelError(.invalidModel, "leaf \(index) does not exist or has two parents", attribute: name)
                }
                isLeafSeen[index] = true
            } else {
                guard depth.indices.contains(index), index > parent, depth[index] < 0 else {
                    throw ModelError(
                        .invalidModel, "split \(index) does not exist, has two parents or comes before its parent",
                        attribute: name)
                }
                depth[index] = level
            }
        }
        for root in try layout.root.array(of: Int32.self) { try refer(root, after: -1, 0, "root") }
        for parent in depth.indices {
            guard depth[parent] >= 0 else {
                throw ModelError(.invalidModel, "split \(parent) belongs to no tree", attribute: "left")
            }
            guard depth[parent] < Op.Forest.depthLimit else {
                throw ModelError(.limit, "a tree is deeper than \(Op.Forest.depthLimit)", attribute: "left")
            }
            try refer(left[parent], after: parent, depth[parent] + 1, "left")
            try refer(right[parent], after: parent, depth[parent] + 1, "right")
        }
        guard !isLeafSeen.contains(false) else {
            throw ModelError(.invalidModel, "a leaf belongs to no tree", attribute: "leaf_label")
        }
    }

    private func validateCategories() throws(ModelError) {
        let flags = try layout.flags.array(of: UInt8.self).map(Flags.init(rawValue:))
        guard let sets = layout.categorySet, let starts = layout.categoryStart, let words = layout.categoryWords else {
            guard !flags.contains(where: { $0.contains(.category) }) else {
                throw ModelError(.invalidModel, "a required attribute is missing", attribute: "category_set")
            }
            return
        }
        try expect(sets, "category_set", .int32, [layout.splitCount])
        try expect(starts, "category_start", .int32, [starts.count])
        try expect(words, "category_words", .uint32, [words.count])
        let bounds = try starts.array(of: Int32.self)
        guard bounds.first == 0, bounds.last.map(Int.init) == words.count, !zip(bounds, bounds.dropFirst()).contains(where: >)
        else { throw ModelError(.invalidModel, "the sets do not divide the words", attribute: "category_start") }
        for (index, set) in try sets.array(of: Int32.self).enumerated() where flags[index].contains(.category) {
            guard set >= 0, set < bounds.count - 1 else {
                throw ModelError(
                    .invalidModel, "found set \(set) at \(index), there are \(bounds.count - 1)", attribute: "category_set")
            }
        }
    }
}

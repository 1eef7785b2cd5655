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
    /// What nodes test; empty when all compare.
    package var tests: [Test] = []
    /// Where each set of categories starts in `setWords`, and where the last one ends; bit c tells that category c goes left.
    package var setStarts: [Int32] = [0]
    package var setWords: [UInt32] = []
    /// Whether values between -1 and 0 are category 0; else they are none.
    package var truncatesCategories = false

    /// Where a missing value goes at a node.
    package enum Missing: UInt8, Sendable, CaseIterable {
        case nanRight, nanLeft
        /// NaN is read as zero.
        case nanIsZero
        /// NaN and |x| <= 1e-35 are missing.
        case zeroRight, zeroLeft

        var goesLeft: Bool { self == .nanLeft || self == .zeroLeft }
        /// 0: NaN is missing. 1: nothing is. 2: NaN and zero are.
        var kind: UInt8 {
            switch self {
            case .nanRight, .nanLeft: 0
            case .nanIsZero: 1
            case .zeroRight, .zeroLeft: 2
            }
        }
    }
    package enum Comparison: Sendable { case less, lessOrEqual }
    package enum Test: Sendable, Hashable {
        case comparison
        /// Values equal to the threshold go left.
        case equality
        /// Categories in a set go left; what the set cannot hold goes where `outsideLeft` says.
        case category(set: Int32, outsideLeft: Bool)
    }
    package enum Aggregation: Int32, Sendable { case sum, minimum, maximum }

    package init() {}

    /// A node's comparison as `value < threshold`, whatever the source's.
    struct Split {
        var threshold: Double
        var feature: Int32
        var missing: Missing
        /// Every value goes left that is not missing.
        var takesAll = false
        var test = Test.comparison
    }

    /// The splits by node, nil for leaves; nil when arrays, leaves or sets do not fit.
    ///
    /// With float32 features, thresholds become float32.
    func splits(_ comparison: Comparison, narrow: Bool, leaves: Int) -> [Split?]? {
        let count = feature.count
        guard [threshold.count, left.count, right.count, missing.count, leaf.count].allSatisfy({ $0 == count }),
            count < 1 << 30, tests.isEmpty || tests.count == count, setStarts.first == 0,
            setStarts.last.map(Int.init) == setWords.count, zip(setStarts, setStarts.dropFirst()).allSatisfy({ $0 <= $1 })
        else { return nil }
        var splits: [Split?] = []
        splits.reserveCapacity(count)
        for i in 0..<count {
            guard feature[i] >= 0 else {
                guard leaf[i] >= 0, Int(leaf[i]) < leaves else { return nil }
                splits.append(nil)
                continue
            }
            guard !threshold[i].isNaN else { return nil }
            var split = strict(i, comparison, narrow)
            if !tests.isEmpty {
                split.test = tests[i]
                if case .category(let set, _) = tests[i], set < 0 || Int(set) + 1 >= setStarts.count { return nil }
                if tests[i] != .comparison { split.threshold = threshold[i] }
            }
            splits.append(split)
        }
        return splits
    }

    private func strict(_ i: Int, _ comparison: Comparison, _ narrow: Bool) -> Split {
        var t = threshold[i]
        if narrow {
            // For float32 values, x < t is x < t rounded up, and x <= t is x <= t rounded down.
            let near = Float(t)
            let rounded: Float
            switch comparison {
            case .less: rounded = Double(near) < t ? near.nextUp : near
            case .lessOrEqual: rounded = Double(near) > t ? near.nextDown : near
            }
            t = Double(comparison == .lessOrEqual && rounded < .infinity ? rounded.nextUp : rounded)
        } else if comparison == .lessOrEqual && t < .infinity {
            t = t.nextUp
        }
        return Split(
            threshold: t, feature: feature[i], missing: missing[i],
            takesAll: comparison == .lessOrEqual && threshold[i] == .infinity)
    }

    /// A tree's nodes breadth first, with their depths; nil if it is not a tree.
    func breadthFirst(_ root: Int32) -> [(node: Int32, depth: Int32)]? {
        var queue: [(node: Int32, depth: Int32)] = [(root, 0)]
        var next = 0
        while next < queue.count {
            let (node, depth) = queue[next]
            guard node >= 0, Int(node) < feature.count, queue.count <= feature.count else { return nil }
            if feature[Int(node)] >= 0 {
                queue.append((left[Int(node)], depth + 1))
                queue.append((right[Int(node)], depth + 1))
            }
            next += 1
        }
        return queue
    }

    /// The same, the nodes into an array that is there already; gives the depth.
    func breadthFirst(_ root: Int32, _ queue: inout [Int32]) -> Int? {
        queue.removeAll(keepingCapacity: true)
        queue.append(root)
        var (next, end, depth) = (0, 1, 0)
        while next < queue.count {
            if next == end {
                depth += 1
                end = queue.count
            }
            let node = queue[next]
            guard node >= 0, Int(node) < feature.count, queue.count <= feature.count else { return nil }
            if feature[Int(node)] >= 0 {
                queue.append(left[Int(node)])
                queue.append(right[Int(node)])
            }
            next += 1
        }
        return depth
    }
}

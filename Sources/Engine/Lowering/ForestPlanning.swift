import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Op.Forest {
    /// The trees as the kernels take them: splits first, then leaves; nil when they are too large for them.
    func kernelPlan(numbersLeaves: Bool) throws(ModelError) -> ForestPlan? {
        let flags = try layout.flags.array(of: UInt8.self).map(Flags.init(rawValue:))
        let splits = layout.splitCount
        func node(_ reference: Int32) -> Int32 { reference >= 0 ? reference : Int32(splits) + ~reference }
        var nodes = ForestNodes()
        nodes.feature = try layout.feature.array(of: Int32.self)
        nodes.threshold =
            layout.threshold.elementType == .float64
            ? try layout.threshold.array() : try layout.threshold.array(of: Float.self).map(Double.init)
        nodes.left = try layout.left.array(of: Int32.self).map(node)
        nodes.right = try layout.right.array(of: Int32.self).map(node)
        nodes.missing = flags.map { flags in
            let goesLeft = flags.contains(.missingGoesLeft)
            if flags.contains(.zeroIsMissing) { return goesLeft ? .zeroLeft : .zeroRight }
            if flags.contains(.nothingIsMissing) { return .nanIsZero }
            return goesLeft ? .nanLeft : .nanRight
        }
        nodes.leaf = [Int32](repeating: 0, count: splits) + (0..<layout.leafCount).map { Int32($0) }
        try addTests(flags, &nodes)
        let none = [Int32](repeating: 0, count: layout.leafCount)
        nodes.feature += [Int32](repeating: -1, count: layout.leafCount)
        nodes.threshold += [Double](repeating: 0, count: layout.leafCount)
        nodes.left += none
        nodes.right += none
        nodes.missing += [ForestNodes.Missing](repeating: .nanRight, count: layout.leafCount)
        if !nodes.tests.isEmpty { nodes.tests += [ForestNodes.Test](repeating: .comparison, count: layout.leafCount) }
        let roots = try layout.root.array(of: Int32.self).map(node)
        return ForestPlan(
            nodes, comparison: rules.comparison == .less ? .less : .lessOrEqual, roots: roots,
            targets: try layout.output.array(of: Int32.self), outputs: outputCount, values: try weightedLeaves(nodes, roots),
            leafWidth: layout.leafWidth, aggregation: aggregation, features: rules.featureType == .float32 ? .float32 : .float64,
            sums: rules.accumulationType == .float32 ? .float32 : .float64, numbersLeaves: numbersLeaves)
    }

    private var aggregation: ForestNodes.Aggregation {
        switch rules.aggregation {
        case .sum: .sum
        case .minimum: .minimum
        case .maximum: .maximum
        }
    }

    /// Tests that are no comparisons.
    private func addTests(_ flags: [Flags], _ nodes: inout ForestNodes) throws(ModelError) {
        guard flags.contains(where: { $0.contains(.equality) || $0.contains(.category) }) else { return }
        let sets = try layout.categorySet?.array(of: Int32.self) ?? []
        nodes.setStarts = try layout.categoryStart?.array(of: Int32.self) ?? [0]
        nodes.setWords = try layout.categoryWords?.array(of: UInt32.self) ?? []
        nodes.truncatesCategories = rules.categoryRule == .truncate
        for (index, flag) in flags.enumerated() {
            if flag.contains(.category) {
                nodes.tests.append(.category(set: sets[index], outsideLeft: flag.contains(.outsideGoesLeft)))
            } else {
                nodes.tests.append(flag.contains(.equality) ? .equality : .comparison)
            }
        }
    }

    /// Leaves times the weight of their tree, rounded to the accumulation type as the definition does.
    private func weightedLeaves(_ nodes: ForestNodes, _ roots: [Int32]) throws(ModelError) -> [Double] {
        let isNarrow = rules.accumulationType == .float32
        var values =
            isNarrow ? try layout.leafValue.array(of: Float.self).map(Double.init) : try layout.leafValue.array(of: Double.self)
        guard let weight = layout.weight else { return values }
        let weights = isNarrow ? try weight.array(of: Float.self).map(Double.init) : try weight.array(of: Double.self)
        let (splits, width) = (layout.splitCount, layout.leafWidth)
        for (tree, root) in roots.enumerated() {
            var pending = [root]
            while let node = pending.popLast().map(Int.init) {
                guard node >= splits else {
                    pending += [nodes.left[node], nodes.right[node]]
                    continue
                }
                for index in (node - splits) * width..<(node - splits + 1) * width {
                    values[index] = isNarrow ? Double(Float(weights[tree]) * Float(values[index])) : weights[tree] * values[index]
                }
            }
        }
        return values
    }
}

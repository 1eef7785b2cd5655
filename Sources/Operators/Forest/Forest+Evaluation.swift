public import SeptumIR
public import SeptumTensor

extension Op.Forest {
    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let table = try inputs.tensor(0)
        guard table.shape.count == 2, table.shape[1] == featureCount else {
            throw ModelError(.invalidInput, "input 0 has shape \(table.shape), expected [batch, \(featureCount)]")
        }
        let rows: [Double] =
            switch table.elementType {
            case .float32: try table.array(of: Float.self).map(Double.init)
            case .float64: try table.array(of: Double.self).map { rules.featureType == .float32 ? Double(Float($0)) : $0 }
            default: throw ModelError(.invalidInput, "input 0 is \(table.elementType), expected float32 or float64")
            }
        return rules.accumulationType == .float32
            ? try run(rows, batch: table.shape[0], inputs.outputCount, of: Float.self)
            : try run(rows, batch: table.shape[0], inputs.outputCount, of: Double.self)
    }

    private func run<Sum: BinaryFloatingPoint & Scalar>(
        _ rows: [Double], batch: Int, _ resultCount: Int, of type: Sum.Type
    ) throws(ModelError) -> [Value] {
        let nodes = try Nodes(layout)
        let sums = try Sums<Sum>(self)
        let names = try layout.leafLabel.array(of: Int32.self)
        var labels: [Int64] = []
        var leaves = [Int](repeating: 0, count: layout.treeCount)
        let scores = try Tensor([batch, outputCount]) { (scores: UnsafeMutableBufferPointer<Sum>) in
            for row in 0..<batch {
                for (tree, root) in nodes.root.enumerated() {
                    var node = root
                    while node >= 0 {
                        let split = Int(node)
                        let value = rows[row * featureCount + Int(nodes.feature[split])]
                        node = goesLeft(value, split, nodes) ? nodes.left[split] : nodes.right[split]
                    }
                    leaves[tree] = Int(~node)
                }
                sums.add(leaves, UnsafeMutableBufferPointer(rebasing: scores[row * outputCount..<(row + 1) * outputCount]))
                if resultCount > 1 { labels += leaves.map { Int64(names[$0]) } }
            }
        }
        guard resultCount > 1 else { return [.tensor(scores)] }
        return [.tensor(scores), .tensor(try Tensor([batch, layout.treeCount], labels))]
    }

    /// Comparing in float64 decides as comparing in float32 does: widening is exact.
    private func goesLeft(_ given: Double, _ split: Int, _ nodes: Nodes) -> Bool {
        let flags = nodes.flags[split]
        var value = given
        if flags.contains(.zeroIsMissing) {
            if value.isNaN || abs(value) <= Double(Float(1e-35)) { return flags.contains(.missingGoesLeft) }
        } else if value.isNaN {
            guard flags.contains(.nothingIsMissing) else { return flags.contains(.missingGoesLeft) }
            value = 0
        }
        if flags.contains(.equality) { return value == nodes.threshold[split] }
        if flags.contains(.category) { return categoryGoesLeft(value, split, nodes) }
        return rules.comparison == .less ? value < nodes.threshold[split] : value <= nodes.threshold[split]
    }

    private func categoryGoesLeft(_ value: Double, _ split: Int, _ nodes: Nodes) -> Bool {
        let set = Int(nodes.categorySet[split])
        let words = nodes.categoryWords[Int(nodes.categoryStart[set])..<Int(nodes.categoryStart[set + 1])]
        let isAllowed = rules.categoryRule == .truncate ? value > -1 : value >= 0
        guard isAllowed, value.rounded(.towardZero) < Double(words.count * 32) else {
            return nodes.flags[split].contains(.outsideGoesLeft)
        }
        let category = Int(value)
        return words[words.startIndex + category / 32] >> UInt32(category % 32) & 1 == 1
    }

    /// Adds the leaves of one row in the order of the trees.
    private struct Sums<Sum: BinaryFloatingPoint & Scalar> {
        let rules: Rules
        let values: [Sum]
        let width: Int
        let weights: [Sum]?
        let base: [Sum]?
        let output: [Int32]
        let start: Sum

        init(_ forest: Op.Forest) throws(ModelError) {
            rules = forest.rules
            values = try forest.layout.leafValue.array()
            width = forest.layout.leafWidth
            weights = try forest.layout.weight?.array()
            base = try forest.baseScore?.array()
            output = try forest.layout.output.array()
            start =
                switch rules.aggregation {
                case .sum: 0
                case .minimum: .infinity
                case .maximum: -.infinity
                }
        }

        func add(_ leaves: [Int], _ scores: UnsafeMutableBufferPointer<Sum>) {
            for index in scores.indices { scores[index] = rules.baseScoreOrder == .beforeTrees ? base?[index] ?? start : start }
            for (tree, leaf) in leaves.enumerated() {
                for column in 0..<width {
                    let value = values[leaf * width + column]
                    let weighted = weights.map { $0[tree] * value } ?? value
                    let index = Int(output[tree]) + column
                    switch rules.aggregation {
                    case .sum: scores[index] += weighted
                    case .minimum: scores[index] = weighted < scores[index] ? weighted : scores[index]
                    case .maximum: scores[index] = weighted > scores[index] ? weighted : scores[index]
                    }
                }
            }
            for index in scores.indices {
                if rules.divisor != 1 { scores[index] /= Sum(rules.divisor) }
                if rules.baseScoreOrder == .afterTrees, let base { scores[index] += base[index] }
            }
        }
    }

    /// The layout as arrays, for the definition.
    private struct Nodes {
        let feature: [Int32]
        let threshold: [Double]
        let left: [Int32]
        let right: [Int32]
        let flags: [Flags]
        let root: [Int32]
        let categorySet: [Int32]
        let categoryStart: [Int32]
        let categoryWords: [UInt32]

        init(_ layout: Layout) throws(ModelError) {
            feature = try layout.feature.array()
            threshold =
                layout.threshold.elementType == .float64
                ? try layout.threshold.array() : try layout.threshold.array(of: Float.self).map(Double.init)
            left = try layout.left.array()
            right = try layout.right.array()
            flags = try layout.flags.array(of: UInt8.self).map(Flags.init(rawValue:))
            root = try layout.root.array()
            categorySet = try layout.categorySet?.array() ?? []
            categoryStart = try layout.categoryStart?.array() ?? []
            categoryWords = try layout.categoryWords?.array() ?? []
        }
    }
}

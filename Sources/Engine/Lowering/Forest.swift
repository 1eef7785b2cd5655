import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.Forest: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard rules.aggregation == .sum, site.output(1) == nil, let x = site.input(0), let y = site.output(0),
            let plan = try site.shared("forest", { () throws(ModelError) in try kernelPlan() })
        else { return nil }
        let (batch, features, outputs) = (x.shape[0], featureCount, outputCount)
        let scratch = site.scratch(byteCount: plan.scratchBytes)
        let narrow = rules.featureType == .float32
        let converted = (x.elementType == .float32) == narrow ? nil : site.scratch(byteCount: max(1, x.count) * (narrow ? 4 : 8))
        let table = kernels
        let count = x.count
        let finish = try finishing(y)
        return { addresses throws(ModelError) in
            finish.start(addresses)
            if let converted {
                if narrow {
                    let (source, target) = (addresses.read(x.slot, Double.self), addresses.write(converted, Float.self))
                    for index in 0..<count { target[index] = Float(source[index]) }
                } else {
                    let (source, target) = (addresses.read(x.slot, Float.self), addresses.write(converted, Double.self))
                    for index in 0..<count { target[index] = Double(source[index]) }
                }
            }
            let slot = converted ?? x.slot
            switch (narrow, y.elementType == .float32) {
            case (true, true):
                plan.run(
                    table, batch, addresses.read(slot, Float.self), features, addresses.write(y.slot, Float.self), outputs,
                    scratch: addresses[scratch])
            case (true, false):
                plan.run(
                    table, batch, addresses.read(slot, Float.self), features, addresses.write(y.slot, Double.self), outputs,
                    scratch: addresses[scratch])
            case (false, true):
                plan.run(
                    table, batch, addresses.read(slot, Double.self), features, addresses.write(y.slot, Float.self), outputs,
                    scratch: addresses[scratch])
            case (false, false):
                plan.run(
                    table, batch, addresses.read(slot, Double.self), features, addresses.write(y.slot, Double.self), outputs,
                    scratch: addresses[scratch])
            }
            finish.end(addresses)
        }
    }

    /// What comes before the first and after the last tree: base score and division, in the accumulation type.
    private func finishing(
        _ y: LoweringSite.Operand
    ) throws(ModelError) -> (start: (Addresses) -> Void, end: (Addresses) -> Void) {
        rules.accumulationType == .float32 ? try finishing(y, Float.self) : try finishing(y, Double.self)
    }

    private func finishing<Sum: BinaryFloatingPoint & Scalar>(
        _ y: LoweringSite.Operand, _ type: Sum.Type
    ) throws(ModelError) -> (start: (Addresses) -> Void, end: (Addresses) -> Void) {
        let zeros = [Sum](repeating: 0, count: outputCount)
        let base = try baseScore?.array(of: Sum.self)
        let first = rules.baseScoreOrder == .beforeTrees ? base ?? zeros : zeros
        let last = rules.baseScoreOrder == .afterTrees ? base : nil
        let divisor = rules.divisor == 1 ? nil : Sum(rules.divisor)
        let (rows, outputs) = (y.shape[0], outputCount)
        return (
            { addresses in
                let scores = addresses.write(y.slot, Sum.self)
                for row in 0..<rows { for column in 0..<outputs { scores[row * outputs + column] = first[column] } }
            },
            { addresses in
                guard divisor != nil || last != nil else { return }
                let scores = addresses.write(y.slot, Sum.self)
                for row in 0..<rows {
                    for column in 0..<outputs {
                        let index = row * outputs + column
                        if let divisor { scores[index] /= divisor }
                        if let last { scores[index] += last[column] }
                    }
                }
            }
        )
    }

    /// The trees as the kernels take them: splits first, then leaves; nil for tests that the kernels do not have.
    private func kernelPlan() throws(ModelError) -> ForestPlan? {
        let flags = try layout.flags.array(of: UInt8.self).map(Flags.init(rawValue:))
        guard !flags.contains(where: { $0.contains(.equality) || $0.contains(.category) }) else { return nil }
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
        nodes.leaf = [Int32](repeating: 0, count: splits)
        for leaf in 0..<layout.leafCount {
            nodes.feature.append(-1)
            nodes.threshold.append(0)
            nodes.left.append(0)
            nodes.right.append(0)
            nodes.missing.append(.nanRight)
            nodes.leaf.append(Int32(leaf))
        }
        let roots = try layout.root.array(of: Int32.self).map(node)
        return ForestPlan(
            nodes, comparison: rules.comparison == .less ? .less : .lessOrEqual, roots: roots,
            targets: try layout.output.array(of: Int32.self), outputs: outputCount, values: try weightedLeaves(nodes, roots),
            leafWidth: layout.leafWidth, features: rules.featureType == .float32 ? .float32 : .float64,
            sums: rules.accumulationType == .float32 ? .float32 : .float64)
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

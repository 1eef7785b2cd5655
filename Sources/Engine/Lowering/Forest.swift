import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.Forest: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let numbersLeaves = site.output(1) != nil
        guard let x = site.input(0),
            let plan = try site.shared("forest", { () throws(ModelError) in try kernelPlan(numbersLeaves: numbersLeaves) })
        else { return nil }
        let scratch = site.scratch(byteCount: plan.scratchBytes, forEachThread: true)
        let narrow = rules.featureType == .float32
        var (slot, steps): (Int, [Step]) = (x.slot, [])
        if (x.elementType == .float32) != narrow {
            slot = site.scratch(byteCount: max(1, x.count) * (narrow ? 4 : 8))
            steps.append(converting(x, to: slot, narrow: narrow))
        }
        if let y = site.output(0) { steps += try scores(plan, x, slot, y, scratch, site) }
        if let labels = site.output(1) {
            let found = site.scratch(byteCount: max(1, labels.count) * 4)
            steps.append(try leaves(plan, x, slot, labels, scratch, found))
        }
        return inOrder(steps)
    }

    private func converting(_ x: LoweringSite.Operand, to slot: Int, narrow: Bool) -> Step {
        let (from, count) = (x.slot, x.count)
        return { addresses in
            if narrow {
                let (source, target) = (addresses.read(from, Double.self), addresses.write(slot, Float.self))
                for index in 0..<count { target[index] = Float(source[index]) }
            } else {
                let (source, target) = (addresses.read(from, Float.self), addresses.write(slot, Double.self))
                for index in 0..<count { target[index] = Double(source[index]) }
            }
        }
    }

    /// Rows are started, walked and finished together, so that a row alone is one call.
    private func scores(
        _ plan: ForestPlan, _ x: LoweringSite.Operand, _ slot: Int, _ y: LoweringSite.Operand, _ scratch: Int,
        _ site: LoweringSite
    ) throws(ModelError) -> [Step] {
        let (batch, features, outputs, table, target) = (x.shape[0], featureCount, outputCount, kernels, y.slot)
        func adding<Feature, Sum>(
            _ ends: ForestEnds<Sum>,
            _ run: @escaping (Int, UnsafePointer<Feature>, UnsafeMutablePointer<Sum>, UnsafeMutableRawPointer) -> Void
        ) -> (Addresses, Range<Int>) -> Void where Feature: Scalar, Sum: Scalar {
            { addresses, rows in
                let scores = addresses.write(target, Sum.self) + rows.lowerBound * outputs
                ends.start(scores, rows.count)
                run(
                    rows.count, addresses.read(slot, Feature.self) + rows.lowerBound * features, scores, addresses[scratch])
                ends.finish(scores, rows.count)
            }
        }
        let walk: (Addresses, Range<Int>) -> Void =
            switch (rules.featureType, rules.accumulationType) {
            case (.float32, .float32):
                adding(try ForestEnds(self)) { (rows, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, scratch) in
                    plan.run(table, rows, x, features, y, outputs, scratch: scratch)
                }
            case (.float32, _):
                adding(try ForestEnds(self)) { (rows, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Double>, scratch) in
                    plan.run(table, rows, x, features, y, outputs, scratch: scratch)
                }
            case (_, .float32):
                adding(try ForestEnds(self)) { (rows, x: UnsafePointer<Double>, y: UnsafeMutablePointer<Float>, scratch) in
                    plan.run(table, rows, x, features, y, outputs, scratch: scratch)
                }
            default:
                adding(try ForestEnds(self)) { (rows, x: UnsafePointer<Double>, y: UnsafeMutablePointer<Double>, scratch) in
                    plan.run(table, rows, x, features, y, outputs, scratch: scratch)
                }
            }
        // A tree of a row takes as long as some twenty multiply-adds.
        let division = site.division(batch, cost: 20 * Double(layout.treeCount), of: 64)
        let whole: Step = { addresses throws(ModelError) in walk(addresses, 0..<batch) }
        return [division?.step(walk) ?? whole]
    }

    /// The labels of the leaves, by way of their places.
    private func leaves(
        _ plan: ForestPlan, _ x: LoweringSite.Operand, _ slot: Int, _ labels: LoweringSite.Operand, _ scratch: Int, _ found: Int
    ) throws(ModelError) -> Step {
        let names = try layout.leafLabel.array(of: Int32.self)
        let (batch, features, trees, table, target) = (x.shape[0], featureCount, layout.treeCount, kernels, labels.slot)
        let isNarrow = rules.featureType == .float32
        return { addresses in
            let places = addresses.write(found, Int32.self)
            if isNarrow {
                plan.leaves(
                    table, batch, addresses.read(slot, Float.self), features, places, trees, scratch: addresses[scratch])
            } else {
                plan.leaves(
                    table, batch, addresses.read(slot, Double.self), features, places, trees, scratch: addresses[scratch])
            }
            let labels = addresses.write(target, Int64.self)
            for index in 0..<batch * trees { labels[index] = Int64(names[Int(places[index])]) }
        }
    }
}

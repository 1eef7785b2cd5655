import SeptumIR
import SeptumOperators
package import SeptumTensor

extension Op.LinearLeaves: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let table = site.input(0), let labels = site.input(1), let y = site.output(0) else { return nil }
        let leaves = try Leaves(self)
        let (batch, trees, features, outputs) = (table.shape[0], leafStart.count - 1, featureCount, outputCount)
        guard labels.shape == [batch, trees], table.shape == [batch, features] else { return nil }
        let (from, reached, target) = (table.slot, labels.slot, y.slot)
        return { addresses throws(ModelError) in
            let rows = addresses.read(from, Double.self)
            let labels = addresses.read(reached, Int64.self)
            let sums = addresses.write(target, Double.self)
            for index in 0..<batch * outputs { sums[index] = 0 }
            for row in 0..<batch {
                var output = 0
                for tree in 0..<trees {
                    sums[row * outputs + output] += try leaves.value(
                        tree, labels[row * trees + tree], rows + row * features)
                    output = output + 1 == outputs ? 0 : output + 1
                }
            }
        }
    }

    /// The leaves as arrays that a step keeps.
    private struct Leaves {
        let starts: [Int32]
        let terms: [Int32]
        let constants: [Double]
        let fallbacks: [Double]
        let features: [Int32]
        let coefficients: [Double]

        init(_ op: Op.LinearLeaves) throws(ModelError) {
            starts = try op.leafStart.array()
            terms = try op.termStart.array()
            constants = try op.constant.array()
            fallbacks = try op.fallback.array()
            features = try op.feature.array()
            coefficients = try op.coefficient.array()
        }

        /// Term after term, as the definition adds them.
        func value(_ tree: Int, _ label: Int64, _ x: UnsafePointer<Double>) throws(ModelError) -> Double {
            guard label >= 0, label < Int64(starts[tree + 1] - starts[tree]) else {
                throw ModelError(.invalidInput, "found leaf \(label) of tree \(tree), which has no such leaf")
            }
            let leaf = Int(starts[tree]) + Int(label)
            var value = constants[leaf]
            for term in Int(terms[leaf])..<Int(terms[leaf + 1]) {
                let feature = x[Int(features[term])]
                if feature.isNaN { return fallbacks[leaf] }
                value += coefficients[term] * feature
            }
            return value
        }
    }
}

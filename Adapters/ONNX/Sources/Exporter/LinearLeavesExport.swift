import SeptumIR
import SeptumOperators
import SeptumTensor

extension SpecialExports {
    /// Writes linear leaves as the arithmetic that they stand for, rounding after rounding: each leaf's constant and terms are
    /// gathered by its number, term after term is added for all trees at once, and `CumSum` adds the trees in their order.
    @Sendable static func exportLinearLeaves(
        _ node: Graph.Node, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        guard let op = node.op as? Op.LinearLeaves, node.inputs.count == 2, let table = node.inputs[0],
            let labels = node.inputs[1], let output = node.outputs.first ?? nil
        else { throw ModelError(.invalidModel, "linear leaves take a table and the leaves") }
        let starts = try op.leafStart.array(of: Int32.self).dropLast().map(Int64.init)
        guard !starts.isEmpty, op.constant.count > 0 else { throw ModelError(.unsupported, "there are no trees to write") }
        let leaf = exporter.add(
            "Add", [exporter.name(labels), exporter.addConstant(try Tensor([1, starts.count], starts), "leaf_start")])
        let values = try exporter.leafValues(op, exporter.name(table), leaf)
        try exporter.addTrees(values, trees: starts.count, outputs: op.outputCount, named: exporter.name(output))
    }
}

extension GraphExporter {
    /// What each tree's leaf gives, float64 `[batch, trees]`; `leaf` numbers the leaves of all trees.
    fileprivate mutating func leafValues(
        _ op: Op.LinearLeaves, _ table: String, _ leaf: String
    ) throws(ModelError) -> String {
        let starts = try op.termStart.array(of: Int32.self).map(Int.init)
        let features = try op.feature.array(of: Int32.self)
        let coefficients = try op.coefficient.array(of: Double.self)
        let leaves = op.constant.count
        // A leaf of fewer terms takes -0 times a column of zeros, which changes no number.
        let widened = add(
            "Pad",
            [table, addConstant(try Tensor([4], [Int64(0), 0, 0, 1]), "widths"), addConstant(try Tensor([], [0.0]), "zero")])
        var value = add("Gather", [addConstant(op.constant, "constants"), leaf])
        var missing: String?
        for term in 0..<(zip(starts, starts.dropFirst()).map { $1 - $0 }.max() ?? 0) {
            var (columns, factors) = (
                [Int64](repeating: Int64(op.featureCount), count: leaves), [Double](repeating: -0.0, count: leaves)
            )
            for index in 0..<leaves where starts[index] + term < starts[index + 1] {
                columns[index] = Int64(features[starts[index] + term])
                factors[index] = coefficients[starts[index] + term]
            }
            let column = add("Gather", [addConstant(try Tensor([leaves], columns), "term_columns"), leaf])
            let factor = add("Gather", [addConstant(try Tensor([leaves], factors), "term_factors"), leaf])
            let x = add("GatherElements", [widened, column], [.init("axis", .int(1))])
            value = add("Add", [value, add("Mul", [factor, x])])
            let isMissing = add("IsNaN", [x])
            missing = missing.map { add("Or", [$0, isMissing]) } ?? isMissing
        }
        guard let missing else { return value }
        return add("Where", [missing, add("Gather", [addConstant(op.fallback, "fallbacks"), leaf]), value])
    }

    /// The last of the running sums over the trees of each output.
    fileprivate mutating func addTrees(
        _ values: String, trees: Int, outputs: Int, named target: String
    ) throws(ModelError) {
        let rounds = (trees + outputs - 1) / outputs
        var terms = values
        if rounds * outputs > trees {
            let widths = addConstant(try Tensor([4], [Int64(0), 0, 0, Int64(rounds * outputs - trees)]), "widths")
            terms = add("Pad", [terms, widths, addConstant(try Tensor([], [-0.0]), "zero")])
        }
        if outputs > 1 {
            let shape = addConstant(try Tensor([3], [Int64(0), Int64(rounds), Int64(outputs)]), "shape")
            terms = add("Reshape", [terms, shape])
        }
        let sums = add("CumSum", [terms, addConstant(try Tensor([], [Int64(1)]), "axis")])
        let last = outputs > 1 ? try Tensor([], [Int64(rounds - 1)]) : try Tensor([1], [Int64(rounds - 1)])
        add("Gather", [sums, addConstant(last, "last")], [.init("axis", .int(1))], named: target)
    }
}

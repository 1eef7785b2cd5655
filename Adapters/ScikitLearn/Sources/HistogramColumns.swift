import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// The columns that boosting on histograms tests: categories first, as the place of their value among those known, NaN for
/// others. Up to scikit-learn 1.3 columns stay where they are and categories are their own places.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py
/// (`_preprocess_X`)
struct HistogramColumns {
    private let isCategorical: [Bool]
    /// The values of each categorical column in their order; nil when values are places.
    private let categories: [[Double]]?
    /// The known places of each column, by its index among those tested.
    private let known: [Int: Set<Int>]
    private let estimator: Estimator

    init(_ estimator: Estimator, _ content: PlainValue, _ count: Int) throws(ModelError) {
        self.estimator = estimator
        guard let flags = content["is_categorical"]?.tensor?.integers, flags.count == count else {
            throw estimator.error(
                "found \(content["is_categorical"]?.kind ?? "nothing") for \(count) features", "is_categorical_")
        }
        isCategorical = flags.map { $0 != 0 }
        let columns = flags.indices.filter { flags[$0] != 0 }
        var known: [Int: Set<Int>] = [:]
        if let lists = content["categories"]?.list {
            guard lists.count == columns.count else {
                throw estimator.error("found \(lists.count) lists for \(columns.count) columns", "_preprocessor")
            }
            var categories: [[Double]] = []
            for (place, list) in lists.enumerated() {
                guard list.tensor?.elementType != .string, let tensor = try? estimator.array(list, "_preprocessor") else {
                    throw estimator.error(
                        "categories of column \(columns[place]) are \(list.kind), expected numbers", "_preprocessor",
                        code: .unsupported, remedy: "give categories as numbers, since X is float64")
                }
                categories.append(try tensor.array(of: Double.self).filter { !$0.isNaN })
                known[place] = Set(categories[place].indices)
            }
            self.categories = categories
        } else {
            categories = nil
            for (place, list) in (content["known"]?.list ?? []).enumerated() where place < columns.count {
                let values = try estimator.array(list, "_bin_mapper").array(of: Double.self)
                known[columns[place]] = Set(values.compactMap { Int(exactly: $0) }.filter { (0...255).contains($0) })
            }
        }
        self.known = known
    }

    /// Shape: [batch, features] -> [batch, features], as the trees see them.
    func encoded(_ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        guard let categories, !categories.isEmpty else { return x }
        func columns(_ wanted: Bool) throws(ModelError) -> Graph.ValueID? {
            let places = isCategorical.indices.filter { isCategorical[$0] == wanted }.map(Int64.init)
            guard !places.isEmpty else { return nil }
            return try graph.apply(Op.Gather(axis: 1), x, try graph.addConstant(try Tensor([places.count], places)))
        }
        var parts: [Graph.ValueID] = []
        for (place, column) in isCategorical.indices.filter({ isCategorical[$0] }).enumerated() {
            let index = try graph.addConstant(try Tensor([1], [Int64(column)]))
            let value = try graph.apply(Op.Gather(axis: 1), x, index)
            let list = try graph.addConstant(try Tensor([1, categories[place].count], categories[place]))
            let matches = try graph.apply(Op.Cast(to: .float64), try graph.apply(Op.Equal(), value, list))
            let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
            let first = try graph.apply(Op.Cast(to: .float64), try graph.apply(Op.ArgMax(axis: 1, keepdims: true), matches))
            let found = try graph.apply(Op.ReduceMax(keepdims: true), matches, axis)
            let isKnown = try graph.apply(Op.Greater(), found, try graph.addConstant(try Tensor([], [0.5])))
            let nothing = try graph.addConstant(try Tensor([], [Double.nan]))
            parts.append(try graph.apply(Op.Where(), isKnown, first, nothing))
        }
        if let numbers = try columns(false) { parts.append(numbers) }
        return parts.isEmpty ? x : try graph.joined(parts)
    }

    /// What a split asks that sends the places in a set of 256 bits left.
    func test(_ words: ArraySlice<Int>, feature: Int, missingGoesLeft: Bool) throws(ModelError) -> ForestBuilder.Test {
        let left = words.enumerated().flatMap { index, word in
            (0..<32).filter { word >> $0 & 1 == 1 }.map { index * 32 + $0 }
        }
        // What is not known goes where missing values go.
        guard missingGoesLeft else { return .categoriesLeft(left) }
        guard let known = known[feature] else {
            throw estimator.error("feature \(feature) has no categories", "_bin_mapper")
        }
        return .categoriesRight(known.subtracting(left).sorted())
    }
}

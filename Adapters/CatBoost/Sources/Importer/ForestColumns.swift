import SeptumIR
import SeptumOperators
import SeptumTensor

/// The columns that trees test: the numbers, the place of each category among the hashes asked for, the statistics.
struct ForestColumns {
    private let ensemble: Ensemble
    private let tests: [SplitTest]
    private let numberCount: Int
    private let categoryCount: Int
    /// The indices of categorical features.
    private let categories: Set<Int>

    init(_ importer: Importer) throws(ModelError) {
        ensemble = importer.ensemble
        tests = SplitTest.all(of: importer.ensemble)
        (numberCount, categoryCount) = (importer.numberCount, importer.categoryCount)
        categories = Set(importer.ensemble.categories.map(\.index))
    }

    /// Values in all columns of statistics: many small statistics of a large table would fill the memory.
    private static let valueLimit = 1 << 26
    /// Counts that are added up for them.
    private static let countLimit = 1 << 30

    var count: Int { numberCount + ensemble.oneHot.count + ensemble.statistics.count }

    /// Adds a split; values that pass its test go to `passing`.
    ///
    /// - Throws: `malformed` when there is no such test; what the builder refuses.
    func add(
        _ id: Int, _ split: Int, failing: Int, passing: Int, _ builder: inout ForestBuilder
    ) throws(ModelError) {
        guard tests.indices.contains(split) else {
            throw ModelError(
                .malformed,
                "tree \(builder.treeCount), node \(id): found split \(split), the features have \(tests.count) borders")
        }
        switch tests[split] {
        case .number(let index, let border):
            let feature = ensemble.numbers[index]
            try builder.addSplit(
                id, feature: feature.index, test: .threshold(Double(border)), missing: .nan(goesLeft: !feature.missingExceeds),
                left: failing, right: passing)
        case .category(let index, let value):
            try builder.addSplit(
                id, feature: numberCount + index, test: .equals(Double(value)), missing: .nan(goesLeft: false), left: passing,
                right: failing)
        case .statistic(let index, let border):
            try builder.addSplit(
                id, feature: numberCount + ensemble.oneHot.count + index, test: .threshold(Double(border)),
                missing: .nan(goesLeft: true), left: failing, right: passing)
        }
    }

    // MARK: Categories

    /// The table of categories: a column for each one-hot feature, then one for each statistic.
    func categoryTable() throws(ModelError) -> Op.CategoryTable {
        var (tables, columns): ([Op.CategoryTable.Table], [Op.CategoryTable.Column]) = ([], [])
        for feature in ensemble.oneHot {
            guard Set(feature.hashes).count == feature.hashes.count, feature.hashes.count < 1 << 24 else {
                throw ModelError(.malformed, "the values of categorical feature \(feature.category) are not all different")
            }
            let part = Op.CategoryTable.Part(.category, try place(ofCategory: feature.category))
            let keys = feature.hashes.map { Int64(bitPattern: Op.CategoryTable.extended(0, by: Int64($0))) }
            let (sorted, order) = ForestColumns.sorted(keys)
            columns.append(Op.CategoryTable.Column(table: tables.count, values: order.map { Float($0) }, fallback: -1))
            tables.append(Op.CategoryTable.Table(parts: [part], keys: sorted))
        }
        var places: [Ensemble.StatisticKey: (table: Int, order: [Int])] = [:]
        let listed = ListedTests(ensemble)
        var (valueCount, countCount) = (0, 0)
        for feature in ensemble.statistics {
            guard let counts = ensemble.tables[feature.key] else {
                throw ModelError(
                    .malformed,
                    "there is no table of \(feature.key.kind.rawValue) for categorical features "
                        + "\(feature.key.combination.categories)")
            }
            if places[feature.key] == nil {
                let (sorted, order) = ForestColumns.sorted(counts.hashes.map { Int64(bitPattern: $0) })
                guard !zip(sorted, sorted.dropFirst()).contains(where: ==) else {
                    throw ModelError(.malformed, "a hash is given twice in a table of \(feature.key.kind.rawValue)")
                }
                places[feature.key] = (tables.count, order)
                tables.append(Op.CategoryTable.Table(parts: try parts(of: feature.key.combination, listed), keys: sorted))
            }
            guard let (table, order) = places[feature.key] else { continue }
            valueCount += order.count
            countCount += counts.counts.count
            guard valueCount <= ForestColumns.valueLimit, countCount <= ForestColumns.countLimit else {
                throw ModelError(.limit, "the statistics have more than \(ForestColumns.valueLimit) values")
            }
            let statistic = try Statistic(feature, counts)
            columns.append(
                Op.CategoryTable.Column(table: table, values: order.map(statistic.value), fallback: statistic.fallback))
        }
        return try Op.CategoryTable(
            numberCount: numberCount, categoryCount: categoryCount, tables: tables, columns: columns)
    }

    /// Keys in ascending order and where each of them stood.
    private static func sorted(_ keys: [Int64]) -> (keys: [Int64], order: [Int]) {
        let order = keys.indices.sorted { keys[$0] < keys[$1] }
        return (order.map { keys[$0] }, order)
    }

    private func place(ofCategory index: Int) throws(ModelError) -> Int32 {
        guard categories.contains(index), let place = Int32(exactly: index) else {
            throw ModelError(.malformed, "found categorical feature \(index), there are \(ensemble.categories.count)")
        }
        return place
    }

    private func parts(
        of combination: Ensemble.Combination, _ listed: ListedTests
    ) throws(ModelError) -> [Op.CategoryTable.Part] {
        var parts: [Op.CategoryTable.Part] = []
        for category in combination.categories { parts.append(Op.CategoryTable.Part(.category, try place(ofCategory: category))) }
        for test in combination.tests {
            guard let exceeds = listed.numbers[test] else {
                throw ModelError(
                    .malformed, "a combination tests number \(test.number) against \(test.border), which is none of its borders")
            }
            parts.append(
                Op.CategoryTable.Part(exceeds ? .exceedsOrMissing : .exceeds, Int32(clamping: test.number), border: test.border))
        }
        for test in combination.hashes {
            guard listed.categories.contains(test) else {
                throw ModelError(.malformed, "a combination tests category \(test.category) for a value that is not listed")
            }
            parts.append(
                Op.CategoryTable.Part(
                    .equals, try place(ofCategory: test.category), hash: Int32(truncatingIfNeeded: test.hash)))
        }
        return parts
    }
}

/// The tests that the features list, which combinations may repeat.
private struct ListedTests {
    /// Whether NaN passes, by the test.
    var numbers: [Ensemble.NumberTest: Bool] = [:]
    var categories: Set<Ensemble.CategoryTest> = []

    init(_ ensemble: Ensemble) {
        guard !ensemble.statistics.isEmpty else { return }
        for feature in ensemble.numbers {
            for border in feature.borders {
                numbers[Ensemble.NumberTest(number: feature.index, border: border)] = feature.missingExceeds
            }
        }
        for feature in ensemble.oneHot {
            for hash in feature.hashes { categories.insert(Ensemble.CategoryTest(category: feature.category, hash: hash)) }
        }
    }
}

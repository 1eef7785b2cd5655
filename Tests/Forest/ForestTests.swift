import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ForestTests {
    static let rules = Op.Forest.Rules(comparison: .less, featureType: .float32, accumulationType: .float32)

    /// One tree: x0 < 1 ? (x1 < 2 ? 10 : 20) : 30.
    func smallForest(_ rules: Op.Forest.Rules = rules, missing: ForestBuilder.Missing = .nan(goesLeft: true)) throws -> Op.Forest
    {
        var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 2, outputCount: 1)
        try builder.addSplit(0, feature: 0, test: .threshold(1), missing: missing, left: 7, right: 2)
        try builder.addLeaf(2, 30)
        try builder.addSplit(7, feature: 1, test: .threshold(2), missing: missing, left: 4, right: 3)
        try builder.addLeaf(3, 20)
        try builder.addLeaf(4, 10)
        try builder.endTree()
        return try builder.forest()
    }

    func scores(_ forest: Op.Forest, _ rows: [[Float]]) throws -> [Float] {
        let table = try Tensor([rows.count, forest.featureCount], rows.flatMap { $0 })
        return try #require(try forest.evaluate(Arguments([.tensor(table)]))[0].tensor).array()
    }

    @Test func comparesAsTheRulesSay() throws {
        let rows: [[Float]] = [
            [1, 0], [Float(1).nextDown, 2], [0, Float(2).nextDown], [.infinity, 0], [-.infinity, -.infinity],
        ]
        #expect(try scores(smallForest(), rows) == [30, 20, 10, 30, 10])
        var rules = ForestTests.rules
        rules.comparison = .lessOrEqual
        let inclusive = rows + [[Float(1).nextUp, 0], [1, Float(2).nextUp]]
        #expect(try scores(smallForest(rules), inclusive) == [10, 10, 10, 30, 10, 30, 20])
    }

    @Test(arguments: [
        (ForestBuilder.Missing.nan(goesLeft: true), [10, 10] as [Float]), (.nan(goesLeft: false), [30, 10]),
        (.nanAndZero(goesLeft: false), [30, 30]), (.nanAndZero(goesLeft: true), [10, 10]), (.nothing, [10, 10]),
    ]) func sendsMissingValues(missing: ForestBuilder.Missing, expected: [Float]) throws {
        #expect(try scores(smallForest(missing: missing), [[.nan, 1], [1e-36, 1]]) == expected)
    }

    @Test func laysOutInPreOrder() throws {
        let layout = try smallForest().layout
        #expect(layout.feature.integers == [0, 1])
        #expect(layout.left.integers == [1, ~0])
        #expect(layout.right.integers == [~2, ~1])
        #expect(layout.root.integers == [0])
        #expect(layout.leafLabel.integers == [4, 3, 2])
        #expect(layout.weight == nil)
        #expect(try layout.leafValue.array(of: Float.self) == [10, 20, 30])
    }

    @Test func namesTheLeaves() throws {
        let table = try Tensor([2, 2], [0, 0, 5, 0] as [Double])
        let results = try smallForest().evaluate(Arguments([.tensor(table)], outputCount: 2))
        #expect(results[1].tensor?.shape == [2, 1])
        #expect(results[1].tensor?.integers == [4, 2])
    }

    /// 1 + 2^-24 rounds back to 1 in float32, 2^-24 + 2^-24 does not vanish beside 1: order and type show.
    @Test(arguments: [
        (ElementType.float32, Op.Forest.BaseScoreOrder.beforeTrees, 1.0), (.float32, .afterTrees, 1 + 0x1p-23),
        (.float64, .beforeTrees, 1 + 0x1p-23),
    ]) func addsInOrder(type: ElementType, order: Op.Forest.BaseScoreOrder, expected: Double) throws {
        let rules = Op.Forest.Rules(comparison: .less, featureType: .float32, accumulationType: type, baseScoreOrder: order)
        var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
        for _ in 0..<2 {
            try builder.addLeaf(0, 0x1p-24)
            try builder.endTree()
        }
        let forest = try builder.forest(baseScore: [1])
        let result = try #require(try forest.evaluate(Arguments([.tensor(try Tensor([1, 1], [Float(0)]))]))[0].tensor)
        #expect(result.elementType == type)
        #expect(try type == .float32 ? result.array(of: Float.self).map(Double.init) == [expected] : result.array() == [expected])
    }

    @Test(arguments: [
        (Op.Forest.Aggregation.sum, 1, [5.5, 6.25] as [Float]), (.sum, 2, [3.25, 3.125]), (.minimum, 1, [-0.5, 1.25]),
        (.maximum, 1, [7, 5]),
    ]) func aggregates(aggregation: Op.Forest.Aggregation, divisor: Int, expected: [Float]) throws {
        var rules = ForestTests.rules
        rules.aggregation = aggregation
        rules.divisor = divisor
        rules.baseScoreOrder = .afterTrees
        var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 1, outputCount: 2, leafWidth: 2)
        try builder.addLeaf(0, [-3, 2.5])
        try builder.endTree(weight: 0.5)
        try builder.addLeaf(0, [6, 5])
        try builder.endTree()
        #expect(try scores(builder.forest(baseScore: [1, 0]), [[0]]) == expected)
    }

    @Test(arguments: Op.Forest.CategoryRule.allCases) func sortsCategories(rule: Op.Forest.CategoryRule) throws {
        var rules = ForestTests.rules
        rules.categoryRule = rule
        var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
        for test in [ForestBuilder.Test.categoriesLeft([0, 2, 40]), .categoriesRight([0, 2, 40])] {
            try builder.addSplit(0, feature: 0, test: test, missing: .nan(goesLeft: false), left: 1, right: 2)
            try builder.addLeaf(1, 1)
            try builder.addLeaf(2, 2)
            try builder.endTree(weight: treeWeight(builder.treeCount))
        }
        let forest = try builder.forest()
        let values: [Float] = [0, 0.9, 1, 2.5, 40, 41, 64, 1e30, .infinity, -1, -.infinity, -0.5, .nan]
        let isListed: [Float] = [1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, rule == .truncate ? 1 : 0]
        // The first tree gives 1 to listed ones and else 2, the second ten times the other; NaN goes right in both.
        #expect(try scores(forest, values.map { [$0] }) == isListed.map { $0 == 1 ? 21 : 12 } + [22])
    }

    @Test func findsNothingInAnEmptySet() throws {
        var rules = ForestTests.rules
        rules.categoryRule = .truncate
        var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
        try builder.addSplit(0, feature: 0, test: .categoriesLeft([]), missing: .nan(goesLeft: true), left: 1, right: 2)
        try builder.addLeaf(1, 1)
        try builder.addLeaf(2, 2)
        try builder.endTree()
        #expect(try scores(builder.forest(), [[-0.5], [0], [.nan]]) == [2, 2, 1])
    }

    func treeWeight(_ index: Int) -> Double { index == 0 ? 1 : 10 }

    @Test func testsEquality() throws {
        var builder = ForestBuilder(rules: ForestTests.rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
        try builder.addSplit(0, feature: 0, test: .equals(0.5), missing: .nan(goesLeft: false), left: 1, right: 2)
        try builder.addLeaf(1, 1)
        try builder.addLeaf(2, 2)
        try builder.endTree()
        #expect(try scores(builder.forest(), [[0.5], [0.25], [.nan]]) == [1, 2, 2])
    }

    /// scikit-learn compares float32(x) with a float64 threshold, LightGBM float64 with float64.
    @Test(arguments: [(ElementType.float32, 2.0), (.float64, 1.0)]) func roundsFeatures(type: ElementType, expected: Double)
        throws
    {
        let rules = Op.Forest.Rules(comparison: .lessOrEqual, featureType: type, accumulationType: .float64)
        var builder = ForestBuilder(rules: rules, thresholdType: .float64, featureCount: 1, outputCount: 1)
        try builder.addSplit(0, feature: 0, test: .threshold(0.1), missing: .nan(goesLeft: false), left: 1, right: 2)
        try builder.addLeaf(1, 1)
        try builder.addLeaf(2, 2)
        try builder.endTree()
        let result = try builder.forest().evaluate(Arguments([.tensor(try Tensor([1, 1], [0.1]))]))[0].tensor
        #expect(try result?.array(of: Double.self) == [expected])
    }

    @Test func keepsBatchSymbolic() throws {
        let forest = try smallForest()
        let facts = try forest.infer(Facts([Fact(.float32, ["batch", 2])], outputCount: 2))
        #expect(facts[0].type == .tensor(.float32, ["batch", 1]))
        #expect(facts[1].type == .tensor(.int64, ["batch", 1]))
        #expect(throws: ModelError.self) { try forest.infer(Facts([Fact(.float32, ["batch", 3])])) }
        #expect(throws: ModelError.self) { try forest.infer(Facts([Fact(.int64, ["batch", 2])])) }
        #expect(throws: ModelError.self) { try scores(forest, [[1]]) }
    }
}

public import SeptumIR
public import SeptumTensor

extension Op {
    /// The sum (or mean, minimum, maximum) of decision trees over one table of features, before any link function.
    ///
    /// Input: float32 or float64 `[batch, features]`. Outputs: scores `[batch, outputs]` of the accumulation type; the label
    /// of the leaf that each row reaches in each tree, int64 `[batch, trees]`.
    ///
    /// Trees are added one after another in their order, each `weight * leaf` rounded to the accumulation type before it is
    /// added, so that the scores equal those of the source library bit for bit. `ForestBuilder` makes forests.
    public struct Forest: Operator {
        public static let name = "Forest"
        public static let inputCount = 1...1
        public static let outputCount = 1...2

        /// Which feature values go to the left child of a numerical split.
        public enum Comparison: String, Sendable, CaseIterable {
            /// `x < threshold`
            case less
            /// `x <= threshold`
            case lessOrEqual
        }

        /// How the leaves of all trees become one score.
        public enum Aggregation: String, Sendable, CaseIterable {
            /// Also the mean, when `divisor` is not 1.
            case sum
            case minimum
            case maximum
        }

        /// Where the base score enters; rounding makes it matter.
        public enum BaseScoreOrder: String, Sendable, CaseIterable {
            /// The sum starts from it.
            case beforeTrees
            /// It is added to the sum (or to the mean).
            case afterTrees
        }

        /// How a feature value becomes a category; what is outside the node's set follows the node.
        public enum CategoryRule: String, Sendable, CaseIterable {
            /// Values below zero are outside; others lose their fraction.
            case refuseNegative
            /// Every value loses its fraction first, so that -0.5 is category 0.
            case truncate
        }

        /// The rules that hold for every node.
        public struct Rules: Sendable, Hashable {
            public var comparison: Comparison
            /// float32 or float64: the type to which feature values are rounded before they are compared.
            public var featureType: ElementType
            /// float32 or float64: the type of leaves, weights, base score and sums.
            public var accumulationType: ElementType
            public var categoryRule: CategoryRule
            public var aggregation: Aggregation
            /// What sums are divided by, the base score excepted when it is added afterwards.
            public var divisor: Int
            public var baseScoreOrder: BaseScoreOrder

            public init(
                comparison: Comparison, featureType: ElementType, accumulationType: ElementType,
                categoryRule: CategoryRule = .refuseNegative, aggregation: Aggregation = .sum, divisor: Int = 1,
                baseScoreOrder: BaseScoreOrder = .beforeTrees
            ) {
                self.comparison = comparison
                self.featureType = featureType
                self.accumulationType = accumulationType
                self.categoryRule = categoryRule
                self.aggregation = aggregation
                self.divisor = divisor
                self.baseScoreOrder = baseScoreOrder
            }
        }

        public let rules: Rules
        public let featureCount: Int
        public let outputCount: Int
        public let layout: Layout
        /// One number an output, of the accumulation type; nil when there is none.
        public let baseScore: Tensor?

        /// - Throws: `invalidModel` naming what breaks a rule of the layout.
        package init(
            rules: Rules, featureCount: Int, outputCount: Int, layout: Layout, baseScore: Tensor?
        ) throws(ModelError) {
            self.rules = rules
            self.featureCount = featureCount
            self.outputCount = outputCount
            self.layout = layout
            self.baseScore = baseScore
            try validate()
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            func int(_ name: String) throws(ModelError) -> Int {
                try AttributeReader.require(try attributes.int(name), name)
            }
            func choice<T: RawRepresentable & CaseIterable>(
                _ name: String, _ type: T.Type
            ) throws(ModelError) -> T where T.RawValue == String {
                try AttributeReader.require(try attributes.choice(name, type), name)
            }
            func type(_ name: String) throws(ModelError) -> ElementType {
                try AttributeReader.require(try attributes.elementType(name), name)
            }
            rules = Rules(
                comparison: try choice("comparison", Comparison.self), featureType: try type("feature_type"),
                accumulationType: try type("accumulation_type"), categoryRule: try choice("category_rule", CategoryRule.self),
                aggregation: try choice("aggregation", Aggregation.self), divisor: try int("divisor"),
                baseScoreOrder: try choice("base_score_order", BaseScoreOrder.self))
            featureCount = try int("features")
            outputCount = try int("outputs")
            layout = try Layout(&attributes)
            baseScore = try attributes.tensor("base_score")
            try validate()
        }

        public var attributes: Attributes {
            [
                ("comparison", .string(rules.comparison.rawValue)), ("feature_type", .int(Int(rules.featureType.rawValue))),
                ("accumulation_type", .int(Int(rules.accumulationType.rawValue))),
                ("category_rule", .string(rules.categoryRule.rawValue)),
                ("aggregation", .string(rules.aggregation.rawValue)), ("divisor", .int(rules.divisor)),
                ("base_score_order", .string(rules.baseScoreOrder.rawValue)), ("features", .int(featureCount)),
                ("outputs", .int(outputCount)),
            ] + layout.attributes + (baseScore.map { [("base_score", .tensor($0))] } ?? [])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            guard type.elementType == .float32 || type.elementType == .float64 else {
                throw ModelError(.invalidModel, "input 0 is \(type), expected float32 or float64")
            }
            if let shape = type.shape {
                guard shape.count == 2, !shape[1].isProvablyDifferent(from: .fixed(featureCount)) else {
                    throw ModelError(.invalidModel, "input 0 is \(type), expected shape [batch, \(featureCount)]")
                }
            }
            let batch = type.shape?[0] ?? .unknown
            return [
                Fact(rules.accumulationType, [batch, .fixed(outputCount)]), Fact(.int64, [batch, .fixed(layout.treeCount)]),
            ]
        }
    }
}

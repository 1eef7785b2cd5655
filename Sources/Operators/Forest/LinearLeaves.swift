public import SeptumIR
public import SeptumTensor

extension Op {
    /// The sum over trees whose leaves hold linear functions, once it is known which leaf each row reaches in each tree.
    ///
    /// A leaf gives `constant + coefficient * feature + ...`, term after term, or its `fallback` where one of its features is
    /// NaN; trees are added one after another to output `tree % outputs`. Everything is rounded to float64 at each step.
    ///
    /// - Shape: table `[batch, features]`, leaves `[batch, trees]` -> `[batch, outputs]`.
    /// - Element types: float64, int64 -> float64.
    ///
    /// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/include/LightGBM/tree.h (Predict, is_linear_)
    public struct LinearLeaves: Operator {
        public static let name = "LinearLeaves"
        public static let inputCount = 2...2

        public let featureCount: Int
        public let outputCount: Int
        /// int32 `[trees + 1]`: where the leaves of each tree start.
        public let leafStart: Tensor
        /// float64 `[leaves]`
        public let constant: Tensor
        /// float64 `[leaves]`
        public let fallback: Tensor
        /// int32 `[leaves + 1]`: where the terms of each leaf start.
        public let termStart: Tensor
        /// int32 `[terms]`
        public let feature: Tensor
        /// float64 `[terms]`
        public let coefficient: Tensor

        private var treeCount: Int { leafStart.count - 1 }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            func tensor(_ name: String) throws(ModelError) -> Tensor {
                try AttributeReader.require(try attributes.tensor(name), name)
            }
            self = try LinearLeaves(
                featureCount: try AttributeReader.require(try attributes.int("features"), "features"),
                outputCount: try AttributeReader.require(try attributes.int("outputs"), "outputs"),
                leafStart: try tensor("leaf_start"), constant: try tensor("constant"), fallback: try tensor("fallback"),
                termStart: try tensor("term_start"), feature: try tensor("feature"), coefficient: try tensor("coefficient"))
        }

        /// - Throws: `invalidModel` naming the attribute that does not fit the others.
        public init(
            featureCount: Int, outputCount: Int, leafStart: Tensor, constant: Tensor, fallback: Tensor, termStart: Tensor,
            feature: Tensor, coefficient: Tensor
        ) throws(ModelError) {
            self.featureCount = featureCount
            self.outputCount = outputCount
            self.leafStart = leafStart
            self.constant = constant
            self.fallback = fallback
            self.termStart = termStart
            self.feature = feature
            self.coefficient = coefficient
            let (leaves, terms) = (constant.count, feature.count)
            for (name, count) in [("features", featureCount), ("outputs", outputCount)] where !(1...1 << 24).contains(count) {
                throw ModelError(.invalidModel, "found \(count), expected 1 to \(1 << 24)", attribute: name)
            }
            for (name, tensor, type, count) in [
                ("leaf_start", leafStart, ElementType.int32, max(1, leafStart.count)), ("constant", constant, .float64, leaves),
                ("fallback", fallback, .float64, leaves), ("term_start", termStart, .int32, leaves + 1),
                ("feature", feature, .int32, terms), ("coefficient", coefficient, .float64, terms),
            ] where tensor.elementType != type || tensor.shape != [count] {
                throw ModelError(
                    .invalidModel, "found \(tensor.elementType)\(tensor.shape), expected \(type)[\(count)]", attribute: name)
            }
            for (name, starts, end) in [("leaf_start", leafStart, leaves), ("term_start", termStart, terms)] {
                let places = try starts.array(of: Int32.self)
                guard places.first == 0, places.last.map(Int.init) == end, !zip(places, places.dropFirst()).contains(where: >)
                else {
                    throw ModelError(.invalidModel, "expected ascending places from 0 to \(end)", attribute: name)
                }
            }
            for index in try feature.array(of: Int32.self) where index < 0 || index >= featureCount {
                throw ModelError(.invalidModel, "found feature \(index), there are \(featureCount)", attribute: "feature")
            }
        }

        public var attributes: Attributes {
            [
                ("features", .int(featureCount)), ("outputs", .int(outputCount)), ("leaf_start", .tensor(leafStart)),
                ("constant", .tensor(constant)), ("fallback", .tensor(fallback)), ("term_start", .tensor(termStart)),
                ("feature", .tensor(feature)), ("coefficient", .tensor(coefficient)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.tensor(0, of: [.float64])
            _ = try inputs.tensor(1, of: [.int64])
            let table = try inputs.shape(0, rank: 2) ?? [.unknown, .unknown]
            let leaves = try inputs.shape(1, rank: 2) ?? [.unknown, .unknown]
            _ = try sharedDimension(table[1], .fixed(featureCount), "the number of features")
            _ = try sharedDimension(leaves[1], .fixed(treeCount), "the number of trees")
            return [Fact(.float64, [try sharedDimension(table[0], leaves[0], "the batch"), .fixed(outputCount)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (table, labels) = (try inputs.tensor(0), try inputs.tensor(1))
            guard table.shape.count == 2, table.shape[1] == featureCount, labels.shape == [table.shape[0], treeCount] else {
                throw ModelError(.invalidInput, "found a table \(table.shape) and leaves \(labels.shape)")
            }
            let (rows, reached) = (try table.array(of: Double.self), try labels.array(of: Int64.self))
            let (starts, terms) = (try leafStart.array(of: Int32.self), try termStart.array(of: Int32.self))
            let (constants, fallbacks) = (try constant.array(of: Double.self), try fallback.array(of: Double.self))
            let (features, coefficients) = (try feature.array(of: Int32.self), try coefficient.array(of: Double.self))
            var sums = [Double](repeating: 0, count: try Tensor.elementCount([table.shape[0], outputCount]))
            for row in 0..<table.shape[0] {
                for tree in 0..<treeCount {
                    let label = reached[row * treeCount + tree]
                    guard label >= 0, label < Int64(starts[tree + 1] - starts[tree]) else {
                        throw ModelError(.invalidInput, "found leaf \(label) of tree \(tree), which has no such leaf")
                    }
                    let leaf = Int(starts[tree]) + Int(label)
                    var value = constants[leaf]
                    for term in Int(terms[leaf])..<Int(terms[leaf + 1]) {
                        let x = rows[row * featureCount + Int(features[term])]
                        if x.isNaN {
                            value = fallbacks[leaf]
                            break
                        }
                        value += coefficients[term] * x
                    }
                    sums[row * outputCount + tree % outputCount] += value
                }
            }
            return [.tensor(try Tensor([table.shape[0], outputCount], sums))]
        }
    }
}

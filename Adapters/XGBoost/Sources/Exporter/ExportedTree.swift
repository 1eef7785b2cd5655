import SeptumIR
import SeptumOperators
import SeptumTensor

/// One tree as the arrays over nodes of a file.
struct ExportedTree {
    let output: Int
    private var left: [Int] = []
    private var right: [Int] = []
    private var parents: [Int] = []
    private var features: [Int] = []
    private var conditions: [Float] = []
    private var defaultLeft: [Int] = []
    private var categories: [(node: Int, list: [Int])] = []

    var hasCategories: Bool { !categories.isEmpty }
    var categoricalFeatures: [Int] { categories.map { features[$0.node] } }

    /// A tree of one leaf.
    init(leaf: Float, output: Int) {
        self.output = output
        add(leaf: leaf)
    }

    /// - Throws: `unsupported` naming tree and node where XGBoost cannot ask the same.
    init(
        _ tree: ForestTree, output: Int, number: Int, _ reading: ForestReading, _ approximates: Bool
    ) throws(ModelError) {
        self.output = output
        let forest = reading.forest
        // Siblings are neighbours, as the library's predictor takes the right child for the one after the left.
        var order = [0]
        var numbers = [Int](repeating: 0, count: tree.nodes.count)
        var next = 0
        while next < order.count {
            if case .split(let split) = tree.nodes[order[next]] {
                let (first, second) = ExportedTree.children(split)
                (numbers[first], numbers[second]) = (order.count, order.count + 1)
                order += [first, second]
            }
            next += 1
        }
        for place in order {
            let node = tree.nodes[place]
            do throws(ModelError) {
                switch node {
                case .leaf(let leaf):
                    let value = tree.leafValue(leaf, output: output, in: forest) ?? 0
                    guard Double(Float(value)) == value || approximates || value.isNaN else {
                        throw ExportedTree.refusal("its value \(value) is no float32", approximable: true)
                    }
                    guard value.isFinite else { throw ExportedTree.refusal("its value \(value) is no number") }
                    add(leaf: Float(value))
                case .split(let split): try add(split, numbers, forest.rules, approximates)
                }
            } catch {
                throw ModelError(error.code, "tree \(number), node \(place): \(error.message)", remedy: error.remedy)
            }
        }
        for node in left.indices where left[node] >= 0 { (parents[left[node]], parents[right[node]]) = (node, node) }
    }

    private static func refusal(_ message: String, approximable: Bool = false) -> ModelError {
        ModelError(
            .unsupported, message, remedy: approximable ? "accept that with --approximate" : "convert it to .onnx or .septum")
    }

    /// Listed categories go right; everything else left: the children of a test for the opposite change places.
    private static func children(_ split: ForestTree.Split) -> (Int, Int) {
        if case .categoriesLeft = split.test { return (split.right, split.left) }
        return (split.left, split.right)
    }

    private mutating func add(leaf: Float) {
        left.append(-1)
        right.append(-1)
        parents.append(ExportedTree.noParent)
        features.append(0)
        conditions.append(leaf)
        defaultLeft.append(0)
    }

    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/include/xgboost/tree_model.h (kInvalidNodeId as an unsigned number)
    private static let noParent = 0x7fff_ffff

    private mutating func add(
        _ split: ForestTree.Split, _ numbers: [Int], _ rules: Op.Forest.Rules, _ approximates: Bool
    ) throws(ModelError) {
        var missingLeft = false
        var condition: Float = 0
        switch split.test {
        case .equals: throw ExportedTree.refusal("XGBoost has no test for equality")
        case .threshold(let value):
            condition = try ExportedTree.threshold(value, rules.comparison)
            missingLeft = 0 < condition
        case .categoriesRight(let list), .categoriesLeft(let list):
            let holdsZero = list.contains(0)
            guard rules.categoryRule == .refuseNegative || !holdsZero || approximates else {
                throw ExportedTree.refusal("XGBoost takes -0.5 for no category, the model for category 0", approximable: true)
            }
            guard let last = list.max(), last < 1 << 24 else { throw ExportedTree.refusal("its set of categories is empty") }
            categories.append((left.count, list))
            missingLeft = !holdsZero
        }
        switch split.missing {
        case .nothing: break  // NaN is zero, and goes where that goes.
        case .nan(let goesLeft):
            missingLeft = goesLeft
            if case .categoriesLeft = split.test { missingLeft = !goesLeft }
        case .nanAndZero: throw ExportedTree.refusal("zero counts as missing, which XGBoost does not know")
        }
        let (first, second) = ExportedTree.children(split)
        left.append(numbers[first])
        right.append(numbers[second])
        parents.append(ExportedTree.noParent)
        features.append(split.feature)
        conditions.append(condition)
        defaultLeft.append(missingLeft ? 1 : 0)
    }

    /// The float32 `t` for which `x < t` decides every float32 as the given test does.
    private static func threshold(_ value: Double, _ comparison: Op.Forest.Comparison) throws(ModelError) -> Float {
        var nearest = Float(value)
        if comparison == .less {
            if Double(nearest) < value { nearest = nearest.nextUp }
        } else {
            if Double(nearest) > value { nearest = nearest.nextDown }
            guard nearest < .greatestFiniteMagnitude else {
                throw refusal("its threshold \(value) has no float32 beyond it")
            }
            nearest = nearest.nextUp
        }
        guard nearest.isFinite else { throw refusal("its threshold \(value) is no finite float32") }
        return nearest == 0 ? 0 : nearest
    }

    /// Statistics of training, which nothing here knows, are zero.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/tree/tree_model.cc (SaveModel)
    func text(id: Int, featureCount: Int) -> String {
        let count = left.count
        let zeros = "[" + Array(repeating: "0.0", count: count).joined(separator: ",") + "]"
        var types = [Int](repeating: 0, count: count)
        for (node, _) in categories { types[node] = 1 }
        var (starts, start): ([Int], Int) = ([], 0)
        for (_, list) in categories {
            starts.append(start)
            start += list.count
        }
        return "{\"base_weights\":\(zeros),\"categories\":\(categories.flatMap(\.list).list),"
            + "\"categories_nodes\":\(categories.map(\.node).list),\"categories_segments\":\(starts.list),"
            + "\"categories_sizes\":\(categories.map(\.list.count).list),\"default_left\":\(defaultLeft.list),\"id\":\(id),"
            + "\"left_children\":\(left.list),\"loss_changes\":\(zeros),\"parents\":\(parents.list),"
            + "\"right_children\":\(right.list),\"split_conditions\":\(conditions.list),\"split_indices\":\(features.list),"
            + "\"split_type\":\(types.list),\"sum_hessian\":\(zeros),\"tree_param\":{\"num_deleted\":\"0\","
            + "\"num_feature\":\"\(featureCount)\",\"num_nodes\":\"\(count)\",\"size_leaf_vector\":\"1\"}}"
    }
}

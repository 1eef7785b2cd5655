import SeptumIR
import SeptumOperators
import SeptumTensor

/// The arrays of linear leaves.
struct LinearTables {
    let leafStart: [Int32]
    let constant: [Double]
    let fallback: [Double]
    let termStart: [Int32]
    let feature: [Int32]
    let coefficient: [Double]

    init(_ linear: Op.LinearLeaves) throws(ModelError) {
        leafStart = try linear.leafStart.array()
        constant = try linear.constant.array()
        fallback = try linear.fallback.array()
        termStart = try linear.termStart.array()
        feature = try linear.feature.array()
        coefficient = try linear.coefficient.array()
    }
}

/// One tree as the lines of a file.
struct ExportedTree {
    private(set) var text = ""
    private var feature: [Int] = []
    private var threshold: [Double] = []
    private var decision: [Int] = []
    private var left: [Int] = []
    private var right: [Int] = []
    private var sets: [[Int]] = []

    static func leaf(_ value: Double) -> String {
        "num_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\ndecision_type=\nleft_child=\nright_child=\n"
            + "leaf_value=\(value)\nleaf_weight=\nleaf_count=\ninternal_value=\ninternal_weight=\ninternal_count=\nis_linear=0\n"
            + "shrinkage=1\n"
    }

    /// - Throws: `unsupported` naming tree and node where LightGBM cannot ask the same.
    init(
        _ tree: ForestTree, output: Int, number: Int, _ reading: ForestReading, _ linear: LinearTables?, _ approximates: Bool
    ) throws(ModelError) {
        // Splits and leaves are counted apart; leaves keep the library's numbers where they are such.
        var (places, splitCount, leafCount) = ([Int](), 0, 0)
        var labels: [Int] = []
        for node in tree.nodes {
            switch node {
            case .split:
                places.append(splitCount)
                splitCount += 1
            case .leaf(let leaf):
                places.append(~leafCount)
                labels.append(leaf.label)
                leafCount += 1
            }
        }
        let areNumbers = labels.sorted().elementsEqual(0..<leafCount)
        let order = areNumbers ? labels : Array(0..<leafCount)
        for index in places.indices where places[index] < 0 { places[index] = ~order[~places[index]] }
        var values = [Double](repeating: 0, count: leafCount)
        for (place, node) in tree.nodes.enumerated() {
            do throws(ModelError) {
                switch node {
                case .split(let split): try add(split, places, reading, approximates)
                case .leaf(let leaf):
                    let value = tree.leafValue(leaf, output: output, in: reading.forest) ?? 0
                    guard value.isFinite else { throw ExportedTree.refusal("its value \(value) is no number") }
                    values[~places[place]] = value
                }
            } catch {
                throw ModelError(error.code, "tree \(number), node \(place): \(error.message)", remedy: error.remedy)
            }
        }
        if let linear { values = try ExportedTree.fallbacks(linear, number, leafCount, areNumbers) }
        text = leafCount == 1 && linear == nil ? ExportedTree.leaf(values[0]) : lines(values, linear, number)
    }

    private static func refusal(_ message: String, approximable: Bool = false) -> ModelError {
        ModelError(
            .unsupported, message, remedy: approximable ? "accept that with --approximate" : "convert it to .onnx or .septum")
    }

    private static func fallbacks(
        _ linear: LinearTables, _ number: Int, _ count: Int, _ areNumbers: Bool
    ) throws(ModelError) -> [Double] {
        let (start, end) = (Int(linear.leafStart[number]), Int(linear.leafStart[number + 1]))
        guard areNumbers, end - start == count, count > 1 else {
            throw refusal("tree \(number): its linear leaves are not those of its splits")
        }
        return Array(linear.fallback[start..<end])
    }

    // MARK: Splits

    private mutating func add(
        _ split: ForestTree.Split, _ places: [Int], _ reading: ForestReading, _ approximates: Bool
    ) throws(ModelError) {
        let rules = reading.forest.rules
        var children = (split.left, split.right)
        switch split.test {
        case .equals: throw ExportedTree.refusal("LightGBM has no test for equality")
        case .threshold(let value):
            let last = try ExportedTree.threshold(value, rules, reading.inputType)
            let isZeroMissing = if case .nanAndZero = split.missing { true } else { false }
            guard last < -ExportedTree.zeroBound || last >= ExportedTree.zeroBound || isZeroMissing || approximates else {
                throw ExportedTree.refusal(
                    "LightGBM takes values within 1e-35 of zero for zero, the model tells them apart at \(value)",
                    approximable: true)
            }
            threshold.append(last)
            switch split.missing {
            case .nothing: decision.append(0)
            case .nanAndZero(let goesLeft): decision.append(1 << 2 | (goesLeft ? 2 : 0))
            case .nan(let goesLeft): decision.append(2 << 2 | (goesLeft ? 2 : 0))
            }
        case .categoriesLeft(let list), .categoriesRight(let list):
            let isRight = if case .categoriesRight = split.test { true } else { false }
            if isRight { children = (children.1, children.0) }
            // NaN is no category, and goes where unlisted ones go.
            guard case .nan(goesLeft: isRight) = split.missing else {
                throw ExportedTree.refusal("NaN goes with the listed categories, LightGBM sends it with the others")
            }
            guard rules.categoryRule == .truncate || !list.contains(0) || approximates else {
                throw ExportedTree.refusal("LightGBM takes -0.5 for category 0, the model for none", approximable: true)
            }
            threshold.append(Double(sets.count))
            decision.append(1)
            sets.append(list)
        }
        feature.append(split.feature)
        left.append(places[children.0])
        right.append(places[children.1])
    }

    /// 1e-35 in float32; see `Importer`.
    private static let zeroBound = Double(Float(1e-35))

    /// The float64 `t` for which `x <= t` decides every value as the given test does.
    ///
    /// Where values are rounded to float32 first, a float64 value decides as the float32 it rounds to: those half-way go to the
    /// one with the even significand.
    private static func threshold(
        _ value: Double, _ rules: Op.Forest.Rules, _ inputType: ElementType
    ) throws(ModelError) -> Double {
        guard rules.featureType == .float32 || inputType == .float32 else {
            let result = rules.comparison == .less ? value.nextDown : value
            guard !result.isNaN, result > -.infinity else { throw refusal("its threshold \(value) has no float64 below it") }
            return result
        }
        var last = Float(value)
        if rules.comparison == .less {
            if Double(last) >= value { last = last.nextDown }
        } else if Double(last) > value {
            last = last.nextDown
        }
        guard last > -.infinity else { throw refusal("its threshold \(value) has no float32 below it") }
        guard inputType == .float64, last.isFinite else { return Double(last) }
        let next = last == .greatestFiniteMagnitude ? 0x1p128 : Double(last.nextUp)
        let middle = (Double(last) + next) / 2
        return last.bitPattern & 1 == 0 ? middle : middle.nextDown
    }

    // MARK: Lines

    private func lines(_ values: [Double], _ linear: LinearTables?, _ number: Int) -> String {
        func join(_ values: [some CustomStringConvertible]) -> String { values.map(\.description).joined(separator: " ") }
        let (splits, leaves) = (feature.count, values.count)
        let zeros = { (count: Int) in Array(repeating: "0", count: count).joined(separator: " ") }
        var text = "num_leaves=\(leaves)\nnum_cat=\(sets.count)\nsplit_feature=\(join(feature))\nsplit_gain=\(zeros(splits))\n"
        text += "threshold=\(join(threshold))\ndecision_type=\(join(decision))\nleft_child=\(join(left))\n"
        text += "right_child=\(join(right))\nleaf_value=\(join(values))\nleaf_weight=\(zeros(leaves))\n"
        text += "leaf_count=\(zeros(leaves))\ninternal_value=\(zeros(splits))\ninternal_weight=\(zeros(splits))\n"
        text += "internal_count=\(zeros(splits))\n"
        if !sets.isEmpty {
            var (bounds, words): ([Int], [UInt32]) = ([0], [])
            for set in sets {
                var own = [UInt32](repeating: 0, count: (set.max() ?? 0) / 32 + 1)
                for category in set { own[category / 32] |= 1 << UInt32(category % 32) }
                words += own
                bounds.append(words.count)
            }
            text += "cat_boundaries=\(join(bounds))\ncat_threshold=\(join(words))\n"
        }
        text += "is_linear=\(linear == nil ? 0 : 1)\n"
        if let linear {
            let range = Int(linear.leafStart[number])..<Int(linear.leafStart[number + 1])
            let terms = Int(linear.termStart[range.lowerBound])..<Int(linear.termStart[range.upperBound])
            let counts = range.map { Int(linear.termStart[$0 + 1] - linear.termStart[$0]) }
            text += "leaf_const=\(join(Array(linear.constant[range])))\nnum_features=\(join(counts))\n"
            text += "leaf_features=\(leaving(Array(linear.feature[terms]), counts))\n"
            text += "leaf_coeff=\(leaving(Array(linear.coefficient[terms]), counts))\n"
        }
        return text + "shrinkage=1\n"
    }

    /// Numbers leaf by leaf, a blank after each number and after each leaf, as the library has it.
    ///
    /// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/src/io/tree.cpp (ToString)
    private func leaving(_ values: [some CustomStringConvertible], _ counts: [Int]) -> String {
        var (text, start) = ("", 0)
        for count in counts {
            for value in values[start..<start + count] { text += value.description + " " }
            text += " "
            start += count
        }
        return text
    }
}

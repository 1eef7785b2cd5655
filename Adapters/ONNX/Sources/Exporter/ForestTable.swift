import SeptumIR
import SeptumOperators
import SeptumTensor

/// The table that a forest's trees test in a file: the features, and behind them columns that answer what ONNX's trees do not
/// ask in the same way everywhere.
///
/// To them NaN alone is missing, so a feature in which nothing is, or zero too, gets a column of its own. A set of categories is
/// looked up beforehand and becomes a column of 0 (left) and 1 (right): `BRANCH_MEMBER` came with `ai.onnx.ml` 5, and asks for a
/// value as it is, where the libraries take its whole part.
struct ForestTable {
    /// What is asked of a column: whether its value equals `value`, or is below it as the forest compares.
    struct Test {
        var column: Int
        var value: Double
        var isEquality = false
        var missingGoesLeft = false
    }

    enum Missing: Hashable {
        case nan, nanAndZero, nothing
    }

    /// A feature in which other values than NaN are missing.
    struct Treated: Hashable {
        let feature: Int
        let missing: Missing
    }

    /// The answers for the categories of one column.
    struct CategorySet: Hashable {
        let column: Int
        let categories: [Int]
        let areLeft: Bool
        let missingGoesLeft: Bool
    }

    let forest: Op.Forest
    private let treated: [Treated]
    private let places: [Treated: Int]
    private(set) var sets: [CategorySet] = []
    private var setPlaces: [CategorySet: Int] = [:]

    /// - Throws: nothing in practice; the forest was checked when it was made.
    init(_ forest: Op.Forest) throws(ModelError) {
        self.forest = forest
        var all: Set<Treated> = []
        for tree in try ForestTrees(forest) {
            for case .split(let split) in tree.nodes {
                let missing = ForestTable.missing(split).kind
                if missing != .nan { all.insert(Treated(feature: split.feature, missing: missing)) }
            }
        }
        let zeros = all.filter { $0.missing == .nanAndZero }.sorted { $0.feature < $1.feature }
        let others = all.filter { $0.missing == .nothing }.sorted { $0.feature < $1.feature }
        treated = zeros + others
        places = Dictionary(uniqueKeysWithValues: treated.enumerated().map { ($1, forest.featureCount + $0) })
    }

    private static func missing(_ split: ForestTree.Split) -> (kind: Missing, goesLeft: Bool) {
        switch split.missing {
        case .nan(let goesLeft): (.nan, goesLeft)
        case .nanAndZero(let goesLeft): (.nanAndZero, goesLeft)
        case .nothing: (.nothing, false)
        }
    }

    /// The test that decides as a split does.
    mutating func test(_ split: ForestTree.Split) -> Test {
        let (missing, goesLeft) = ForestTable.missing(split)
        let column = places[Treated(feature: split.feature, missing: missing)] ?? split.feature
        let set: CategorySet
        switch split.test {
        case .threshold(let value): return Test(column: column, value: value, missingGoesLeft: goesLeft)
        case .equals(let value): return Test(column: column, value: value, isEquality: true, missingGoesLeft: goesLeft)
        case .categoriesLeft(let list):
            set = CategorySet(column: column, categories: list, areLeft: true, missingGoesLeft: goesLeft)
        case .categoriesRight(let list):
            set = CategorySet(column: column, categories: list, areLeft: false, missingGoesLeft: goesLeft)
        }
        if setPlaces[set] == nil {
            setPlaces[set] = sets.count
            sets.append(set)
        }
        return Test(column: forest.featureCount + treated.count + (setPlaces[set] ?? 0), value: 0.5)
    }

    /// Writes the columns and returns the name of the table; `features` holds values in the type in which they are compared.
    ///
    /// - Throws: `limit` when the sets of categories are too large to be looked up.
    func write(_ features: String, _ exporter: inout GraphExporter) throws(ModelError) -> String {
        var parts = [features]
        for missing in [Missing.nanAndZero, .nothing] {
            let columns = treated.filter { $0.missing == missing }.map(\.feature)
            if !columns.isEmpty { parts.append(try exporter.treat(features, columns, missing, forest.rules.featureType)) }
        }
        let table = exporter.joined(parts)
        guard !sets.isEmpty else { return table }
        return exporter.joined([table, try exporter.lookUp(sets, table, forest.rules)])
    }
}

extension GraphExporter {
    fileprivate mutating func joined(_ parts: [String]) -> String {
        parts.count == 1 ? parts[0] : add("Concat", parts, [.init("axis", .int(1))])
    }

    /// Columns in which missing values are NaN, or in which NaN is zero.
    fileprivate mutating func treat(
        _ table: String, _ columns: [Int], _ missing: ForestTable.Missing, _ type: ElementType
    ) throws(ModelError) -> String {
        let values = try gather(table, columns)
        guard missing == .nanAndZero else {
            return add("Where", [add("IsNaN", [values]), addConstant(try type.number(0), "zero"), values])
        }
        let bound = addConstant(try type.number(Double(Float(1e-35))), "bound")
        let isZero = add("LessOrEqual", [add("Abs", [values]), bound])
        return add("Where", [isZero, addConstant(try type.number(.nan), "missing"), values])
    }

    private mutating func gather(_ table: String, _ columns: [Int]) throws(ModelError) -> String {
        let places = addConstant(try Tensor([columns.count], columns.map(Int64.init)), "columns")
        return add("Gather", [table, places], [.init("axis", .int(1))])
    }
}

// MARK: Categories

extension GraphExporter {
    /// Bytes of all answers.
    private static let answerLimit = 1 << 28

    /// A column for each set, 0 where the value goes left and 1 where it goes right.
    fileprivate mutating func lookUp(
        _ sets: [ForestTable.CategorySet], _ table: String, _ rules: Op.Forest.Rules
    ) throws(ModelError) -> String {
        let columns = Set(sets.map(\.column)).sorted()
        let members = Dictionary(grouping: sets.indices) { sets[$0].column }
        let counts = columns.map { column in
            (members[column] ?? []).reduce(0) { max($0, (sets[$1].categories.max() ?? -1) + 1) }
        }
        let codes = try codes(table, columns, counts, rules)
        var parts: [String] = []
        var order: [Int] = []
        var size = 0
        for (place, column) in columns.enumerated() {
            let own = members[column] ?? []
            let rows = counts[place] + 2
            size += rows * own.count
            guard size <= GraphExporter.answerLimit else {
                throw ModelError(
                    .limit, "the sets of categories need a table of more than \(GraphExporter.answerLimit) entries in ONNX",
                    remedy: "keep the model as .septum")
            }
            var answers = [UInt8](repeating: 0, count: rows * own.count)
            for (index, set) in own.enumerated() {
                let (set, width) = (sets[set], own.count)
                answers[index] = set.missingGoesLeft ? 0 : 1
                for row in 1..<rows { answers[row * width + index] = set.areLeft ? 1 : 0 }
                for category in set.categories { answers[(category + 2) * width + index] = set.areLeft ? 0 : 1 }
            }
            let code = add(
                "Gather", [codes, addConstant(try Tensor([], [Int64(place)]), "place")], [.init("axis", .int(1))])
            let name = addConstant(try Tensor([rows, own.count], answers), "answers")
            parts.append(add("Gather", [name, code], [.init("axis", .int(0))]))
            order += own
        }
        var result = joined(parts)
        if order != Array(sets.indices) {
            var places = order
            for (place, set) in order.enumerated() { places[set] = place }
            result = try gather(result, places)
        }
        return cast(result, to: rules.featureType)
    }

    /// 0 for a missing value, 1 for one that is no category of its column's sets, else 2 and the category.
    private mutating func codes(
        _ table: String, _ columns: [Int], _ counts: [Int], _ rules: Op.Forest.Rules
    ) throws(ModelError) -> String {
        let type = rules.featureType
        let values = try gather(table, columns)
        let isAboveStart =
            rules.categoryRule == .truncate
            ? add("Greater", [values, addConstant(try type.number(-1), "start")])
            : add("GreaterOrEqual", [values, addConstant(try type.number(0), "start")])
        let ends =
            type == .float64
            ? try Tensor([counts.count], counts.map(Double.init)) : try Tensor([counts.count], counts.map { Float($0) })
        let isCategory = add("And", [isAboveStart, add("Less", [values, addConstant(ends, "ends")])])
        let known = add("Where", [isCategory, values, addConstant(try type.number(-1), "none")])
        let whole = add("Where", [add("IsNaN", [values]), addConstant(try type.number(-2), "missing"), known])
        let numbers = cast(whole, to: .int64)
        return add("Add", [numbers, addConstant(try Tensor([], [Int64(2)]), "shift")])
    }
}

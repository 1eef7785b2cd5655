import SeptumIR
import SeptumTensor

/// Reads the JSON form.
///
/// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/model_export/json_model_helpers.cpp
struct JSONFile {
    private var ensemble = Ensemble()
    /// What split number i tests, to hold against what the split itself says.
    private var bins: [SplitTest] = []

    static let members: Set<String> = ["features_info", "model_info", "oblivious_trees", "trees", "scale_and_bias", "ctr_data"]

    static func read(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> Ensemble {
        let root = JSONPlace(value: try JSON(parsing: bytes), path: "")
        try root.expectOnly(members)
        var file = JSONFile()
        try file.readInformation(root)
        try file.readFeatures(try root.member("features_info"))
        for (name, place) in try root.optional("ctr_data")?.members() ?? [] { try file.readTable(name, place) }
        try file.readScale(root)
        file.bins = SplitTest.all(of: file.ensemble)
        switch (try root.optional("oblivious_trees"), try root.optional("trees")) {
        case (let trees?, nil): for tree in try trees.elements() { try file.readOblivious(tree) }
        case (nil, let trees?): for tree in try trees.elements() { try file.readGeneral(tree) }
        case (nil, nil): break
        case (.some, .some): throw ModelError(.malformed, "found both 'oblivious_trees' and 'trees', expected one of them")
        }
        return file.ensemble
    }

    private mutating func readInformation(_ root: JSONPlace) throws(ModelError) {
        for (name, place) in try root.optional("model_info")?.members() ?? [] {
            ensemble.information[name] = place.value.string ?? place.value.description
        }
    }

    private mutating func readScale(_ root: JSONPlace) throws(ModelError) {
        guard let place = try root.optional("scale_and_bias") else { return }
        let parts = try place.elements()
        guard parts.count == 2 else { throw place.error("a scale and a list of biases") }
        ensemble.scale = try parts[0].double()
        // Up to version 0.24 the bias is one number.
        ensemble.bias =
            parts[1].value == .null ? [] : parts[1].value.array == nil ? [try parts[1].double()] : try parts[1].doubles()
    }

    // MARK: Features

    private mutating func readFeatures(_ place: JSONPlace) throws(ModelError) {
        try place.expectOnly(["float_features", "categorical_features", "ctrs", "cat_features_hash"])
        let limit = 0...Ensemble.featureLimit
        for feature in try place.elements(of: "float_features") {
            try feature.expectOnly([
                "borders", "feature_id", "feature_index", "feature_name", "flat_feature_index", "has_nans", "nan_value_treatment",
            ])
            let treatment = try feature.member("nan_value_treatment")
            guard ["AsIs", "AsFalse", "AsTrue"].contains(try treatment.string()) else {
                throw treatment.error("AsIs, AsFalse or AsTrue")
            }
            // Where training saw no NaN it is compared as it is, and exceeds nothing.
            let exceeds = try feature.member("has_nans").bool() && treatment.value.string == "AsTrue"
            ensemble.numbers.append(
                Ensemble.NumberFeature(
                    index: try feature.member("feature_index").integer(limit),
                    flatIndex: try feature.member("flat_feature_index").integer(limit), name: try name(of: feature),
                    borders: try feature.optional("borders")?.floats() ?? [], missingExceeds: exceeds))
        }
        for feature in try place.elements(of: "categorical_features") {
            try feature.expectOnly([
                "feature_id", "feature_index", "feature_name", "flat_feature_index", "string_values", "values",
            ])
            let index = try feature.member("feature_index").integer(limit)
            ensemble.categories.append(
                Ensemble.CategoryFeature(
                    index: index, flatIndex: try feature.member("flat_feature_index").integer(limit), name: try name(of: feature))
            )
            if let values = try feature.optional("values") {
                var hashes: [Int] = []
                for value in try values.elements() { hashes.append(try value.integer(JSONFile.hashRange)) }
                ensemble.oneHot.append(Ensemble.OneHotFeature(category: index, hashes: hashes))
            }
        }
        for feature in try place.elements(of: "ctrs") { try readStatistic(feature) }
    }

    private static let hashRange = Int(Int32.min)...Int(Int32.max)

    private func name(of feature: JSONPlace) throws(ModelError) -> String {
        let name = try feature.optional("feature_id")?.string() ?? ""
        return name.isEmpty ? try feature.optional("feature_name")?.string() ?? "" : name
    }

    private mutating func readStatistic(_ place: JSONPlace) throws(ModelError) {
        try place.expectOnly([
            "borders", "ctr_type", "elements", "identifier", "prior_denomerator", "prior_numerator", "scale", "shift",
            "target_border_idx",
        ])
        let key = Ensemble.StatisticKey(
            combination: try combination(try place.member("elements")), kind: try kind(try place.member("ctr_type")))
        ensemble.statistics.append(
            Ensemble.StatisticFeature(
                key: key, targetBorder: try place.member("target_border_idx").integer(0...1 << 16),
                priorNumerator: try place.member("prior_numerator").float(),
                priorDenominator: try place.member("prior_denomerator").float(), shift: try place.member("shift").float(),
                scale: try place.member("scale").float(), borders: try place.optional("borders")?.floats() ?? []))
    }

    private func kind(_ place: JSONPlace) throws(ModelError) -> Ensemble.StatisticKind {
        let name = try place.string()
        guard let kind = Ensemble.StatisticKind(rawValue: name) else {
            throw ModelError(
                .unsupported,
                "found '\(name.prefix(40))', expected one of "
                    + Ensemble.StatisticKind.allCases.map(\.rawValue).joined(separator: ", "), attribute: place.path)
        }
        return kind
    }

    private func combination(_ place: JSONPlace) throws(ModelError) -> Ensemble.Combination {
        var result = Ensemble.Combination()
        let limit = 0...Ensemble.featureLimit
        for element in try place.elements() {
            let kind = try element.member("combination_element")
            switch try kind.string() {
            case "cat_feature_value": result.categories.append(try element.member("cat_feature_index").integer(limit))
            case "float_feature":
                result.tests.append(
                    Ensemble.NumberTest(
                        number: try element.member("float_feature_index").integer(limit),
                        border: try element.member("border").float()))
            case "cat_feature_exact_value":
                result.hashes.append(
                    Ensemble.CategoryTest(
                        category: try element.member("cat_feature_index").integer(limit),
                        hash: try element.member("value").integer(JSONFile.hashRange)))
            default: throw kind.error("cat_feature_value, float_feature or cat_feature_exact_value")
            }
        }
        return result
    }

    /// A table of statistics: `hash_map` holds a hash, as text, and its numbers, time after time.
    private mutating func readTable(_ name: String, _ place: JSONPlace) throws(ModelError) {
        let identifier = JSONPlace(value: try JSON(parsing: name), path: place.path)
        let key = Ensemble.StatisticKey(
            combination: try combination(try identifier.member("identifier")), kind: try kind(try identifier.member("type")))
        try place.expectOnly(["counter_denominator", "hash_map", "hash_stride"])
        let (stride, items) = (try place.member("hash_stride").integer(2...1 << 16), try place.elements(of: "hash_map"))
        let isMean = key.kind == .binarizedMean || key.kind == .mean
        let isCount = key.kind == .counter || key.kind == .frequency
        guard items.count % stride == 0, isMean ? stride == 3 : isCount ? stride == 2 : true else {
            throw place.error("a hash_map in steps of \(isMean ? 3 : isCount ? 2 : stride)")
        }
        var table = Ensemble.StatisticTable()
        table.width = isMean ? 1 : stride - 1
        table.denominator = try place.optional("counter_denominator")?.integer(JSONFile.hashRange) ?? 0
        for start in Swift.stride(from: 0, to: items.count, by: stride) {
            guard let hash = UInt64(try items[start].string()) else { throw items[start].error("a hash of 64 bits") }
            // An empty place of the table in memory; nothing is ever found under it.
            if hash == .max { continue }
            table.hashes.append(hash)
            if isMean { table.sums.append(try items[start + 1].float()) }
            for item in items[(start + (isMean ? 2 : 1))..<start + stride] {
                table.counts.append(try item.integer(JSONFile.hashRange))
            }
        }
        guard ensemble.tables.updateValue(table, forKey: key) == nil else {
            throw ModelError(.malformed, "the table is given twice", attribute: place.path)
        }
    }

    // MARK: Trees

    private mutating func readOblivious(_ place: JSONPlace) throws(ModelError) {
        try place.expectOnly(["leaf_values", "leaf_weights", "splits"])
        var splits: [Int] = []
        for split in try place.elements(of: "splits") { splits.append(try readSplit(split)) }
        let leaves = try place.member("leaf_values").doubles()
        guard splits.count < 32, leaves.count >= 1 << splits.count, leaves.count % (1 << splits.count) == 0 else {
            throw place.error("a number of leaf values that is a multiple of 2^\(splits.count), found \(leaves.count)")
        }
        try setOutputCount(leaves.count >> splits.count, place)
        ensemble.trees.append(.oblivious(splits: splits, leaves: leaves))
    }

    private mutating func setOutputCount(_ count: Int, _ place: JSONPlace) throws(ModelError) {
        guard (1...Ensemble.outputLimit).contains(count), ensemble.trees.isEmpty || count == ensemble.outputCount else {
            throw ModelError(
                .malformed, "found leaves of \(count) values, expected \(ensemble.outputCount)", attribute: place.path)
        }
        ensemble.outputCount = count
    }

    /// The number of a split; what it says of itself must be what has that number.
    private func readSplit(_ place: JSONPlace) throws(ModelError) -> Int {
        let index = try place.member("split_index").integer(0...Int(Int32.max))
        guard bins.indices.contains(index) else { throw try place.member("split_index").error("a split below \(bins.count)") }
        let isSame: Bool
        switch bins[index] {
        case .number(let feature, let border):
            let (index, found) = (try place.member("float_feature_index").integer(), try place.member("border").float())
            isSame = index == ensemble.numbers[feature].index && found == border
        case .category(let feature, let value):
            let (index, found) = (try place.member("cat_feature_index").integer(), try place.member("value").integer())
            isSame = index == ensemble.oneHot[feature].category && found == ensemble.oneHot[feature].hashes[value]
        case .statistic(_, let border): isSame = try place.member("border").float() == border
        }
        guard isSame else { throw place.error("what split \(index) of features_info tests") }
        return index
    }

    private mutating func readGeneral(_ place: JSONPlace) throws(ModelError) {
        var (splits, leaves): ([Ensemble.Split], [Ensemble.Leaf]) = ([], [])
        let root = try readNode(place, &splits, &leaves)
        try setOutputCount(leaves.first?.values.count ?? 0, place)
        guard leaves.allSatisfy({ $0.values.count == ensemble.outputCount }) else {
            throw place.error("leaves of \(ensemble.outputCount) values")
        }
        ensemble.trees.append(.general(root: root, splits: splits, leaves: leaves))
    }

    /// The id of a node; the depth is bounded by that of the JSON text.
    private func readNode(
        _ place: JSONPlace, _ splits: inout [Ensemble.Split], _ leaves: inout [Ensemble.Leaf]
    ) throws(ModelError) -> Int {
        try place.expectOnly(["left", "right", "split", "value", "weight"])
        if let value = try place.optional("value") {
            guard try place.optional("split") == nil else { throw place.error("either a value or a split") }
            let values = value.value.array == nil ? [try value.double()] : try value.doubles()
            leaves.append(Ensemble.Leaf(id: ~leaves.count, label: leaves.count, values: values))
            return leaves[leaves.count - 1].id
        }
        let id = splits.count
        splits.append(Ensemble.Split(id: id, split: try readSplit(try place.member("split")), left: 0, right: 0))
        splits[id].left = try readNode(try place.member("left"), &splits, &leaves)
        splits[id].right = try readNode(try place.member("right"), &splits, &leaves)
        return id
    }
}

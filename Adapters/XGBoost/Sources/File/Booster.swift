import SeptumTensor

/// What a model file says, before it is given a meaning.
///
/// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/doc/model.schema
struct Booster {
    /// Compares as tuples do.
    struct Version: Comparable, CustomStringConvertible {
        var major: Int
        var minor: Int
        var patch: Int

        static func < (a: Version, b: Version) -> Bool {
            (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
        }

        var description: String { "\(major).\(minor).\(patch)" }
    }

    enum Kind {
        /// Trees; with one weight a tree for dart.
        case trees([BoosterTree], weights: [Float]?)
        /// Weights `[features + 1, outputs]`, the bias last.
        case linear([Float])
    }

    static let outputLimit = 1 << 16

    let version: Version
    let objective: String
    let featureCount: Int
    let classCount: Int
    let targetCount: Int
    /// In the form of the objective's predictions, see `Objective`; one number an output.
    let baseScore: [Float]
    var kind: Kind
    var featureNames: [String]
    let featureTypes: [String]
    let attributes: [(name: String, value: String)]

    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/learner.cc#L165-L167
    var outputCount: Int { max(targetCount, classCount, 1) }

    init(_ file: Field, keepsStatistics: Bool = false) throws(ModelError) {
        version = try Booster.version(file)
        let learner = try file.member("learner")
        objective = try learner.member("objective").member("name").string()
        let parameters = try learner.member("learner_model_param")
        featureCount = try parameters.member("num_feature").integer()
        classCount = try parameters.member("num_class").integer()
        targetCount = try parameters.optional("num_target")?.integer() ?? 1
        guard (1...1 << 24).contains(featureCount), (0...Booster.outputLimit).contains(classCount),
            (0...Booster.outputLimit).contains(targetCount), classCount <= 1 || targetCount <= 1
        else {
            throw ModelError(
                .malformed, "found \(featureCount) features, \(classCount) classes and \(targetCount) targets",
                attribute: parameters.path)
        }
        let outputCount = max(targetCount, classCount, 1)
        baseScore = try Booster.baseScore(try parameters.member("base_score"), outputCount)
        kind = try Booster.kind(
            try learner.member("gradient_booster"), outputCount: outputCount, featureCount: featureCount, keepsStatistics)
        attributes = try learner.optional("attributes")?.strings() ?? []
        featureNames = try Booster.texts(try learner.optional("feature_names"))
        featureTypes = try Booster.texts(try learner.optional("feature_types"))
        for (name, count) in [("feature_names", featureNames.count), ("feature_types", featureTypes.count)] {
            guard count == 0 || count == featureCount else {
                throw ModelError(
                    .malformed, "found \(count), the model has \(featureCount) features", attribute: "learner.\(name)")
            }
        }
    }

    private static func version(_ file: Field) throws(ModelError) -> Version {
        let field = try file.member("version")
        let numbers = try field.integers(count: 3)
        let version = Version(major: numbers[0], minor: numbers[1], patch: numbers[2])
        guard (1...3).contains(version.major) else {
            throw ModelError(
                .unsupported, "found a model of XGBoost \(version), expected 1.0 to 3.x", remedy: "save it with XGBoost 3.2",
                attribute: field.path)
        }
        return version
    }

    /// `5E-1`, or since 3.1 `[5E-1,2E-1]`; one number stands for every output.
    private static func baseScore(_ field: Field, _ outputCount: Int) throws(ModelError) -> [Float] {
        var text = try field.string()[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        var values: [Float] = []
        for part in text.split(separator: ",") {
            let bytes = Array(part.utf8.drop { $0 == 0x20 })
            guard let value = bytes.withUnsafeBytes({ NumberText.float($0) }), value.isFinite else {
                throw field.error("finite numbers such as [5E-1]")
            }
            values.append(value)
        }
        if values.count == 1 { values = [Float](repeating: values[0], count: outputCount) }
        guard values.count == outputCount else { throw field.error("1 or \(outputCount) numbers") }
        return values
    }

    private static func kind(
        _ field: Field, outputCount: Int, featureCount: Int, _ keepsStatistics: Bool
    ) throws(ModelError) -> Kind {
        let name = try field.member("name").string()
        switch name {
        case "gbtree": return .trees(try trees(try field.member("model"), outputCount, keepsStatistics), weights: nil)
        case "dart":
            let trees = try trees(try field.member("gbtree").member("model"), outputCount, keepsStatistics)
            return .trees(trees, weights: try field.member("weight_drop").floats(count: trees.count))
        case "gblinear":
            return .linear(try field.member("model").member("weights").floats(count: (featureCount + 1) * outputCount))
        default:
            throw ModelError(
                .unsupported, "found the booster '\(name)', expected gbtree, dart or gblinear", attribute: "\(field.path).name")
        }
    }

    private static func trees(
        _ model: Field, _ outputCount: Int, _ keepsStatistics: Bool
    ) throws(ModelError) -> [BoosterTree] {
        let fields = try model.member("trees").elements()
        let groups = try model.member("tree_info").integers(count: fields.count)
        var trees = [BoosterTree?](repeating: nil, count: fields.count)
        for (index, field) in fields.enumerated() {
            let id = try field.member("id")
            let place = try id.integer()
            guard trees.indices.contains(place), trees[place] == nil else {
                throw ModelError(.malformed, "found \(place), expected each of 0 to \(trees.count - 1) once", attribute: id.path)
            }
            guard (0..<outputCount).contains(groups[index]) else {
                throw ModelError(
                    .malformed, "tree \(index) adds to output \(groups[index]), the model has \(outputCount)",
                    attribute: "\(model.path).tree_info")
            }
            trees[place] = try BoosterTree(
                field, group: groups[place], outputCount: outputCount, keepsStatistics: keepsStatistics)
        }
        return trees.compactMap { $0 }
    }

    private static func texts(_ field: Field?) throws(ModelError) -> [String] {
        var texts: [String] = []
        for element in try field?.elements() ?? [] { texts.append(try element.string()) }
        return texts
    }
}

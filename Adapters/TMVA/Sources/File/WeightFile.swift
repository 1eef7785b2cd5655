import SeptumTensor
import SeptumXML

/// What a weight file says of the method and its variables, before it is given a meaning.
///
/// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodBase.cxx (WriteStateToXML, ReadStateFromXML)
struct WeightFile {
    enum Analysis: String {
        case classification, regression, multiclass
    }

    /// One line of `<Variables>`, `<Spectators>` or `<Targets>`.
    struct Variable {
        let expression: String
        let label: String
        let unit: String
        let minimum: String
        let maximum: String
    }

    /// Where variables stand; the first one where several have the same name.
    struct Places {
        let byLabel: [String: Int]
        let byExpression: [String: Int]

        init(_ variables: [Variable]) {
            byLabel = Dictionary(zip(variables.map(\.label), variables.indices), uniquingKeysWith: { first, _ in first })
            byExpression = Dictionary(
                zip(variables.map(\.expression), variables.indices), uniquingKeysWith: { first, _ in first })
        }
    }

    /// `BDT`, `MLP`, ...
    let method: String
    let title: String
    let analysis: Analysis
    /// `major << 16 | minor << 8 | patch` of the TMVA that wrote the file.
    let version: Int
    let producer: String
    let options: Options
    let variables: [Variable]
    let spectators: [Variable]
    let targets: [Variable]
    let classes: [String]
    let transformations: [XMLElement]
    let weights: XMLElement
    let variablePlaces: Places
    let spectatorPlaces: Places
    let targetPlaces: Places

    static let variableLimit = 1 << 16
    /// Variables times transformations, each of which says anew where every variable is.
    private static let transformationLimit = 1 << 24

    init(_ root: XMLElement) throws(ModelError) {
        guard root.name == "MethodSetup" || root.name == "SubMethod" else {
            throw root.error("is the outermost element, expected <MethodSetup>")
        }
        let name = try root.string("Method").split(separator: ":", omittingEmptySubsequences: true).map(String.init)
        // The Reader too takes the last word of the part before the colons: "TMVA BDT::BDTG".
        method = name.first?.split(separator: " ").last.map(String.init) ?? ""
        title = name.dropFirst().first ?? method
        var info: [String: String] = [:]
        for line in try root.required("GeneralInfo").children(named: "Info") {
            info[try line.string("name")] = try line.string("value")
        }
        (version, producer) = try WeightFile.release(info["TMVA Release"], root)
        analysis = try WeightFile.analysis(info["AnalysisType"], root)
        options = try Options(try root.required("Options"))
        variables = try WeightFile.variables(try root.required("Variables"), "Variable", "NVar", "VarIndex")
        guard (1...WeightFile.variableLimit).contains(variables.count) else {
            throw ModelError(.malformed, "found \(variables.count) variables, expected 1 to \(WeightFile.variableLimit)")
        }
        spectators =
            try root.child("Spectators").map { element throws(ModelError) in
                try WeightFile.variables(element, "Spectator", "NSpec", "SpecIndex")
            } ?? []
        targets =
            try root.child("Targets").map { element throws(ModelError) in
                try WeightFile.variables(element, "Target", "NTrgt", "TargetIndex")
            } ?? []
        classes = try WeightFile.classes(root.child("Classes"))
        (variablePlaces, spectatorPlaces, targetPlaces) = (Places(variables), Places(spectators), Places(targets))
        transformations = root.child("Transformations").map { Array($0.children) } ?? []
        guard transformations.count <= WeightFile.transformationLimit / variables.count else {
            throw ModelError(.limit, "\(transformations.count) transformations of \(variables.count) variables are too many")
        }
        weights = try root.required("Weights")
    }

    /// The release is written as `4.2.1 [262657]`.
    private static func release(_ text: String?, _ root: XMLElement) throws(ModelError) -> (Int, String) {
        guard let text else { throw root.error("does not say which TMVA wrote it: <Info name=\"TMVA Release\"> is missing") }
        let number = text.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
        guard let version = Int(number), (0x04_0000...0x04_ffff).contains(version) else {
            throw ModelError(
                .unsupported, "found TMVA Release '\(text.prefix(40))', expected one of 4.0 to 4.2",
                remedy: "files of TMVA 3 are text: evaluate them with the ROOT of their time")
        }
        return (version, "TMVA " + text.prefix { $0 != " " })
    }

    private static func analysis(_ text: String?, _ root: XMLElement) throws(ModelError) -> Analysis {
        guard let text else { return .classification }
        guard let analysis = Analysis(rawValue: text.lowercased()) else {
            throw ModelError(
                .unsupported, "found the AnalysisType '\(text.prefix(40))', expected Classification, Regression or Multiclass")
        }
        return analysis
    }

    private static func variables(
        _ list: XMLElement, _ name: String, _ count: String, _ index: String
    ) throws(ModelError) -> [Variable] {
        var variables: [Variable] = []
        for element in list.children {
            guard element.name == name else { throw element.error("stands among elements <\(name)>") }
            guard try element.integer(index) == variables.count else {
                throw element.error("has the \(index) \(try element.string(index)), expected \(variables.count)")
            }
            let expression = try element.string("Expression")
            variables.append(
                Variable(
                    expression: expression, label: element.optional("Label") ?? expression, unit: element.optional("Unit") ?? "",
                    minimum: element.optional("Min") ?? "", maximum: element.optional("Max") ?? ""))
        }
        guard try list.integer(count) == variables.count else {
            throw list.error("has \(count)=\"\(try list.string(count))\", but holds \(variables.count)")
        }
        return variables
    }

    private static func classes(_ list: XMLElement?) throws(ModelError) -> [String] {
        guard let list else { return ["Signal", "Background"] }
        var names: [String] = []
        for element in list.children {
            guard try element.integer("Index") == names.count else {
                throw element.error("has the Index \(try element.string("Index")), expected \(names.count)")
            }
            names.append(try element.string("Name"))
        }
        guard try list.integer("NClass") == names.count else {
            throw list.error("has NClass=\"\(try list.string("NClass"))\", but holds \(names.count)")
        }
        return names
    }
}

/// The options that a method was booked with.
struct Options {
    private let values: [String: String]

    init(_ list: XMLElement) throws(ModelError) {
        var values: [String: String] = [:]
        for element in list.children(named: "Option") { values[try element.string("name")] = element.text }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// A truth value as TMVA writes and reads it.
    ///
    /// - Throws: `malformed` when it is none.
    func flag(_ name: String, default value: Bool) throws(ModelError) -> Bool {
        switch values[name] {
        case nil: return value
        case "True", "1": return true
        case "False", "0": return false
        case let text?:
            throw ModelError(.malformed, "found '\(text.prefix(40))', expected True or False", attribute: name)
        }
    }
}

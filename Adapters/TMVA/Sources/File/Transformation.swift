import SeptumTensor
import SeptumXML

/// One step of the preparation of variables, with what it applies to all classes together.
///
/// The Reader asks for class -1, which every transformation takes for its last one, that of all classes.
///
/// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/TransformationHandler.cxx (ReadFromXML, Transform),
/// VariableTransformBase.cxx (ReadFromXML), VariableNormalizeTransform.cxx, VariableDecorrTransform.cxx,
/// VariablePCATransform.cxx, VariableGaussTransform.cxx, VariableRearrangeTransform.cxx (ReadFromXML)
struct Transformation {
    enum Kind {
        /// Ranges of the inputs, targets after variables.
        case normalize(minimum: [Float], maximum: [Float])
        /// Row by row, one row an output.
        case decorrelate(matrix: [Double])
        /// Columns of the matrix are the components.
        case principalComponents(mean: [Double], matrix: [Double])
        /// Cumulative distributions; `isFlat` leaves them uniform.
        case gauss(tables: [CumulativeTable], isFlat: Bool)
        case rearrange
    }

    let kind: Kind
    /// Variables that are read, and those that are written, in the same order.
    let inputs: [Int]
    let outputs: [Int]
    /// Targets that are transformed as well, with their places among the inputs.
    let targets: [(place: Int, target: Int)]

    init(_ element: XMLElement, _ file: WeightFile) throws(ModelError) {
        let name = try element.string("Name")
        guard element.name == "Transform", ["Normalize", "Decorrelation", "PCA", "Gauss", "Uniform", "Rearrange"].contains(name)
        else {
            throw ModelError(
                .unsupported, "line \(element.line): found the transformation '\(name.prefix(40))'",
                remedy: "known are Normalize, Decorrelation, PCA, Gauss, Uniform and Rearrange")
        }
        let selection = try Selection(element, file)
        (inputs, outputs, targets) = (selection.inputs, selection.outputs, selection.targets)
        let count = inputs.count
        switch name {
        case "Normalize": kind = try Transformation.ranges(element, count + targets.count)
        case "Decorrelation":
            try Transformation.refuseTargets(targets, element)
            guard let matrix = element.children(named: "Matrix").last, try matrix.integer("Rows") == count,
                try matrix.integer("Columns") == count
            else { throw element.error("holds no <Matrix> of \(count) by \(count) numbers") }
            kind = .decorrelate(matrix: try matrix.numbers(count * count, Double.self))
        case "PCA":
            try Transformation.refuseTargets(targets, element)
            guard let mean = element.children(named: "Statistics").last,
                let matrix = element.children(named: "Eigenvectors").last,
                try mean.integer("NRows") == count, try matrix.integer("NRows") == count, try matrix.integer("NCols") == count
            else { throw element.error("holds no means and eigenvectors of \(count) variables") }
            kind = .principalComponents(
                mean: try mean.numbers(count, Double.self), matrix: try matrix.numbers(count * count, Double.self))
        case "Rearrange":
            try Transformation.refuseTargets(targets, element)
            kind = .rearrange
        default:
            try Transformation.refuseTargets(targets, element)
            kind = try Transformation.distributions(element, count)
        }
    }

    private static func refuseTargets(_ targets: [(place: Int, target: Int)], _ element: XMLElement) throws(ModelError) {
        guard targets.isEmpty else {
            throw element.error("transforms a target, which only Normalize can undo", .unsupported)
        }
    }

    private static func ranges(_ element: XMLElement, _ count: Int) throws(ModelError) -> Kind {
        guard let last = element.children(named: "Class").last else { throw element.error("holds no <Class>") }
        var (minimum, maximum): ([Float], [Float]) = ([], [])
        for range in try last.required("Ranges").children {
            guard try range.integer("Index") == minimum.count else {
                throw range.error("has the Index \(try range.string("Index")), expected \(minimum.count)")
            }
            minimum.append(try range.number("Min", Float.self))
            maximum.append(try range.number("Max", Float.self))
        }
        guard minimum.count == count else { throw last.error("holds \(minimum.count) ranges, expected \(count)") }
        return .normalize(minimum: minimum, maximum: maximum)
    }

    private static func distributions(_ element: XMLElement, _ count: Int) throws(ModelError) -> Kind {
        let shape = try element.string("FlatOrGauss")
        guard shape == "Flat" || shape == "Gauss" else {
            throw element.error("has FlatOrGauss=\"\(shape.prefix(40))\", expected Flat or Gauss")
        }
        var tables: [CumulativeTable] = []
        for variable in element.children(named: "Variable") {
            guard try variable.integer("VarIndex") == tables.count, let last = Array(variable.children).last else {
                throw variable.error("is not the variable \(tables.count) with its distributions")
            }
            tables.append(try CumulativeTable(try last.required("PDF")))
        }
        guard tables.count == count else { throw element.error("holds \(tables.count) variables, expected \(count)") }
        return .gauss(tables: tables, isFlat: shape == "Flat")
    }
}

/// Which variables and targets a transformation reads and writes.
private struct Selection {
    var inputs: [Int] = []
    var outputs: [Int] = []
    var targets: [(place: Int, target: Int)] = []

    init(_ element: XMLElement, _ file: WeightFile) throws(ModelError) {
        guard let selection = element.child("Selection") else {
            throw element.error("holds no <Selection>, as files before TMVA 4.1 do", .unsupported)
        }
        for (place, entry) in try Selection.entries(selection, "Input", "NInputs").enumerated() {
            switch try entry.string("Type") {
            case "Variable": inputs.append(try Selection.find(entry, file.variablePlaces))
            case "Target": targets.append((place, try Selection.find(entry, file.targetPlaces)))
            case let type: throw entry.error("has the Type '\(type.prefix(40))'", .unsupported)
            }
        }
        // Targets stand after the variables, as TMVA sorts them.
        guard targets.allSatisfy({ $0.place >= inputs.count }) else {
            throw selection.error("names a target before a variable", .unsupported)
        }
        for entry in try Selection.entries(selection, "Output", "NOutputs") {
            switch try entry.string("Type") {
            case "Variable": outputs.append(try Selection.find(entry, file.variablePlaces))
            case "Target": break
            case let type: throw entry.error("has the Type '\(type.prefix(40))'", .unsupported)
            }
        }
        guard inputs.count == outputs.count, !inputs.isEmpty, Set(outputs).count == outputs.count else {
            throw selection.error("names \(inputs.count) variables to read and \(outputs.count) to write")
        }
    }

    private static func entries(
        _ selection: XMLElement, _ name: String, _ count: String
    ) throws(ModelError) -> [XMLElement] {
        let list = try selection.required(name)
        let entries = Array(list.children)
        guard try list.integer(count) == entries.count else {
            throw list.error("has \(count)=\"\(try list.string(count))\", but holds \(entries.count)")
        }
        return entries
    }

    private static func find(_ entry: XMLElement, _ among: WeightFile.Places) throws(ModelError) -> Int {
        let label = try entry.string("Label")
        let found = [among.byLabel[label], entry.optional("Expression").flatMap { among.byExpression[$0] }]
        guard let index = found.compactMap({ $0 }).min() else {
            throw entry.error("names '\(label.prefix(60))', which is not among the variables of the file")
        }
        return index
    }
}

import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Estimators within estimators: the graph of each is built into that of the whole.
enum Composition {
    /// The estimators of an ensemble.
    static func members(_ estimator: Estimator, _ attribute: String = "estimators_") throws(ModelError) -> [Estimator] {
        var members: [Estimator] = []
        for value in try estimator.list(attribute) {
            members.append(try estimator.child(value, "\(attribute)[\(members.count)]"))
        }
        guard !members.isEmpty else { throw estimator.error("there are no estimators", attribute) }
        return members
    }

    /// What a method of an estimator gives on `x`.
    static func output(
        _ name: String, of member: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        guard let output = try member.outputs(x, &graph).first(where: { $0.name == name }) else {
            throw member.error("it has no method \(name), which the ensemble asks for", code: .unsupported)
        }
        return output.value
    }

    /// The sum from zero on, term after term.
    static func sum(_ terms: [Graph.ValueID], _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        var sum = try graph.addConstant(try Tensor([], [0.0]))
        for term in terms { sum = try graph.apply(Op.Add(), sum, term) }
        return sum
    }

    /// Where each label of a member stands among those of the ensemble.
    static func places(of labels: Tensor, in classes: Tensor, _ member: Estimator) throws(ModelError) -> [Int] {
        let (own, all) = (try keys(labels), try keys(classes))
        var places: [Int] = []
        for key in own {
            guard let place = all.firstIndex(of: key) else {
                throw member.error("its label \(key.prefix(40)) is none of the ensemble's", "classes_")
            }
            places.append(place)
        }
        return places
    }

    private static func keys(_ labels: Tensor) throws(ModelError) -> [String] {
        switch labels.elementType {
        case .string: labels.strings
        case .float64: try labels.array(of: Double.self).map { "\($0)" }
        default: (labels.integers ?? []).map { "\($0)" }
        }
    }
}

extension Graph {
    /// Shape: [batch, columns] -> [batch, places].
    mutating func columns(_ places: [Int], of value: ValueID) throws(ModelError) -> ValueID {
        try apply(Op.Gather(axis: 1), value, try addConstant(try Tensor([places.count], places.map(Int64.init))))
    }
}

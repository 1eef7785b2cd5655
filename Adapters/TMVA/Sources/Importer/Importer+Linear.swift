import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXML

extension Importer {
    /// A constant and one coefficient for each variable; products and sums are rounded to float64 one after another.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodFisher.cxx (GetMvaValue, ReadWeightsFromXML)
    func fisher(_ event: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Scores {
        guard file.analysis == .classification else {
            throw ModelError(.malformed, "a Fisher discriminant cannot do the analysis \(file.analysis.rawValue)")
        }
        let list = Array(file.weights.children)
        let count = file.variables.count + 1
        guard try file.weights.integer("NCoeff") == list.count, list.count == count else {
            throw file.weights.error("holds \(list.count) coefficients, expected \(count)")
        }
        var coefficients = [Double?](repeating: nil, count: count)
        for element in list {
            let index = try element.integer("Index")
            guard coefficients.indices.contains(index), coefficients[index] == nil else {
                throw element.error("has the Index \(index), expected each of 0 to \(count - 1) once")
            }
            coefficients[index] = try element.number("Value", Double.self)
        }
        let values = coefficients.compactMap { $0 }
        let sum = try sums(event, start: [values[0]], coefficients: [Array(values.dropFirst())], &graph)
        return Scores(prediction: try flat(sum, &graph))
    }

    /// As Fisher's, but every sum is rounded to float32.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodLD.cxx (GetMvaValue, GetRegressionValues)
    func linear(_ event: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Scores {
        let outputs = try file.weights.integer("NOut")
        let count = file.variables.count + 1
        let expected = file.analysis == .regression ? file.targets.count : 1
        let list = Array(file.weights.children)
        guard file.analysis != .multiclass, outputs == expected, try file.weights.integer("NCoeff") == count,
            list.count == count * outputs
        else {
            throw file.weights.error("does not hold \(count) coefficients for each of \(expected) outputs")
        }
        var table = [[Double?]](repeating: [Double?](repeating: nil, count: count), count: outputs)
        for element in list {
            let (output, index) = (try element.integer("IndexOut"), try element.integer("IndexCoeff"))
            guard table.indices.contains(output), (0..<count).contains(index), table[output][index] == nil else {
                throw element.error("has IndexOut=\"\(output)\" and IndexCoeff=\"\(index)\", expected each place once")
            }
            table[output][index] = try element.number("Value", Double.self)
        }
        let values = table.map { $0.compactMap { $0 } }
        guard values.allSatisfy({ $0.count == count }) else { throw file.weights.error("lacks a coefficient") }
        let sum = try sums(
            event, start: values.map { Double(Float($0[0])) }, coefficients: values.map { Array($0.dropFirst()) },
            rounded: true, &graph)
        guard file.analysis == .regression else { return Scores(prediction: try flat(sum, &graph)) }
        return Scores(prediction: try targets(try narrow(sum, &graph), count: outputs, &graph))
    }
}

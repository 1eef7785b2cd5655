import SeptumIR
import SeptumPythonHost
import SeptumTensor

/// Estimators one after another; all but the last transform.
enum Pipeline {
    /// The steps without those that do nothing.
    static func steps(of pipeline: Estimator) throws(ModelError) -> [Estimator] {
        var steps: [Estimator] = []
        for step in try pipeline.list("steps") {
            guard let pair = step.list, pair.count == 2, let name = pair[0].string else {
                throw pipeline.error("found \(step.kind), expected a name and an estimator", "steps")
            }
            if pair[1].isNone || pair[1].string == "passthrough" { continue }
            steps.append(try pipeline.child(pair[1], name))
        }
        return steps
    }

    static func build(_ pipeline: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        var outputs: [Output] = [("transform", x)]
        var previous: Estimator?
        for step in try steps(of: pipeline) {
            guard let transformed = outputs.first(where: { $0.name == "transform" }) else {
                throw (previous ?? pipeline).error("it is no transformer, yet another step follows", code: .unsupported)
            }
            outputs = try step.outputs(transformed.value, &graph)
            previous = step
        }
        return outputs
    }
}

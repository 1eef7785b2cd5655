import SeptumIR
import SeptumTensor

/// What becomes of the losses of single samples.
public struct LossReduction: Sendable, Equatable {
    public enum Kind: String, CaseIterable, Sendable { case none, sum, mean }

    public var kind: Kind
    /// A target that stands for no class: its loss and its weight are zero.
    public var ignoredTarget: Int?

    public init(_ kind: Kind = .mean, ignoredTarget: Int? = nil) {
        self.kind = kind
        self.ignoredTarget = ignoredTarget
    }

    init(_ attributes: inout AttributeReader) throws(ModelError) {
        kind = try attributes.choice("reduction") ?? .mean
        ignoredTarget = try attributes.int("ignore_index")
    }

    var attributes: Attributes {
        [("reduction", .string(kind.rawValue))] + (ignoredTarget.map { [("ignore_index", .int($0))] } ?? [])
    }

    /// The types of the loss and of the scores `(n, classes, ...)`.
    ///
    /// - Throws: `invalidModel` when scores, targets and weights do not fit each other.
    func infer(_ inputs: Facts) throws(ModelError) -> (loss: Fact, scores: TensorType) {
        var scores = try inputs.tensor(0, of: ElementType.arithmeticFloats)
        var target = try inputs.tensor(1, of: [.int32, .int64]).shape
        _ = try inputs.optionalTensor(2, of: [scores.elementType])
        if let shape = scores.shape {
            guard shape.count >= 2 else { throw ModelError(.invalidModel, "the scores are \(scores), expected rank 2 or more") }
            let samples = [shape[0]] + shape[2...]
            let given = target ?? samples
            guard given.count == samples.count else {
                throw ModelError(.invalidModel, "found targets of shape \(given) for scores of shape \(shape)")
            }
            var shared: [Dimension] = []
            for (a, b) in zip(samples, given) { shared.append(try sharedDimension(a, b, "scores and targets")) }
            var classes = shape[1]
            if let weight = try inputs.shape(2, rank: 1) { classes = try sharedDimension(classes, weight[0], "the weights") }
            target = shared
            scores.shape = [shared[0], classes] + shared[1...]
        } else {
            _ = try inputs.shape(2, rank: 1)
            guard target?.isEmpty != true else { throw ModelError(.invalidModel, "the target is a scalar") }
        }
        return (Fact(scores.elementType, kind == .none ? target : []), scores)
    }

    /// The loss from float64 log-probabilities that the type rule admits.
    ///
    /// - Throws: `invalidInput` when a target is no class.
    func loss(_ logarithms: Tensor, _ inputs: Arguments, as type: ElementType) throws(ModelError) -> Tensor {
        let (targets, shape) = (try inputs.integers(1), try inputs.tensor(1).shape)
        let weights = try inputs.optionalTensor(2)?.converted(to: .float64).array(of: Double.self)
        let classes = logarithms.shape[1]
        let inner = logarithms.shape[2...].reduce(1, &*)
        var total = 0.0
        var sum = 0.0
        var losses: [Double] = []
        try logarithms.withElements(of: Double.self) { logarithms throws(ModelError) in
            for (index, target) in targets.enumerated() {
                if target == ignoredTarget { losses.append(0); continue }
                guard target >= 0, target < classes else {
                    throw ModelError(.invalidInput, "target \(target) is out of range for \(classes) classes")
                }
                let weight = weights?[target] ?? 1
                losses.append(-logarithms[(index / inner * classes + target) * inner + index % inner] * weight)
                sum += losses[index]
                total += weight
            }
        }
        let result =
            switch kind {
            case .none: try Tensor(shape, losses)
            case .sum: try Tensor([], [sum])
            case .mean: try Tensor([], [sum / total])
            }
        return try result.converted(to: type)
    }
}

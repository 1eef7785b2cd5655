import SeptumTensor

/// How an objective turns raw scores into predictions.
///
/// Source: https://github.com/microsoft/LightGBM/tree/v4.6.0/src/objective, `ConvertOutput` and `ToString` of each
struct Objective {
    enum Link {
        case identity
        /// The square with the sign of the score.
        case signedSquare
        case exponential
        /// `1 / (1 + exp(-steepness x))`
        case sigmoid(steepness: Double)
        /// `log(1 + exp(x))`
        case softplus
        case softmax
    }

    let link: Link

    private static let identity: Set<String> = [
        "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom", "none", "",
    ]
    private static let exponential: Set<String> = ["poisson", "gamma", "tweedie"]
    /// Parameters of training, which predictions do not depend on.
    private static let ignored: Set<String> = ["num_class", "tweedie_variance_power", "alpha", "poisson_max_delta_step"]

    /// - Throws: `unsupported` when the objective or one of its parameters is not known.
    init(_ text: String?) throws(ModelError) {
        let words = (text ?? "").split(separator: " ")
        let name = words.first.map(String.init) ?? ""
        var (steepness, isSquared) = (1.0, false)
        for word in words.dropFirst() {
            let parts = word.split(separator: ":", maxSplits: 1)
            if word == "sqrt" {
                isSquared = true
            } else if parts.count == 2, parts[0] == "sigmoid", let value = Double(parts[1]), value > 0, value.isFinite {
                steepness = value
            } else if parts.count != 2 || !Objective.ignored.contains(String(parts[0])) {
                throw ModelError(
                    .unsupported, "found '\(word.prefix(40))' in the objective '\(name.prefix(40))'", attribute: "objective")
            }
        }
        switch name {
        case _ where Objective.identity.contains(name): link = isSquared ? .signedSquare : .identity
        case _ where Objective.exponential.contains(name): link = .exponential
        case "binary", "multiclassova": link = .sigmoid(steepness: steepness)
        case "cross_entropy": link = .sigmoid(steepness: 1)
        case "cross_entropy_lambda": link = .softplus
        case "multiclass": link = .softmax
        default:
            throw ModelError(
                .unsupported, "found the objective '\(name.prefix(40))'",
                remedy: "known are binary, cross_entropy, cross_entropy_lambda, multiclass, multiclassova, "
                    + Objective.exponential.union(Objective.identity).filter { !$0.isEmpty }.sorted().joined(separator: ", "),
                attribute: "objective")
        }
    }
}

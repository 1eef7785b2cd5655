#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumOperators
import SeptumTensor

/// The objective that gives an output's link, with what the library needs to read it.
struct ExportedObjective {
    let name: String
    let text: String
    /// Whether outputs are classes rather than targets.
    let hasClasses: Bool
    private let form: Objective

    /// The version whose treatment of base scores is the strictest.
    private static let version = Booster.Version(major: 3, minor: 2, patch: 0)

    private static let lossParameters = "\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}"
    /// The parameters that stand beside the name, by objective; those not listed need more.
    ///
    /// Source: https://github.com/dmlc/xgboost/tree/v3.2.0/src/objective, `LoadConfig` of each
    private static let parameters: [String: String] = [
        "reg:squarederror": lossParameters, "reg:logistic": lossParameters, "binary:logistic": lossParameters,
        "binary:logitraw": lossParameters, "reg:squaredlogerror": lossParameters, "reg:absoluteerror": "", "binary:hinge": "",
        "reg:gamma": lossParameters, "survival:cox": "",
        "count:poisson": "\"poisson_regression_param\":{\"max_delta_step\":\"0.7\"}",
        "reg:tweedie": "\"tweedie_regression_param\":{\"tweedie_variance_power\":\"1.5\"}",
    ]

    /// `known` is the objective that the model was trained with, kept where it has this link.
    ///
    /// - Throws: `unsupported` when XGBoost has no such link.
    init(_ output: ForestReading.Output, outputCount: Int, known: String?) throws(ModelError) {
        let (link, standard): (Objective.Link, String)
        switch output.link {
        case .identity: (link, standard) = (.identity, "reg:squarederror")
        case .sigmoid(steepness: 1): (link, standard) = (.sigmoid, "binary:logistic")
        case .exponential: (link, standard) = (.exponential, "count:poisson")
        case .step: (link, standard) = (.step, "binary:hinge")
        case .softmax: (link, standard) = (.softmax, "multi:softprob")
        case .mostLikelyClass: (link, standard) = (.mostLikelyClass, "multi:softmax")
        case .sigmoid, .symmetricSigmoid, .softplus, .signedSquare:
            throw ModelError(
                .unsupported, "XGBoost has no objective with the link of '\(output.name)', \(output.link)",
                remedy: "choose another output with --output")
        }
        guard !output.isPair || approximatesPair(output.link) else {
            throw ModelError(
                .unsupported, "XGBoost gives one probability, '\(output.name)' holds both",
                remedy: "choose another output with --output")
        }
        hasClasses = link == .softmax || link == .mostLikelyClass
        var name = standard
        if let known, let other = try? Objective(known, ExportedObjective.version), other.link == link,
            hasClasses || ExportedObjective.parameters[known] != nil
        {
            name = known
        }
        self.name = name
        form = try Objective(name, ExportedObjective.version)
        let parameters =
            hasClasses
            ? "\"softmax_multiclass_param\":{\"num_class\":\"\(outputCount)\"}" : ExportedObjective.parameters[name] ?? ""
        text = "{\"name\":\"\(name)\"\(parameters.isEmpty ? "" : "," + parameters)}"
    }

    /// The number that the library turns into this margin, bit for bit; nil when none of those tried does.
    func baseScore(for margin: Float) -> Float? {
        let guess: Float
        switch form.baseScoreForm {
        case .margin: guess = margin
        case .mean: guess = expf(margin)
        case .probability: guess = 1 / (1 + expf(-margin))
        }
        var candidate = guess
        for step in 0..<9 {
            if candidate.isFinite, let found = try? form.margin(candidate, ExportedObjective.version),
                found.bitPattern == margin.bitPattern
            {
                return candidate
            }
            // The guess, then its neighbours below and above, nearest first.
            let distance = (step + 2) / 2
            candidate = guess
            for _ in 0..<distance { candidate = step % 2 == 0 ? candidate.nextUp : candidate.nextDown }
        }
        return nil
    }
}

/// A sigmoid's pair of columns says no more than its second one.
private func approximatesPair(_ link: ForestReading.Link) -> Bool { link == .sigmoid(steepness: 1) }

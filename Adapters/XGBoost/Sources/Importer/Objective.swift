#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumTensor

/// How an objective turns margins into predictions, and in which form its base score is stored.
struct Objective {
    enum Link {
        case identity
        case sigmoid
        case exponential
        /// 1 where the margin is positive, otherwise 0.
        case step
        case softmax
        /// The first class of the largest margin, as a float32.
        case mostLikelyClass
    }

    enum BaseScoreForm {
        case margin
        case probability
        case mean
    }

    let link: Link
    let baseScoreForm: BaseScoreForm

    /// Source: https://github.com/dmlc/xgboost/tree/v3.2.0/src/objective, `PredTransform` and `ProbToMargin` of each
    private static let table: [String: Objective] = [
        "reg:squarederror": Objective(link: .identity, baseScoreForm: .margin),
        "reg:linear": Objective(link: .identity, baseScoreForm: .margin),
        "reg:squaredlogerror": Objective(link: .identity, baseScoreForm: .margin),
        "reg:absoluteerror": Objective(link: .identity, baseScoreForm: .margin),
        "reg:pseudohubererror": Objective(link: .identity, baseScoreForm: .margin),
        "reg:quantileerror": Objective(link: .identity, baseScoreForm: .margin),
        "reg:logistic": Objective(link: .sigmoid, baseScoreForm: .probability),
        "reg:gamma": Objective(link: .exponential, baseScoreForm: .mean),
        "reg:tweedie": Objective(link: .exponential, baseScoreForm: .mean),
        "count:poisson": Objective(link: .exponential, baseScoreForm: .mean),
        "survival:cox": Objective(link: .exponential, baseScoreForm: .mean),
        "survival:aft": Objective(link: .exponential, baseScoreForm: .mean),
        "binary:logistic": Objective(link: .sigmoid, baseScoreForm: .probability),
        "binary:logitraw": Objective(link: .identity, baseScoreForm: .margin),
        "binary:hinge": Objective(link: .step, baseScoreForm: .margin),
        "multi:softprob": Objective(link: .softmax, baseScoreForm: .margin),
        "multi:softmax": Objective(link: .mostLikelyClass, baseScoreForm: .margin),
        "rank:pairwise": Objective(link: .identity, baseScoreForm: .margin),
        "rank:ndcg": Objective(link: .identity, baseScoreForm: .margin),
        "rank:map": Objective(link: .identity, baseScoreForm: .margin),
    ]

    /// Source: https://github.com/dmlc/xgboost/blob/v0.90/src/objective/regression_obj.cu (GPULinearRegression and others)
    private static let onGPU: Set<String> = ["gpu:reg:linear", "gpu:reg:logistic", "gpu:binary:logistic", "gpu:binary:logitraw"]

    /// - Throws: `unsupported` when the objective is not known.
    init(_ name: String, _ version: Booster.Version) throws(ModelError) {
        // Before 1.0 four objectives could be asked for on a graphics processor.
        let isGPU = version.major == 0 && Objective.onGPU.contains(name)
        guard let found = Objective.table[isGPU ? String(name.dropFirst(4)) : name] else {
            throw ModelError(
                .unsupported, "found the objective '\(name)'",
                remedy: "known are \(Objective.table.keys.sorted().joined(separator: ", "))", attribute: "learner.objective.name")
        }
        // Before 1.3 the raw objective shared the base score's form with the logistic one.
        let isOldRaw = name == "binary:logitraw" && version < Booster.Version(major: 1, minor: 3, patch: 0)
        self = isOldRaw ? Objective(link: found.link, baseScoreForm: .probability) : found
    }

    private init(link: Link, baseScoreForm: BaseScoreForm) {
        self.link = link
        self.baseScoreForm = baseScoreForm
    }

    /// The stored base score as a margin, in the library's float32 arithmetic.
    ///
    /// Since 3.2 probabilities are kept away from 0 and 1; before, they could not be stored. Before 1.0 files held the margin.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/objective/regression_loss.h#L74-L86,
    /// https://github.com/dmlc/xgboost/blob/v3.1.3/src/objective/regression_loss.h (LogisticRegression),
    /// https://github.com/dmlc/xgboost/blob/v3.2.0/src/common/math.h (Logit)
    ///
    /// - Throws: `malformed` when the objective cannot have such a base score.
    func margin(_ baseScore: Float, _ version: Booster.Version) throws(ModelError) -> Float {
        let isBounded = version >= Booster.Version(major: 3, minor: 2, patch: 0)
        guard version.major > 0 else { return baseScore }
        switch baseScoreForm {
        case .margin: return baseScore
        case .mean where baseScore >= 0: return logf(baseScore)
        case .probability where isBounded && (0...1).contains(baseScore):
            let smallest: Float = 1e-6
            return Objective.logit(min(max(baseScore, smallest), 1 - smallest))
        case .probability where baseScore > 0 && baseScore < 1: return Objective.logit(baseScore)
        default:
            throw ModelError(
                .malformed, "found \(baseScore), which is no \(baseScoreForm) of the objective",
                attribute: "learner.learner_model_param.base_score")
        }
    }

    private static func logit(_ probability: Float) -> Float { -logf(1 / probability - 1) }
}

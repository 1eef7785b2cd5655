import SeptumIR
import SeptumTensor

/// How the loss that a model was trained for turns margins into predictions.
///
/// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/private/libs/options/enum_helpers.cpp,
/// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/eval_processing.h,
/// https://github.com/catboost/catboost/blob/v1.2.10/catboost/python-package/catboost/core.py (_get_default_prediction_type)
struct Loss {
    enum Link {
        case identity
        /// `1 / (1 + exp(-x))`, each output by itself.
        case sigmoid
        case softmax
        case exponential
        /// A mean, and the variance as `exp(2 x)`.
        case meanAndVariance
    }

    let name: String
    let link: Link

    private static let links: [(Link, [String])] = [
        (.sigmoid, ["CrossEntropy", "Focal", "Logloss", "MultiClassOneVsAll", "MultiCrossEntropy", "MultiLogloss"]),
        (.softmax, ["MultiClass"]), (.exponential, ["Poisson", "Tweedie"]), (.meanAndVariance, ["RMSEWithUncertainty"]),
        (
            .identity,
            [
                "Combination", "Cox", "Expectile", "GroupQuantile", "Huber", "LambdaMart", "LogCosh", "LogLinQuantile", "Lq",
                "MAE",
                "MAPE", "MultiQuantile", "MultiRMSE", "MultiRMSEWithMissingValues", "PairLogit", "PairLogitPairwise",
                "PythonUserDefinedMultiTarget", "PythonUserDefinedPerObject", "Quantile", "QueryCrossEntropy", "QueryRMSE",
                "QuerySoftMax", "RMSE", "StochasticFilter", "StochasticRank", "SurvivalAft", "YetiRank", "YetiRankPairwise",
            ]
        ),
    ]

    /// A file without parameters of training, such as that of a sum of models, has no link.
    ///
    /// - Throws: `unsupported` when the loss is not known.
    init(_ information: [String: String]) throws(ModelError) {
        guard let text = information["params"], !text.isEmpty else {
            (name, link) = ("", .identity)
            return
        }
        let parameters = try JSON(parsing: text)
        guard let name = parameters["loss_function"]?["type"]?.string else {
            throw ModelError(.malformed, "the parameters of training name no loss", attribute: "params.loss_function.type")
        }
        guard let link = Loss.links.first(where: { $0.1.contains(name) })?.0 else {
            throw ModelError(
                .unsupported, "found the loss '\(name.prefix(40))'",
                remedy: "known are \(Loss.links.flatMap(\.1).sorted().joined(separator: ", "))",
                attribute: "params.loss_function.type")
        }
        (self.name, self.link) = (name, link)
    }
}

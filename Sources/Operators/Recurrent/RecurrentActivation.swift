import SeptumTensor

/// The activation of a gate in a recurrent layer.
///
/// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#RNN
public struct RecurrentActivation: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case relu = "Relu"
        case tanh = "Tanh"
        case sigmoid = "Sigmoid"
        case affine = "Affine"
        case leakyRelu = "LeakyRelu"
        case thresholdedRelu = "ThresholdedRelu"
        case scaledTanh = "ScaledTanh"
        case hardSigmoid = "HardSigmoid"
        case elu = "Elu"
        case softsign = "Softsign"
        case softplus = "Softplus"

        /// The parameters that the activation has, with their defaults.
        var defaults: (alpha: Float?, beta: Float?) {
            switch self {
            case .relu, .tanh, .sigmoid, .softsign, .softplus: (nil, nil)
            case .affine, .scaledTanh: (1, self == .affine ? 0 : 1)
            case .leakyRelu: (0.01, nil)
            case .thresholdedRelu, .elu: (1, nil)
            case .hardSigmoid: (0.2, 0.5)
            }
        }
    }

    public var kind: Kind
    public var alpha: Float
    public var beta: Float

    /// An activation; parameters that are left out are the defaults.
    public init(_ kind: Kind, alpha: Float? = nil, beta: Float? = nil) {
        self.kind = kind
        self.alpha = alpha ?? kind.defaults.alpha ?? 0
        self.beta = beta ?? kind.defaults.beta ?? 0
    }

    public static let tanh = RecurrentActivation(.tanh)
    public static let sigmoid = RecurrentActivation(.sigmoid)

    /// Reads a name, whatever its case, and takes the parameters that it has from the front of the lists.
    ///
    /// - Throws: `invalidModel` when there is no such activation.
    init(_ name: String, alphas: inout ArraySlice<Float>, betas: inout ArraySlice<Float>) throws(ModelError) {
        guard let kind = Kind.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ModelError(.invalidModel, "found '\(name)', expected one of \(known)", attribute: "activations")
        }
        let alpha = kind.defaults.alpha == nil ? nil : alphas.popFirst()
        let beta = kind.defaults.beta == nil ? nil : betas.popFirst()
        self.init(kind, alpha: alpha, beta: beta)
    }

    /// The value of the activation, computed in float64 and rounded once.
    func callAsFunction<T: RealScalar>(_ x: T) -> T { T(value(Double(x))) }

    private func value(_ x: Double) -> Double {
        let (a, b) = (Double(alpha), Double(beta))
        return switch kind {
        case .relu: x < 0 ? 0 : x
        case .tanh: Elementary.tanh(x)
        case .sigmoid: 1 / (1 + Elementary.exp(-x))
        case .affine: a * x + b
        case .leakyRelu: x < 0 ? a * x : x
        case .thresholdedRelu: x > a || x.isNaN ? x : 0
        case .scaledTanh: a * Elementary.tanh(b * x)
        case .hardSigmoid: min(max(a * x + b, 0), 1)
        case .elu: x < 0 ? a * Elementary.expm1(x) : x
        case .softsign: x / (1 + abs(x))
        case .softplus: x.isNaN ? x : max(x, 0) + Elementary.log1p(Elementary.exp(-abs(x)))
        }
    }
}

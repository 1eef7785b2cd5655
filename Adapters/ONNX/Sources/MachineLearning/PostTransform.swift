import SeptumIR
import SeptumTensor

/// What happens to scores before they are given out.
enum PostTransform: String {
    case none = "NONE"
    case logistic = "LOGISTIC"
    case softmax = "SOFTMAX"
    case softmaxZero = "SOFTMAX_ZERO"
    case probit = "PROBIT"

    /// Reads the attribute.
    static func take(_ form: inout NodeForm) throws(ModelError) -> PostTransform {
        let name = try form.takeString("post_transform") ?? "NONE"
        guard let transform = PostTransform(rawValue: name) else {
            throw ModelError(
                .unsupported, "found '\(name)', expected NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT",
                attribute: "post_transform")
        }
        return transform
    }

    /// The specification transforms a single output, ONNX Runtime leaves it alone: what the writer meant cannot be known.
    func checkSense(outputs: Int) throws(ModelError) {
        guard outputs > 1 || self == .none else {
            throw ModelError(
                .unsupported, "found '\(rawValue)' for a single output, where runtimes disagree",
                remedy: "write it as a node of its own",
                attribute: "post_transform")
        }
    }

    /// ONNX Runtime gives one column for two classes that share a score, where there should be two.
    func checkBinary() throws(ModelError) {
        guard self != .probit else {
            throw ModelError(.unsupported, "found 'PROBIT' for two classes that share a score", attribute: "post_transform")
        }
    }
}

extension GraphBuilder {
    /// Transforms float32 scores of shape `[batch, outputs]`.
    mutating func apply(_ transform: PostTransform, name: String, _ scores: Graph.ValueID) throws(ModelError) -> Graph.ValueID {
        switch transform {
        case .none: return scores
        case .logistic: return try apply("Sigmoid", name: name, [scores])
        case .softmax: return try apply("Softmax", ["axis": .int(1)], name: name, [scores])
        case .softmaxZero: return try applySoftmaxZero(name, scores)
        case .probit: return try applyProbit(name, scores)
        }
    }

    /// The inverse of the normal distribution function, as approximated by ONNX Runtime and ONNX's reference implementation.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/ml_common.h (ComputeProbit)
    private mutating func applyProbit(_ name: String, _ scores: Graph.ValueID) throws(ModelError) -> Graph.ValueID {
        let (one, two) = (try constant([1], []), try constant([2], []))
        let x = try apply("Sub", name: name, [try apply("Mul", name: name, [scores, two]), one])
        let isNegative = try apply("Less", name: name, [x, try constant([0], [])])
        let factor = try apply(
            "Where", name: name, [isNegative, try constant([-1.41421356], []), try constant([1.41421356], [])])
        let (below, above) = (try apply("Sub", name: name, [one, x]), try apply("Add", name: name, [one, x]))
        let logarithm = try apply("Log", name: name, [try apply("Mul", name: name, [below, above])])
        let half = try apply("Mul", name: name, [logarithm, try constant([0.5], [])])
        let first = try apply("Add", name: name, [half, try constant([2 / (3.14159 * 0.147)], [])])
        let second = try apply("Mul", name: name, [logarithm, try constant([1 / 0.147], [])])
        let square = try apply("Mul", name: name, [first, first])
        let root = try apply("Sqrt", name: name, [try apply("Sub", name: name, [square, second])])
        let size = try apply("Sqrt", name: name, [try apply("Sub", name: name, [root, first])])
        return try apply("Mul", name: name, [factor, size])
    }

    /// A softmax over the scores that are not zero; zeros stay.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/ml_common.h
    /// (ComputeSoftmaxZero)
    private mutating func applySoftmaxZero(_ name: String, _ scores: Graph.ValueID) throws(ModelError) -> Graph.ValueID {
        let axis = try constant([1])
        let size = try apply("Abs", name: name, [scores])
        let counts = try apply("Greater", name: name, [size, try constant([1e-7], [])])
        let maximum = try apply("ReduceMax", name: name, [scores, axis])
        let shifted = try apply("Exp", name: name, [try apply("Sub", name: name, [scores, maximum])])
        let scale = try apply("Exp", name: name, [try apply("Neg", name: name, [maximum])])
        let small = try apply("Mul", name: name, [scores, scale])
        let kept = try apply("Where", name: name, [counts, shifted, try constant([0], [])])
        let sum = try apply("ReduceSum", name: name, [kept, axis])
        return try apply("Div", name: name, [try apply("Where", name: name, [counts, shifted, small]), sum])
    }

    /// The labels of classes by their index.
    mutating func labels(_ labels: Labels, _ indices: Graph.ValueID, _ form: NodeForm) throws(ModelError) {
        guard let output = form.outputs.first ?? nil else { return }
        let table = try addConstant(try labels.tensor())
        try append("Gather", ["axis": .int(0)], name: form.name, [table, indices], outputs: [output])
    }

    /// A table of numbers as float32, a single row as a table.
    mutating func floatTable(_ form: NodeForm) throws(ModelError) -> Graph.ValueID {
        var table = try form.requiredInput(0)
        if elementType(table) != .float32 {
            table = try apply("Cast", ["to": .int(Int(ElementType.float32.rawValue))], name: form.name, [table])
        }
        return rank(table) == 1 ? try apply("Unsqueeze", name: form.name, [table, try constant([0])]) : table
    }
}

/// Names of classes: integers or strings.
enum Labels {
    case integers([Int])
    case strings([String])

    /// Reads the attributes of a classifier; one of them must be there.
    static func take(_ form: inout NodeForm, integers: String, strings: String) throws(ModelError) -> Labels {
        let (numbers, texts) = (try form.takeInts(integers) ?? [], try form.takeStrings(strings) ?? [])
        guard numbers.isEmpty != texts.isEmpty else {
            throw ModelError(.invalidModel, "expected either '\(integers)' or '\(strings)'", attribute: integers)
        }
        return numbers.isEmpty ? .strings(texts) : .integers(numbers)
    }

    var count: Int {
        switch self {
        case .integers(let values): values.count
        case .strings(let values): values.count
        }
    }

    func tensor() throws(ModelError) -> Tensor {
        switch self {
        case .integers(let values): try Tensor([values.count], values.map(Int64.init))
        case .strings(let values): try Tensor([values.count], strings: values)
        }
    }

    /// For people: how columns of scores are called.
    var names: [String] {
        switch self {
        case .integers(let values): values.map(String.init)
        case .strings(let values): values
        }
    }
}

import SeptumIR
import SeptumTensor

/// Why a result is not the expected one.
struct Difference: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Compares as the suite's own runner does: shape and type must be equal, so must be strings; numbers may differ by a tolerance.
///
/// It is stricter in that everything but float16, bfloat16, float32 and float64 must be equal.
///
/// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/backend/test/runner/__init__.py (assert_similar_outputs)
struct Comparison {
    let rtol: Double
    let atol: Double
    /// Whether floating-point numbers must have the same bits, but for the kind of NaN.
    let isExact: Bool

    static func isExact(_ graph: Graph) -> Bool { graph.nodes.allSatisfy { exactOperators.contains($0.op.name) } }

    func check(_ found: Value, _ expected: Value) throws(Difference) {
        switch (found, expected) {
        case (.tensor(let found), .tensor(let expected)): try check(found, expected)
        case (.sequence(let found, _), .sequence(let expected, _)):
            guard found.count == expected.count else {
                throw Difference("found a sequence of \(found.count), expected \(expected.count)")
            }
            for (found, expected) in zip(found, expected) { try check(found, expected) }
        case (.optional(nil, _), .optional(nil, _)): return
        case (.optional(let found?, _), .optional(let expected?, _)): try check(found, expected)
        default: throw Difference("found \(found.type), expected \(expected.type)")
        }
    }

    private func check(_ found: Tensor, _ expected: Tensor) throws(Difference) {
        guard found.elementType == expected.elementType, found.shape == expected.shape else {
            throw Difference("found \(found.elementType)\(found.shape), expected \(expected.elementType)\(expected.shape)")
        }
        if found.isIdentical(to: expected) { return }
        guard let numbers = found.reals, let wanted = expected.reals else {
            throw Difference("the elements of \(found.elementType)\(found.shape) differ")
        }
        let rtol = found.elementType == .bfloat16 ? max(rtol, 1.0 / 64) : rtol
        for (index, (a, b)) in zip(numbers, wanted).enumerated() {
            if a.isNaN && b.isNaN || a == b && (!isExact || a.sign == b.sign) { continue }
            guard !isExact, b.isFinite, abs(a - b) <= atol + rtol * abs(b) else {
                throw Difference("element \(index) of \(found.elementType)\(found.shape): found \(a), expected \(b)")
            }
        }
    }

    /// Operators whose results are inputs, constants or their negatives, or rounded once.
    static let exactOperators = Set(
        """
        Abs ArgMax ArgMin Cast CastLike Ceil CenterCropPad Clip Compress Concat ConcatFromSequence ConstantOfShape DepthToSpace \
        Expand EyeLike Flatten Floor Gather GatherElements GatherND GlobalMaxPool Hardmax Identity Max MaxPool MaxUnpool Min \
        Neg NonZero OneHot Optional OptionalGetElement Pad Range ReduceMax ReduceMin Relu Reshape ReverseSequence Round \
        SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert Shape Sign Slice SpaceToDepth Split \
        SplitToSequence Squeeze Tile TopK Transpose Trilu Unique Unsqueeze Where
        """.split(separator: " ").map(String.init))
}

extension Tensor {
    /// The elements of the floating-point types for which a tolerance makes sense, nil for others.
    var reals: [Double]? {
        switch elementType {
        case .float32: try? array(of: Float.self).map(Double.init)
        case .float64: try? array(of: Double.self)
        case .float16: try? array(of: Float16.self).map(Double.init)
        case .bfloat16: try? array(of: BFloat16.self).map { Double($0.float) }
        default: nil
        }
    }
}

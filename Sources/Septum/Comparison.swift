public import SeptumTensor

/// How the values of one output differ from the expected ones.
public struct Comparison: Sendable {
    public let name: String
    public let count: Int
    /// Values that agree bit for bit, or are both NaN.
    public let identicalCount: Int
    /// Values beyond the tolerance.
    public let failureCount: Int
    public let maxAbsoluteDifference: Double
    public let maxRelativeDifference: Double

    public var isWithinTolerance: Bool { failureCount == 0 }

    /// Compares outputs with those in a numpy archive.
    ///
    /// - Parameters:
    ///   - found: Outputs by name.
    ///   - path: A `.npz` file keyed by output names; each of its keys must be an output.
    ///   - rtol: The relative tolerance.
    ///   - atol: The absolute tolerance.
    /// - Returns: One comparison for each expected output.
    /// - Throws: `invalidInput` when an expected output does not exist; `mismatch` when shapes or types differ.
    public static func compare(
        _ found: [(name: String, tensor: Tensor)], expectedPath path: String, rtol: Double, atol: Double
    ) throws(ModelError) -> [Comparison] {
        var comparisons: [Comparison] = []
        let entries = try Npz.read(path: path)
        guard !entries.isEmpty else { throw ModelError(.invalidInput, "holds no expected values", file: path) }
        for (name, expected) in entries {
            guard let output = found.first(where: { $0.name == name }) else {
                let known = found.map(\.name).joined(separator: ", ")
                throw ModelError(
                    .invalidInput, "'\(name)' is no output of the model", remedy: "its outputs are \(known)", file: path)
            }
            comparisons.append(try Comparison(name, output.tensor, expected, rtol: rtol, atol: atol))
        }
        return comparisons
    }

    /// Compares two tensors of one shape.
    ///
    /// - Throws: `mismatch` when shapes or types differ.
    public init(_ name: String, _ found: Tensor, _ expected: Tensor, rtol: Double, atol: Double) throws(ModelError) {
        guard found.shape == expected.shape, found.elementType == expected.elementType else {
            throw ModelError(
                .mismatch,
                "output '\(name)' is \(found.elementType)\(found.shape), expected \(expected.elementType)\(expected.shape)")
        }
        self.name = name
        count = expected.count
        if expected.elementType == .string {
            identicalCount = zip(found.strings, expected.strings).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
            failureCount = count - identicalCount
            maxAbsoluteDifference = failureCount == 0 ? 0 : .infinity
            maxRelativeDifference = maxAbsoluteDifference
            return
        }
        guard let left = Comparison.doubles(found), let right = Comparison.doubles(expected) else {
            throw ModelError(.unsupported, "output '\(name)' of \(found.elementType) cannot be compared")
        }
        var (identical, failures, absolute, relative) = (0, 0, 0.0, 0.0)
        // Integers beyond 2^53 can differ although they are equal as float64.
        let areIntegers = expected.elementType.isInteger
        let exact = areIntegers ? zip(found.integers ?? [], expected.integers ?? []).map(==) : []
        for (index, (a, b)) in zip(left, right).enumerated() {
            if areIntegers ? exact[index] : a == b || (a.isNaN && b.isNaN) {
                identical += 1
                continue
            }
            let difference = areIntegers ? max(1, abs(a - b)) : abs(a - b)
            // An expected infinity makes the tolerance infinite: nothing but itself agrees with it.
            if !(difference <= atol + rtol * abs(b)) || b.isInfinite { failures += 1 }
            absolute = max(absolute, difference.isNaN ? .infinity : difference)
            relative = max(relative, difference.isNaN ? .infinity : difference / max(abs(b), .leastNormalMagnitude))
        }
        identicalCount = identical
        failureCount = failures
        maxAbsoluteDifference = absolute
        maxRelativeDifference = relative
    }

    /// The elements as float64; nil for types that have no such.
    static func doubles(_ tensor: Tensor) -> [Double]? {
        switch tensor.elementType {
        case .float32: try? tensor.array(of: Float.self).map(Double.init)
        case .float64: try? tensor.array(of: Double.self)
        case .float16: try? tensor.array(of: Float16.self).map(Double.init)
        case .bfloat16: try? tensor.array(of: BFloat16.self).map { Double($0.float) }
        default: tensor.integers?.map(Double.init)
        }
    }
}

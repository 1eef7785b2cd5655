package import SeptumIR
package import SeptumTensor

extension ElementType {
    /// The floating-point types that arithmetic is defined for.
    package static let arithmeticFloats: [ElementType] = [.float16, .bfloat16, .float32, .float64]
    /// The types of sums of products: floating point and the wide integers.
    package static let matrixElements = arithmeticFloats + [.int32, .int64, .uint32, .uint64]
}

extension Facts {
    /// The type of a tensor input that must be there and hold elements of one of `types`.
    ///
    /// - Throws: `invalidModel` when it does not.
    package func tensor(_ index: Int, of types: [ElementType]) throws(ModelError) -> TensorType {
        let type = try tensor(index)
        guard types.contains(type.elementType) else {
            let expected = types.map(\.name).joined(separator: ", ")
            throw ModelError(.invalidModel, "input \(index) holds \(type.elementType), expected \(expected)")
        }
        return type
    }

    /// The type of a tensor input that may be omitted.
    ///
    /// - Throws: `invalidModel` when it is there and does not hold elements of one of `types`.
    package func optionalTensor(_ index: Int, of types: [ElementType]) throws(ModelError) -> TensorType? {
        self[index] == nil ? nil : try tensor(index, of: types)
    }

    /// The shape of a tensor input when its rank is known.
    ///
    /// - Throws: `invalidModel` when the rank is not `rank`.
    package func shape(_ index: Int, rank: Int) throws(ModelError) -> [Dimension]? {
        guard let fact = self[index], let shape = fact.type.tensor?.shape else { return nil }
        guard shape.count == rank else {
            throw ModelError(.invalidModel, "input \(index) has rank \(shape.count), expected \(rank)")
        }
        return shape
    }
}

/// The dimension that two values must share; a number is preferred to a symbol.
///
/// - Throws: `invalidModel` when they cannot be equal.
package func sharedDimension(_ a: Dimension, _ b: Dimension, _ what: String) throws(ModelError) -> Dimension {
    guard !a.isProvablyDifferent(from: b) else {
        throw ModelError(.invalidModel, "\(what): found \(a) and \(b), expected equal dimensions")
    }
    return a.number != nil || b == .unknown ? a : b.number != nil || a == .unknown ? b : a
}

extension Operator {
    /// Checks arguments by the type rule and returns the concrete shapes of the outputs.
    ///
    /// - Throws: `ModelError` when the arguments do not fit the operator or a size overflows.
    package func outputShapes(_ inputs: Arguments) throws(ModelError) -> [[Int]] {
        let facts = inputs.inputs.map { value in
            value.map { value in value.tensor.map(Fact.init(constant:)) ?? Fact(value.type) }
        }
        var shapes: [[Int]] = []
        for fact in try infer(Facts(facts, outputCount: inputs.outputCount)) {
            guard let shape = fact.type.tensor?.concreteShape else {
                throw ModelError(.limit, "the size of an output cannot be computed: found \(fact.type)")
            }
            shapes.append(shape)
        }
        return shapes
    }

    /// An error for element types that the type rule has excluded.
    package func unexpected(_ type: ElementType) -> ModelError {
        ModelError(.unsupported, "\(name) is not defined for \(type)")
    }
}

/// Reads the elements of tensors of one type in place; nil for one that is omitted.
///
/// - Throws: `invalidInput` when a tensor holds another type; what `body` throws.
package func withElements<T: Scalar, R>(
    _ tensors: [Tensor?], of type: T.Type, _ body: ([UnsafeBufferPointer<T>?]) throws(ModelError) -> R
) throws(ModelError) -> R {
    var buffers: [UnsafeBufferPointer<T>?] = []
    for tensor in tensors {
        guard let tensor else { buffers.append(nil); continue }
        buffers.append(try tensor.withElements(of: type) { $0 })
    }
    return try withExtendedLifetime(tensors) { () throws(ModelError) -> R in try body(buffers) }
}

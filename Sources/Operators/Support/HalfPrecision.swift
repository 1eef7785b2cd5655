package import SeptumIR
package import SeptumTensor

extension Tensor {
    /// float16 and bfloat16 elements as float32; other tensors as they are.
    ///
    /// - Throws: `limit` when there is no memory.
    package func widenedToFloat32() throws(ModelError) -> Tensor {
        switch elementType {
        case .float16: try converted(from: Float16.self) { Float($0) }
        case .bfloat16: try converted(from: BFloat16.self) { $0.float }
        default: self
        }
    }

    /// float32 elements rounded to float16 or bfloat16; as they are for other types.
    ///
    /// - Throws: `limit` when there is no memory.
    package func narrowed(to type: ElementType) throws(ModelError) -> Tensor {
        switch (elementType, type) {
        case (.float32, .float16): try converted(from: Float.self) { Float16($0) }
        case (.float32, .bfloat16): try converted(from: Float.self) { BFloat16($0) }
        default: self
        }
    }

    private func converted<From: Scalar, To: Scalar>(
        from: From.Type, _ convert: (From) -> To
    ) throws(ModelError) -> Tensor {
        try withElements(of: From.self) { (source) throws(ModelError) in
            try Tensor(shape) { (target: UnsafeMutableBufferPointer<To>) in
                for index in source.indices { target[index] = convert(source[index]) }
            }
        }
    }
}

extension Operator {
    /// Evaluates float16 and bfloat16 arguments in float32 and rounds each result once; nil when there are none.
    ///
    /// - Throws: What `evaluate` throws.
    package func evaluatedInFloat32(_ inputs: Arguments) throws(ModelError) -> [Value]? {
        let isHalf: (Value?) -> Bool = { $0?.tensor?.elementType == .float16 || $0?.tensor?.elementType == .bfloat16 }
        guard let half = inputs.inputs.first(where: isHalf)??.tensor?.elementType else { return nil }
        var widened = inputs.inputs
        for index in widened.indices {
            if let tensor = widened[index]?.tensor { widened[index] = .tensor(try tensor.widenedToFloat32()) }
        }
        var results = try evaluate(Arguments(widened, outputCount: inputs.outputCount, run: inputs.run))
        for index in results.indices {
            if let tensor = results[index].tensor { results[index] = .tensor(try tensor.narrowed(to: half)) }
        }
        return results
    }
}

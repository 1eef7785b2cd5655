package import SeptumTensor

extension Tensor {
    /// Tensors of one shape as the slices of a larger one along a new axis; of none, an empty tensor of the given type.
    ///
    /// - Throws: `invalidInput` when their types or shapes differ.
    package init(stacking parts: [Tensor], axis: Int, like type: TensorType) throws(ModelError) {
        var shape = parts.first?.shape ?? (type.shape ?? []).map { $0.number ?? 0 }
        shape.insert(parts.isEmpty ? 0 : 1, at: try normalizedAxis(axis, rank: shape.count + 1))
        guard !parts.isEmpty else {
            self = try Tensor(zeros: type.elementType, shape)
            return
        }
        var slices: [Tensor] = []
        for part in parts {
            guard part.shape == parts[0].shape else {
                throw ModelError(.invalidInput, "shape \(part.shape) cannot be stacked on shape \(parts[0].shape)")
            }
            slices.append(try part.reshaped(shape))
        }
        try self.init(concatenating: slices, axis: axis)
    }
}

/// Tensors that a loop gathers, one a run; their total size is bounded as that of one tensor.
struct Gathered {
    private(set) var tensors: [Tensor] = []
    private var byteCount = 0
    private static let countLimit = 1 << 26

    mutating func append(_ value: Value) throws(ModelError) {
        guard let tensor = value.tensor else {
            throw ModelError(.invalidModel, "a scan output is \(value.type), expected a tensor")
        }
        byteCount &+= tensor.byteCount
        guard byteCount <= Storage.byteLimit, tensors.count < Gathered.countLimit else {
            throw ModelError(.limit, "a loop gathers more than \(Storage.byteLimit) bytes or \(Gathered.countLimit) tensors")
        }
        tensors.append(tensor)
    }
}

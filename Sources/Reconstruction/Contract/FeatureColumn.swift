import SeptumIR
import SeptumTensor

extension InputContract.Feature {
    /// Prepares raw values in place: missing rule, transform, offset and scale, clip, all in float32.
    ///
    /// - Parameter values: The values of the branch.
    /// - Returns: The place of a NaN that the contract does not allow; nothing is prepared then.
    func prepare(_ values: inout [Float]) -> Int? {
        switch missing {
        case .keep: break
        case .replace(let value):
            for index in values.indices where values[index].isNaN { values[index] = value }
        case .refuse:
            if let index = values.firstIndex(where: \.isNaN) { return index }
        }
        let (transform, offset, scale) = (transform, offset, scale)
        // A loop for each, as one with a choice in it is not vectorised.
        values.withUnsafeMutableBufferPointer { values in
            if transform != .none { for index in values.indices { values[index] = transform.apply(values[index]) } }
            for index in values.indices { values[index] = (values[index] - offset) * scale }
            guard let clip else { return }
            let (low, high) = (clip.lowerBound, clip.upperBound)
            for index in values.indices { values[index] = min(max(values[index], low), high) }
        }
        return nil
    }
}

extension InputContract.Transform {
    func apply(_ x: Float) -> Float {
        switch self {
        case .none: x
        case .log: Float(Elementary.log(Double(x)))
        case .log1p: Float(Elementary.log1p(Double(x)))
        case .exp: Float(Elementary.exp(Double(x)))
        case .sqrt: x.squareRoot()
        case .abs: Swift.abs(x)
        case .square: x * x
        }
    }
}

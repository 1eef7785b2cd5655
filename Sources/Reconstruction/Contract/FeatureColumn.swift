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
        let range = clip
        values.withUnsafeMutableBufferPointer { values in
            for index in values.indices {
                let scaled = (transform.apply(values[index]) - offset) * scale
                values[index] = range.map { min(max(scaled, $0.lowerBound), $0.upperBound) } ?? scaled
            }
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

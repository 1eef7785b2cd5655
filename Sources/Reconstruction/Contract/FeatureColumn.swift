import SeptumIR
import SeptumTensor

extension InputContract.Feature {
    /// Shape: `[n] -> [n]`. Prepares raw values: missing rule, transform, offset and scale, clip, all in float32.
    ///
    /// - Parameters:
    ///   - raw: The values of the branch.
    ///   - path: The file, for messages.
    ///   - place: Says in words where an item is.
    /// - Returns: The feature's values.
    /// - Throws: `invalidInput` for NaN where the contract does not allow it, naming the branch and the place.
    func prepared(_ raw: [Float], path: String, place: (Int) -> String) throws(ModelError) -> [Float] {
        var values = raw
        switch missing {
        case .keep: break
        case .replace(let value):
            for index in values.indices where values[index].isNaN { values[index] = value }
        case .refuse:
            if let index = values.firstIndex(where: \.isNaN) {
                throw ModelError(
                    .invalidInput, "branch '\(source)' is NaN in \(place(index))",
                    remedy: "give the feature '\(name)' a rule in the contract: 'missing: keep' or 'missing: VALUE'", file: path)
            }
        }
        for index in values.indices {
            let scaled = (transform.apply(values[index]) - offset) * scale
            values[index] = clip.map { min(max(scaled, $0.lowerBound), $0.upperBound) } ?? scaled
        }
        return values
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

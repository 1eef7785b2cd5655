#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumIR
import SeptumTensor

extension InputContract.Feature {
    /// Shape: `[n] -> [n]`. Prepares raw values: missing rule, transform, offset and scale, clip, all in float32.
    ///
    /// - Throws: `invalidInput` for NaN where the contract does not allow it, naming the branch and the position.
    func prepared(_ raw: [Float], path: String) throws(ModelError) -> [Float] {
        var values = raw
        switch missing {
        case .keep: break
        case .replace(let value):
            for index in values.indices where values[index].isNaN { values[index] = value }
        case .refuse:
            if let index = values.firstIndex(where: \.isNaN) {
                throw ModelError(
                    .invalidInput, "branch '\(source)' is NaN at item \(index)",
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
        case .log: logf(x)
        case .log1p: log1pf(x)
        case .exp: expf(x)
        case .sqrt: x.squareRoot()
        case .abs: Swift.abs(x)
        case .square: x * x
        }
    }
}

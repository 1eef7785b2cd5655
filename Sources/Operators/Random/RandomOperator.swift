public import SeptumIR
import SeptumTensor

/// An operator that draws random numbers.
///
/// A node with its seed always draws the same, so that folding it would be sound; it counts as not deterministic all the same,
/// because the numbers are no part of the model: a converted file holds the node, and another runtime draws its own.
public protocol RandomOperator: Operator {
    /// Nil where the model gives none, which counts as 0.
    var seed: Float? { get }
}

extension RandomOperator {
    public var isDeterministic: Bool { false }

    var seedAttributes: Attributes { seed.map { [("seed", .float($0))] } ?? [] }

    static func seed(_ attributes: inout AttributeReader) throws(ModelError) -> Float? {
        let seed = try attributes.float("seed")
        // ONNX's reference implementation takes NaN for no seed.
        return seed?.isNaN ?? true ? nil : seed
    }
}

extension [Int] {
    /// A shape given as an attribute.
    ///
    /// - Throws: `invalidModel` when a size is negative.
    func admittedAsShape() throws(ModelError) -> [Dimension] {
        guard allSatisfy({ $0 >= 0 }) else {
            throw ModelError(.invalidModel, "found \(self), expected sizes that are not negative", attribute: "shape")
        }
        return map(Dimension.fixed)
    }
}

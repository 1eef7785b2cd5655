import SeptumIR
import SeptumOperators
import SeptumTensor

/// The steps from scores to labels that classifiers share.
extension Graph {
    /// Shape: [batch, 1] -> [batch].
    mutating func column(_ value: ValueID) throws(ModelError) -> ValueID {
        try apply(Op.Squeeze(), value, try addConstant(try Tensor([1], [1] as [Int64])))
    }

    /// Shape: several [batch, columns] -> [batch, all columns].
    mutating func joined(_ parts: [ValueID]) throws(ModelError) -> ValueID {
        guard let first = parts.first else { throw ModelError(.invalidModel, "there is nothing to join") }
        return parts.count == 1 ? first : try append(Op.Concat(axis: 1), inputs: parts).first ?? first
    }

    /// Shape: [batch, 1] -> [batch, 2]. The probability of the second class to those of both.
    mutating func bothClasses(_ probability: ValueID) throws(ModelError) -> ValueID {
        let other = try apply(Op.Sub(), try addConstant(try Tensor([], [1.0])), probability)
        return try apply(Op.Concat(axis: 1), other, probability)
    }

    /// Shape: [batch, classes] -> [batch]. The label of the largest score, the first one on a tie.
    mutating func label(ofLargest scores: ValueID, _ classes: Tensor) throws(ModelError) -> ValueID {
        try apply(Op.Gather(axis: 0), try addConstant(classes), try apply(Op.ArgMax(axis: 1, keepdims: false), scores))
    }

    /// Shape: [batch] -> [batch]. The second label where `holds` is true.
    mutating func label(where holds: ValueID, _ classes: Tensor) throws(ModelError) -> ValueID {
        try apply(Op.Gather(axis: 0), try addConstant(classes), try apply(Op.Cast(to: .int64), holds))
    }
}

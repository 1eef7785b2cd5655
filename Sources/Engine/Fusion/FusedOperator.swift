package import SeptumIR
package import SeptumTensor

/// The namespace of operators that only the engine's own passes make.
package enum Fused {}

/// One of the operators that a fused one stands for.
package struct FusedPart: Sendable {
    /// Where an operand comes from: an input of the fused operator, or the result of an earlier part.
    package enum Source: Sendable, Hashable { case input(Int), part(Int) }

    package let op: any Operator
    /// Nil for an omitted input.
    package let inputs: [Source?]
}

/// An operator that stands for several: its type rule and its definition are theirs, one after another.
///
/// The last part's result is the operator's.
package protocol FusedOperator: LoweredOperator {}

extension FusedOperator {
    package static var inputCount: ClosedRange<Int> { 1...Int.max }

    package init(_ attributes: inout AttributeReader) throws(ModelError) {
        throw ModelError(.unsupported, "operators made by the engine are not read from files")
    }

    package var attributes: Attributes { [("parts", .strings(parts.map(\.op.name)))] }

    package func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        var results: [Fact] = []
        for part in parts {
            let given = part.inputs.map { source -> Fact? in
                switch source {
                case .input(let index): inputs[index]
                case .part(let index): results[index]
                case nil: nil
                }
            }
            results += try Graph.infer(part.op, given, outputCount: 1)
        }
        return Array(results.suffix(1))
    }

    package func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        var results: [Value] = []
        for part in parts {
            let given = part.inputs.map { source -> Value? in
                switch source {
                case .input(let index): inputs[index]
                case .part(let index): results[index]
                case nil: nil
                }
            }
            results += try part.op.evaluate(Arguments(given, run: inputs.run)).prefix(1)
        }
        return Array(results.suffix(1))
    }
}

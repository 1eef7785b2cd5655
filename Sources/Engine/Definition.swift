import SeptumIR
import SeptumTensor

/// What runs where there is no kernel.
enum Definition {
    /// The step of an operator without a kernel: its definition, copied into place.
    static func step(
        of op: any Operator, _ inputs: [LoweringSite.Operand?], _ outputs: [LoweringSite.Operand?]
    ) -> Step {
        { addresses throws(ModelError) in
            var arguments: [Value?] = []
            for operand in inputs {
                guard let operand else { arguments.append(nil); continue }
                arguments.append(.tensor(try addresses.tensor(operand.slot, operand.elementType, operand.shape)))
            }
            let results = try op.evaluate(Arguments(arguments, outputCount: outputs.count))
            for (operand, result) in zip(outputs, results) {
                guard let operand else { continue }
                guard let tensor = result.tensor, tensor.elementType == operand.elementType, tensor.shape == operand.shape else {
                    throw ModelError(
                        .invalidModel, "found \(result.type), the type rule gives \(operand.elementType)\(operand.shape)")
                }
                if let source = tensor.bytes.baseAddress {
                    addresses[operand.slot].copyMemory(from: source, byteCount: tensor.byteCount)
                }
            }
        }
    }
}

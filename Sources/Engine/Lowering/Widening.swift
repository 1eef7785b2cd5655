import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// An operator whose definition computes float16 and bfloat16 in float32 and rounds the results once.
protocol WidenedOperator: LoweredOperator {}

extension WidenedOperator {
    /// The prepared work for half-precision operands: widened, computed as float32, rounded; nil for others.
    package func lowerInFloat32(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if let step = try site.halfProduct(self) { return step }
        var (before, after): ([Step], [Step]) = ([], [])
        var (inputs, outputs) = (site.inputs, site.outputs)
        for (index, operand) in site.inputs.enumerated() {
            guard let operand, operand.elementType.isHalf else { continue }
            let constant = try operand.constant?.widenedToFloat32()
            let slot = constant.map { site.resident($0) } ?? site.scratch(byteCount: operand.count * 4)
            inputs[index] = .init(
                elementType: .float32, shape: operand.shape, slot: slot, constant: constant, weight: operand.weight)
            if constant == nil {
                before.append(conversion(operand.elementType, operand.slot, operand.count, wide: slot).widen)
            }
        }
        for (index, operand) in site.outputs.enumerated() {
            guard let operand, operand.elementType.isHalf else { continue }
            let slot = site.scratch(byteCount: operand.count * 4)
            outputs[index] = .init(elementType: .float32, shape: operand.shape, slot: slot, constant: nil, weight: nil)
            after.append(conversion(operand.elementType, operand.slot, operand.count, wide: slot).narrow)
        }
        guard !after.isEmpty else { return nil }
        var inner = site.replacing(inputs: inputs, outputs: outputs)
        guard let step = try lower(&inner) else { return nil }
        site.adopt(inner)
        return inOrder(before + [step] + after)
    }
}

extension ElementType {
    var isHalf: Bool { self == .float16 || self == .bfloat16 }
}

/// Steps between half-precision elements and float32.
func conversion(_ type: ElementType, _ half: Int, _ count: Int, wide: Int) -> (widen: Step, narrow: Step) {
    let (there, back): (Conversion, Conversion) =
        type == .float16 ? (.float16ToFloat, .floatToFloat16) : (.bfloat16ToFloat, .floatToBFloat16)
    return (
        { addresses throws(ModelError) in kernels.convert(there, count, addresses[half], addresses[wide]) },
        { addresses throws(ModelError) in kernels.convert(back, count, addresses[wide], addresses[half]) }
    )
}

// Their results in half precision are the same by way of float32, which has more than twice the digits and two.
extension Op.Add: WidenedOperator {}
extension Op.Sub: WidenedOperator {}
extension Op.Mul: WidenedOperator {}
extension Op.Div: WidenedOperator {}
extension Op.Sqrt: WidenedOperator {}
extension Op.Relu: WidenedOperator {}
extension Op.Abs: WidenedOperator {}
extension Op.Neg: WidenedOperator {}
extension Op.Max: WidenedOperator {}
extension Op.Min: WidenedOperator {}

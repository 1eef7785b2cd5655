import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// A product of bytes less their zero points with constant weights, added up in int32, made float32 by a factor for each
    /// column, and quantized again on request.
    struct IntegerLinear: FusedOperator {
        static let name = "Fused.IntegerLinear"

        /// The places of the inputs.
        struct Places {
            var x = 0
            var zeroX: Int?
            var w = 0
            var zeroW: Int?
            /// In units of the sums.
            var bias: Int?
            var factor = 0
            var addend: Int?
        }

        let parts: [FusedPart]
        let places: Places
        let hasRelu: Bool
        /// The zero point and the type of the result in bytes.
        let quantizes: (zero: Int, type: ElementType)?

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            func operand(_ place: Int?) -> LoweringSite.Operand? { place.flatMap { site.input($0) } }
            guard let x = operand(places.x), let w = operand(places.w), let y = site.output(0), w.shape.count == 2,
                let factor = operand(places.factor)
            else { return nil }
            let (zeroX, zeroW, bias, addend) = (
                operand(places.zeroX), operand(places.zeroW), operand(places.bias), operand(places.addend)
            )
            guard let product = try IntegerProduct(&site, x, zeroX, w, zeroW, bias: bias),
                let scale = try site.columns(factor, w.shape[1])
            else { return nil }
            var shift: Int?
            if let addend {
                guard let columns = try site.columns(addend, w.shape[1]), columns.fill == nil else { return nil }
                shift = columns.slot
            }
            let (hasRelu, quantizes) = (hasRelu, quantizes)
            return { addresses throws(ModelError) in
                scale.fill?(addresses)
                var ending = IntegerEnding(
                    start: product.starts(addresses), scale: addresses.read(scale.slot), addend: shift.map { addresses.read($0) })
                if let quantizes {
                    ending.quantize(to: quantizes.type, zero: quantizes.zero, relu: hasRelu)
                } else {
                    ending.relu = hasRelu ? 1 : 0
                }
                product.run(addresses, ending, y.slot)
            }
        }
    }
}

/// The operator's inputs and parts, put together.
struct IntegerAssembly {
    private(set) var inputs: [Replacement.Input] = []
    private(set) var parts: [FusedPart] = []
    var places = Fused.IntegerLinear.Places()

    mutating func add(_ input: Replacement.Input) -> Int {
        inputs.append(input)
        return inputs.count - 1
    }

    /// Adds a part that works on the result of the one before it.
    mutating func then(_ op: any Operator, _ others: Int?...) {
        let first: [FusedPart.Source?] = parts.isEmpty ? [] : [.part(parts.count - 1)]
        parts.append(FusedPart(op: op, inputs: first + others.map { $0.map { .input($0) } }))
    }
}

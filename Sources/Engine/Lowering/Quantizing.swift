import SeptumIR
import SeptumOperators
package import SeptumTensor

/// Reads 8- to 32-bit integers and floats as float32.
private func floatReader(_ type: ElementType) -> ((UnsafeRawPointer, Int) -> Float)? {
    guard let read = numberReader(type) else { return nil }
    return { Float(read($0, $1)) }
}

extension Op.DequantizeLinear: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let scale = site.input(1), let y = site.output(0), y.elementType == .float32,
            x.elementType != .int32, let read = floatReader(x.elementType), let scales = floatReader(scale.elementType)
        else { return nil }
        let zero = site.input(2)
        let indices = try quantization.scaleIndices(x.shape, scale: scale.shape).map { Int32($0) }
        return { addresses throws(ModelError) in
            let (source, target) = (UnsafeRawPointer(addresses[x.slot]), addresses.write(y.slot, Float.self))
            for index in indices.indices {
                let at = Int(indices[index])
                let centre = zero.map { read(addresses[$0.slot], at) } ?? 0
                target[index] = (read(source, index) - centre) * scales(addresses[scale.slot], at)
            }
        }
    }
}

extension Op.QuantizeLinear: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let scale = site.input(1), let y = site.output(0), x.elementType == .float32,
            scale.elementType == .float32, precision == nil || precision == .float32
        else { return nil }
        return switch y.elementType {
        case .int8: try quantized(site, x, scale, y, Int8.self)
        case .uint8: try quantized(site, x, scale, y, UInt8.self)
        case .int16: try quantized(site, x, scale, y, Int16.self)
        case .uint16: try quantized(site, x, scale, y, UInt16.self)
        default: nil
        }
    }

    private func quantized<T: Scalar & FixedWidthInteger>(
        _ site: LoweringSite, _ x: LoweringSite.Operand, _ scale: LoweringSite.Operand, _ y: LoweringSite.Operand, _ type: T.Type
    ) throws(ModelError) -> Step? {
        let zero = site.input(2)
        let indices = try quantization.scaleIndices(x.shape, scale: scale.shape).map { Int32($0) }
        return { addresses throws(ModelError) in
            let (source, scales) = (addresses.read(x.slot, Float.self), addresses.read(scale.slot, Float.self))
            let target = addresses.write(y.slot, T.self)
            for index in indices.indices {
                let at = Int(indices[index])
                let centre = zero.map { Float(addresses.read($0.slot, T.self)[at]) } ?? 0
                let rounded = (source[index] / scales[at]).rounded(.toNearestOrEven) + centre
                target[index] = rounded.isNaN ? T(centre) : T(min(max(rounded, Float(T.min)), Float(T.max)))
            }
        }
    }
}

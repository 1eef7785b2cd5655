import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension QuantizedType {
    /// The kernels' name of an element type; nil for those that they do not have.
    init?(_ type: ElementType) {
        switch type {
        case .int8: self = .int8
        case .uint8: self = .uint8
        case .int16: self = .int16
        case .uint16: self = .uint16
        default: return nil
        }
    }
}

/// Reads 8- to 32-bit integers and floats as float32.
private func floatReader(_ type: ElementType) -> ((UnsafeRawPointer, Int) -> Float)? {
    guard let read = numberReader(type) else { return nil }
    return { Float(read($0, $1)) }
}

/// Scales and zero points of slices along an axis, or of the whole, in float32.
struct QuantizedSlices {
    let outer: Int
    let channels: Int
    let inner: Int
    private let zero: (slot: Int, type: QuantizedType)?
    private let zeros: Int
    private let unit: Int

    /// Nil for scales of blocks, other types, and shapes that do not fit.
    init?(
        _ site: inout LoweringSite, _ quantization: Quantization, _ shape: [Int], scale: LoweringSite.Operand,
        zero: LoweringSite.Operand?
    ) throws(ModelError) {
        guard quantization.blockSize == 0, scale.elementType == .float32, zero == nil || zero?.count == scale.count else {
            return nil
        }
        if scale.count == 1 && scale.shape.count <= 1 {
            (outer, channels, inner) = (1, 1, shape.reduce(1, *))
        } else {
            let axis = try normalizedAxis(quantization.axis, rank: shape.count)
            guard scale.shape == [shape[axis]] else { return nil }
            (outer, channels, inner) = (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
        }
        if let zero {
            guard let type = QuantizedType(zero.elementType) else { return nil }
            self.zero = (zero.slot, type)
        } else {
            self.zero = nil
        }
        zeros = site.scratch(byteCount: max(1, channels) * 4)
        unit = site.resident(try Tensor([2], [Float(1), 0]))
    }

    /// Calls `body` for each run of elements: where it begins, its length, where its scales begin, and their step.
    @inline(__always)
    func forEach(_ body: (_ start: Int, _ count: Int, _ channel: Int, _ step: Int) -> Void) {
        if inner == 1 {
            for row in 0..<outer { body(row * channels, channels, 0, channels == 1 ? 0 : 1) }
        } else {
            for row in 0..<outer {
                for channel in 0..<channels { body((row * channels + channel) * inner, inner, channel, 0) }
            }
        }
    }

    /// The zero points as float32.
    func zeroPoints(_ addresses: Addresses) -> UnsafePointer<Float> {
        let (target, unit) = (addresses.write(zeros, Float.self), addresses.read(unit, Float.self))
        if let zero {
            kernels.dequantize(zero.type, channels, addresses[zero.slot], scale: unit, zero: unit + 1, step: 0, target)
        } else {
            target.update(repeating: 0, count: channels)
        }
        return UnsafePointer(target)
    }
}

extension Op.DequantizeLinear: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let scale = site.input(1), let y = site.output(0), y.elementType == .float32 else {
            return nil
        }
        if let type = QuantizedType(x.elementType), x.count > 0,
            let slices = try QuantizedSlices(&site, quantization, x.shape, scale: scale, zero: site.input(2))
        {
            let width = x.elementType.byteWidth
            return { addresses throws(ModelError) in
                let (source, target) = (UnsafeRawPointer(addresses[x.slot]), addresses.write(y.slot, Float.self))
                let (scales, zeros) = (addresses.read(scale.slot, Float.self), slices.zeroPoints(addresses))
                slices.forEach { start, count, channel, step in
                    kernels.dequantize(
                        type, count, source + start * width, scale: scales + channel, zero: zeros + channel, step: step,
                        target + start)
                }
            }
        }
        return try elementwise(site, x, scale, y)
    }

    /// Scales of blocks, and the types that the kernels do not have.
    private func elementwise(
        _ site: LoweringSite, _ x: LoweringSite.Operand, _ scale: LoweringSite.Operand, _ y: LoweringSite.Operand
    ) throws(ModelError) -> Step? {
        guard x.elementType != .int32, let read = floatReader(x.elementType), let scales = floatReader(scale.elementType) else {
            return nil
        }
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
        if let type = QuantizedType(y.elementType), x.count > 0,
            let slices = try QuantizedSlices(&site, quantization, x.shape, scale: scale, zero: site.input(2))
        {
            let width = y.elementType.byteWidth
            return { addresses throws(ModelError) in
                let (source, target) = (addresses.read(x.slot, Float.self), addresses[y.slot])
                let (scales, zeros) = (addresses.read(scale.slot, Float.self), slices.zeroPoints(addresses))
                slices.forEach { start, count, channel, step in
                    kernels.quantize(
                        type, count, source + start, scale: scales + channel, zero: zeros + channel, step: step,
                        target + start * width)
                }
            }
        }
        return switch y.elementType {
        case .int8: try quantized(site, x, scale, y, Int8.self)
        case .uint8: try quantized(site, x, scale, y, UInt8.self)
        case .int16: try quantized(site, x, scale, y, Int16.self)
        case .uint16: try quantized(site, x, scale, y, UInt16.self)
        default: nil
        }
    }

    /// Scales of blocks.
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

extension Op.DynamicQuantizeLinear: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0), x.count > 0 else { return nil }
        let (count, scaleOutput, zeroOutput) = (x.count, site.output(1), site.output(2))
        let parameters = site.scratch(byteCount: 16)
        return { addresses throws(ModelError) in
            let (source, found) = (addresses.read(x.slot, Float.self), addresses.write(parameters, Float.self))
            kernels.reduce(.minimum, 1, count, 1, source, found)
            kernels.reduce(.maximum, 1, count, 1, source, found + 1)
            var (least, greatest) = (min(0, found[0]), max(0, found[1]))
            if found[0].isNaN {
                // The definition passes NaN over.
                (least, greatest) = (0, 0)
                for index in 0..<count { (least, greatest) = (min(least, source[index]), max(greatest, source[index])) }
            }
            let scale = least == greatest ? 1 : (greatest - least) / 255
            let zero = UInt8(saturating: Double((0 - least / scale).rounded(.toNearestOrEven)))
            (found[0], found[1]) = (scale, Float(zero))
            kernels.quantize(.uint8, count, source, scale: found, zero: found + 1, step: 0, addresses[y.slot])
            if let scaleOutput { addresses.write(scaleOutput.slot, Float.self)[0] = scale }
            if let zeroOutput { addresses.write(zeroOutput.slot, UInt8.self)[0] = zero }
        }
    }
}

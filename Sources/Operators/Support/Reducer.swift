package import SeptumTensor

/// How a scattered element joins the one that is there.
public enum ScatterReduction: String, CaseIterable, Sendable {
    case none, add, mul, max, min
}

extension ScatterReduction {
    /// Combines the element at the first address with that at the second, into the first; nil for `none`.
    ///
    /// Integers wrap around; NaN wins over numbers.
    ///
    /// - Throws: `unsupported` when the element type has no such arithmetic.
    package func combine(
        _ elementType: ElementType
    ) throws(ModelError) -> ((UnsafeMutableRawPointer, UnsafeRawPointer) -> Void)? {
        if self == .none { return nil }
        switch elementType {
        case .float16: return float(Float16.self)
        case .float32: return float(Float.self)
        case .float64: return float(Double.self)
        case .bfloat16:
            let operation = operation(Float.self)
            return { target, source in
                let (a, b) = (target.load(as: BFloat16.self).float, source.load(as: BFloat16.self).float)
                target.storeBytes(of: BFloat16(operation(a, b)), as: BFloat16.self)
            }
        case .int8: return integer(Int8.self)
        case .int16: return integer(Int16.self)
        case .int32: return integer(Int32.self)
        case .int64: return integer(Int64.self)
        case .uint8: return integer(UInt8.self)
        case .uint16: return integer(UInt16.self)
        case .uint32: return integer(UInt32.self)
        case .uint64: return integer(UInt64.self)
        default:
            throw ModelError(.unsupported, "\(elementType) elements have no '\(rawValue)'", attribute: "reduction")
        }
    }

    private func operation<T: BinaryFloatingPoint>(_ type: T.Type) -> (T, T) -> T {
        switch self {
        case .none: { $1 }
        case .add: { $0 + $1 }
        case .mul: { $0 * $1 }
        case .max: { $0.isNaN || $0 > $1 ? $0 : $1 }
        case .min: { $0.isNaN || $0 < $1 ? $0 : $1 }
        }
    }

    private func float<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ type: T.Type
    ) -> (UnsafeMutableRawPointer, UnsafeRawPointer) -> Void {
        let operation = operation(T.self)
        return { $0.storeBytes(of: operation($0.load(as: T.self), $1.load(as: T.self)), as: T.self) }
    }

    private func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) -> (UnsafeMutableRawPointer, UnsafeRawPointer) -> Void {
        let operation: (T, T) -> T =
            switch self {
            case .none: { $1 }
            case .add: { $0 &+ $1 }
            case .mul: { $0 &* $1 }
            case .max: { Swift.max($0, $1) }
            case .min: { Swift.min($0, $1) }
            }
        return { $0.storeBytes(of: operation($0.load(as: T.self), $1.load(as: T.self)), as: T.self) }
    }
}

extension Assembly {
    /// Puts adjacent elements of another tensor here, or combines them with those that are here.
    package mutating func scatter(
        _ source: Tensor, from: Int, to: Int, count: Int,
        _ combine: ((UnsafeMutableRawPointer, UnsafeRawPointer) -> Void)?
    ) {
        guard let combine else { return copy(source, from: from, to: to, count: count) }
        precondition(source.elementType == elementType && from >= 0 && count <= source.count - from)
        let width = elementType.byteWidth
        guard let start = source.bytes.baseAddress else { return }
        for offset in 0..<count {
            if let target = pointer(to + offset) { combine(target, start + (from + offset) * width) }
        }
    }
}

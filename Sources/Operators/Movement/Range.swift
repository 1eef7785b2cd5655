public import SeptumIR
public import SeptumTensor

extension Op {
    /// The numbers `start + i * delta` up to but without `limit`.
    ///
    /// Element types: float16, bfloat16, float32, float64, int16, int32, int64.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Range
    public struct Range: Operator {
        public static let name = "Range"
        public static let inputCount = 3...3

        /// float32 or float64: in which float16 and bfloat16 ranges are computed; other types are computed in their own.
        public var stashType: ElementType

        public init(stashType: ElementType = .float32) { self.stashType = stashType }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            stashType = try attributes.elementType("stash_type") ?? .float32
            guard stashType == .float32 || stashType == .float64 else {
                throw ModelError(.invalidModel, "found \(stashType), expected float32 or float64", attribute: "stash_type")
            }
        }

        public var attributes: Attributes { [("stash_type", .int(Int(stashType.rawValue)))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0).elementType
            let bounds = (0..<3).compactMap { index in inputs.elements(index).flatMap { $0.count == 1 ? $0.first : nil } }
            guard bounds.count == 3, let delta = bounds[2].number else { return [Fact(type, [.unknown])] }
            guard delta != 0, delta != .min else { throw ModelError(.invalidModel, "the delta is \(delta)") }
            let distance = delta > 0 ? bounds[1] - bounds[0] : bounds[0] - bounds[1]
            return [Fact(type, [distance.clampedToZero.dividedRoundingUp(by: .fixed(abs(delta)))])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            var bounds = [try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2)]
            let type = bounds[0].elementType
            if type == .float16 || type == .bfloat16 {
                for index in bounds.indices { bounds[index] = try bounds[index].converted(to: stashType) }
            }
            switch bounds[0].elementType {
            case .float32: return [.tensor(try floats(bounds, Float.self).converted(to: type))]
            case .float64: return [.tensor(try floats(bounds, Double.self).converted(to: type))]
            case .int16: return [.tensor(try integers(bounds, Int16.self))]
            case .int32: return [.tensor(try integers(bounds, Int32.self))]
            case .int64: return [.tensor(try integers(bounds, Int64.self))]
            case let other: throw ModelError(.unsupported, "there is no range of \(other)")
            }
        }

        private func only<T: Scalar>(_ tensor: Tensor, _ type: T.Type) throws(ModelError) -> T {
            guard tensor.count == 1, let value = try tensor.array(of: type).first else {
                throw ModelError(.invalidInput, "start, limit and delta must have one element, found shape \(tensor.shape)")
            }
            return value
        }

        private func count(_ distance: Double, _ delta: Double) throws(ModelError) -> Int {
            let steps = (distance / delta).rounded(.up)
            guard delta != 0, let count = Int(exactly: max(steps, 0)) else {
                throw ModelError(.invalidInput, "a range over \(distance) in steps of \(delta) has no countable size")
            }
            return count
        }

        private func floats<T: Scalar & BinaryFloatingPoint>(
            _ bounds: [Tensor], _ type: T.Type
        ) throws(ModelError) -> Tensor {
            let (start, limit, delta) = (try only(bounds[0], T.self), try only(bounds[1], T.self), try only(bounds[2], T.self))
            return try Tensor([try count(Double(limit - start), Double(delta))]) { (buffer: UnsafeMutableBufferPointer<T>) in
                for i in buffer.indices { buffer[i] = start + T(i) * delta }
            }
        }

        private func integers<T: Scalar & FixedWidthInteger & SignedInteger>(
            _ bounds: [Tensor], _ type: T.Type
        ) throws(ModelError) -> Tensor {
            let start = Int(try only(bounds[0], T.self))
            let (limit, delta) = (Int(try only(bounds[1], T.self)), Int(try only(bounds[2], T.self)))
            guard delta != 0 else { throw ModelError(.invalidInput, "the delta of a range is 0") }
            let (first, last) = delta > 0 ? (start, limit) : (limit, start)
            let distance = first < last ? UInt(bitPattern: last &- first) : 0
            let size = distance == 0 ? 0 : (distance - 1) / delta.magnitude + 1
            guard let size = Int(exactly: size) else { throw ModelError(.limit, "a range of \(size) elements is too large") }
            return try Tensor([size]) { (buffer: UnsafeMutableBufferPointer<T>) in
                for i in buffer.indices { buffer[i] = T(truncatingIfNeeded: start &+ i &* delta) }
            }
        }
    }
}

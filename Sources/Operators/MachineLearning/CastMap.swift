public import SeptumIR
public import SeptumTensor

extension Op {
    /// The values of a map in ascending order of the keys, or each at the place that its key gives, as another type.
    ///
    /// - Shape: a map of n keys -> `(1, n)`, or `(1, length)` when sparse: keys from `length` on are left out, places without
    ///   a key hold zero, in text `0.f`, as in ONNX Runtime.
    /// - Element types: keys int64, values float32 or string -> float32, int64; string from string.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators-ml.md#ai.onnx.ml.CastMap,
    /// https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/cast_map.cc
    public struct CastMap: Operator {
        public static let name = "CastMap"
        public static let inputCount = 1...1

        public enum Target: String, CaseIterable, Sendable {
            case float = "TO_FLOAT"
            case int64 = "TO_INT64"
            case string = "TO_STRING"

            var elementType: ElementType {
                switch self {
                case .float: .float32
                case .int64: .int64
                case .string: .string
                }
            }
        }

        public enum Form: String, CaseIterable, Sendable {
            case dense = "DENSE"
            case sparse = "SPARSE"
        }

        public var target: Target
        public var form: Form
        /// The length of a sparse row.
        public var length: Int

        public init(target: Target = .float, form: Form = .dense, length: Int = 1) {
            self.target = target
            self.form = form
            self.length = length
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            target = try attributes.choice("cast_to") ?? .float
            form = try attributes.choice("map_form") ?? .dense
            length = try attributes.int("max_map") ?? 1
            guard length >= 0 else {
                throw ModelError(.invalidModel, "found \(length), expected 0 or more", attribute: "max_map")
            }
        }

        public var attributes: Attributes {
            [("cast_to", .string(target.rawValue)), ("map_form", .string(form.rawValue)), ("max_map", .int(length))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (key, value) = try inputs.map(0)
            guard key == .int64, value == .float32 || value == .string else {
                throw ModelError(.invalidModel, "found a map from \(key) to \(value), expected int64 to float32 or string")
            }
            guard target != .string || value == .string else {
                throw ModelError(.unsupported, "how numbers are written is not specified", attribute: "cast_to")
            }
            return [Fact(target.elementType, [1, form == .sparse ? .fixed(length) : .unknown])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let (keys, values) = try inputs.map(0)
            let elements = try values.converted(to: target.elementType)
            let order = zip(keys.integers ?? [], 0...).sorted { $0.0 < $1.0 }
            guard form == .sparse else {
                return [.tensor(try elements.taking(order.map(\.1), shape: [1, order.count], axis: 0))]
            }
            if let first = order.first, first.0 < 0 { throw ModelError(.invalidInput, "key \(first.0) of the map is negative") }
            var result = try Assembly(target.elementType, [1, length])
            if target == .string {
                let blanks = [String](repeating: "0.f", count: result.count)
                result = try Assembly(copying: try Tensor([1, length], strings: blanks))
            }
            for (key, place) in order where key < length { result.copy(elements, from: place, to: key) }
            return [.tensor(try result.finished())]
        }
    }
}

public import SeptumIR
public import SeptumTensor

/// A window that weighs the samples of a signal: a polynomial of the cosine along one turn.
///
/// - Shape: `() -> (size)`
/// - Element types: `size` int32 or int64; the window any number, integers without the fraction.
public protocol CosineWindow: Operator {
    /// Whether the turn ends with the sample after the last one instead of with the last one.
    var isPeriodic: Bool { get }
    var elementType: ElementType { get }
    init(isPeriodic: Bool, elementType: ElementType)
    func weight(_ cosine: Double) -> Double
}

extension CosineWindow {
    public static var inputCount: ClosedRange<Int> { 1...1 }

    public init(_ attributes: inout AttributeReader) throws(ModelError) {
        self.init(
            isPeriodic: try attributes.bool("periodic") ?? true,
            elementType: try attributes.elementType("output_datatype") ?? .float32)
        try ElementTypeSet.numbers.admit(elementType, attribute: "output_datatype")
    }

    public var attributes: Attributes {
        [("periodic", .int(isPeriodic ? 1 : 0)), ("output_datatype", .int(Int(elementType.rawValue)))]
    }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        _ = try inputs.tensor(0)
        return [Fact(elementType, [try inputs.scalar(0, atLeast: 0)])]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        let shape = try outputShapes(inputs)[0]
        let turn = isPeriodic ? shape[0] : shape[0] - 1
        let window = try Tensor(shape) { (window: UnsafeMutableBufferPointer<Double>) in
            for index in window.indices { window[index] = weight(Complex(step: index, of: turn).real) }
        }
        return [.tensor(try window.converted(to: elementType))]
    }
}

// The weights are whole numbers over a whole number, so that they are exact where the cosine is.

extension Op {
    /// 0.5 - 0.5 cos.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#HannWindow
    public struct HannWindow: CosineWindow {
        public static let name = "HannWindow"
        public var isPeriodic: Bool
        public var elementType: ElementType

        public init(isPeriodic: Bool = true, elementType: ElementType = .float32) {
            self.isPeriodic = isPeriodic
            self.elementType = elementType
        }

        public func weight(_ cosine: Double) -> Double { (1 - cosine) / 2 }
    }

    /// 25/46 - 21/46 cos.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#HammingWindow
    public struct HammingWindow: CosineWindow {
        public static let name = "HammingWindow"
        public var isPeriodic: Bool
        public var elementType: ElementType

        public init(isPeriodic: Bool = true, elementType: ElementType = .float32) {
            self.isPeriodic = isPeriodic
            self.elementType = elementType
        }

        public func weight(_ cosine: Double) -> Double { (25 - 21 * cosine) / 46 }
    }

    /// 0.42 - 0.5 cos + 0.08 cos of twice the angle.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#BlackmanWindow
    public struct BlackmanWindow: CosineWindow {
        public static let name = "BlackmanWindow"
        public var isPeriodic: Bool
        public var elementType: ElementType

        public init(isPeriodic: Bool = true, elementType: ElementType = .float32) {
            self.isPeriodic = isPeriodic
            self.elementType = elementType
        }

        public func weight(_ cosine: Double) -> Double { (34 - 50 * cosine + 16 * cosine * cosine) / 100 }
    }
}

public import SeptumIR
public import SeptumTensor

extension Op {
    /// Elements less their mean, over their standard deviation plus 1e-9, along some axes; no axes stand for all.
    ///
    /// - Shape: any, kept.
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#MeanVarianceNormalization
    public struct MeanVarianceNormalization: Operator {
        public static let name = "MeanVarianceNormalization"
        public static let inputCount = 1...1

        public var axes: [Int]

        public init(axes: [Int] = [0, 2, 3]) { self.axes = axes }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axes = try attributes.ints("axes") ?? [0, 2, 3] }
        public var attributes: Attributes { [("axes", .ints(axes))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            if let rank = type.shape?.count { _ = try normalizedAxes(axes, rank: rank) }
            return [Fact(type.elementType, type.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let axes = axes.isEmpty ? Array(x.shape.indices) : try normalizedAxes(axes, rank: x.shape.count)
            let values = try RealTensor(x)
            let centred = try values.zip(try values.means(axes), -)
            let deviation = try centred.map { $0 * $0 }.means(axes).map { $0.squareRoot() + 1e-9 }
            return [try centred.zip(deviation, /).rounded(to: x.elementType)]
        }
    }
}

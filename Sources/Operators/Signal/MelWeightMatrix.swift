public import SeptumIR
public import SeptumTensor

extension Op {
    /// The weights that gather the frequencies of a onesided Fourier transform into bands of equal width on the mel scale.
    ///
    /// Each band is a triangle with peak 1 over frequencies counted in bins. Inputs: number of bands, length of the transform,
    /// samples a second, lower and upper edge in hertz.
    ///
    /// - Shape: `(), (), (), (), () -> (length / 2 + 1, bands)`
    /// - Element types: integers and floating point; the matrix any number.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/reference/ops/op_mel_weight_matrix.py
    public struct MelWeightMatrix: Operator {
        public static let name = "MelWeightMatrix"
        public static let inputCount = 5...5

        public var elementType: ElementType

        public init(elementType: ElementType = .float32) { self.elementType = elementType }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            elementType = try attributes.elementType("output_datatype") ?? .float32
            try ElementTypeSet.numbers.admit(elementType, attribute: "output_datatype")
        }

        public var attributes: Attributes { [("output_datatype", .int(Int(elementType.rawValue)))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            for index in 0..<3 { _ = try inputs.tensor(index) }
            for index in 3..<5 { _ = try inputs.tensor(index, of: ElementType.arithmeticFloats) }
            _ = try inputs.scalar(2, atLeast: 1)
            let (bands, length) = (try inputs.scalar(0, atLeast: 0), try inputs.scalar(1, atLeast: 0))
            return [Fact(elementType, [length.dividedRoundingDown(by: 2) + 1, bands])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let (length, rate) = (try inputs.scalar(1), try inputs.scalar(2))
            guard let low = try inputs.realScalar(3), let high = try inputs.realScalar(4), low >= 0, high >= low, high.isFinite
            else { throw ModelError(.invalidInput, "inputs 3 and 4 must be an interval of frequencies that are not negative") }
            let (bins, bands) = (shape[0], shape[1])
            let (lowMel, highMel) = (2595 * Elementary.log10(1 + low / 700), 2595 * Elementary.log10(1 + high / 700))
            let step = (highMel - lowMel) / (Double(bands) + 2)
            func position(_ edge: Double) -> Double {
                let hertz = 700 * (Elementary.pow(10, (lowMel + edge * step) / 2595) - 1)
                return ((Double(length) + 1) * hertz / Double(rate)).rounded(.down)
            }
            let last = Double(bands) + 1
            guard bands == 0 || (position(last - 1) < Double(bins) && position(last) <= Double(bins)) else {
                throw ModelError(.invalidInput, "bands up to \(high) hertz do not fit \(rate) samples a second")
            }
            func bin(_ edge: Int, _ limit: Int) -> Int { Int(min(max(position(Double(edge)), 0), Double(limit))) }
            let matrix = try Tensor(shape) { (matrix: UnsafeMutableBufferPointer<Double>) in
                for band in 0..<bands {
                    let (left, centre, right) = (bin(band, bins - 1), bin(band + 1, bins - 1), bin(band + 2, bins))
                    for bin in left..<max(left, right) {
                        let isRising = bin < centre
                        let (reached, width) = isRising ? (bin - left, centre - left) : (right - bin, right - centre)
                        matrix[bin * bands + band] = Double(reached) / Double(width)
                    }
                    matrix[centre * bands + band] = 1
                }
            }
            return [.tensor(try matrix.converted(to: elementType))]
        }
    }
}

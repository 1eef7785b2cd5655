public import SeptumIR
public import SeptumTensor
import Synchronization

extension Op {
    /// The pixels of an encoded image: JPEG, JPEG 2000, BMP, PNG, TIFF, WebP or PNM.
    ///
    /// Operators hold no readers of image formats; whoever has one gives it to `setDecoder`. The facade gives Pillow's.
    ///
    /// - Shape: `(bytes) -> (height, width, channels)`: three channels, one for grayscale.
    /// - Element types: uint8 -> uint8.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ImageDecoder
    public struct ImageDecoder: Operator {
        public static let name = "ImageDecoder"
        public static let inputCount = 1...1

        public enum PixelFormat: String, CaseIterable, Sendable {
            case blueGreenRed = "BGR"
            case redGreenBlue = "RGB"
            case grayscale = "Grayscale"

            var channelCount: Int { self == .grayscale ? 1 : 3 }
        }

        /// Decodes the bytes of an image to `uint8[height, width, channels]`.
        public typealias Decoder = @Sendable (_ image: Tensor, PixelFormat) throws(ModelError) -> Tensor

        private static let decoder = Mutex<Decoder?>(nil)

        /// Gives the operator its reader of image formats, for the whole process.
        public static func setDecoder(_ decoder: @escaping Decoder) { self.decoder.withLock { $0 = decoder } }

        public var pixelFormat: PixelFormat

        public init(pixelFormat: PixelFormat = .redGreenBlue) { self.pixelFormat = pixelFormat }
        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            pixelFormat = try attributes.choice("pixel_format") ?? .redGreenBlue
        }
        public var attributes: Attributes { [("pixel_format", .string(pixelFormat.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.tensor(0, of: [.uint8])
            _ = try inputs.shape(0, rank: 1)
            return [Fact(.uint8, [.unknown, .unknown, .fixed(pixelFormat.channelCount)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            guard let decode = ImageDecoder.decoder.withLock({ $0 }) else {
                throw ModelError(
                    .environment, "this program has no reader of image formats",
                    remedy: "build it with Septum's trait 'Python', or call Op.ImageDecoder.setDecoder")
            }
            let pixels = try decode(try inputs.tensor(0), pixelFormat)
            guard pixels.elementType == .uint8, pixels.shape.count == 3, pixels.shape[2] == pixelFormat.channelCount else {
                let found = "\(pixels.elementType)\(pixels.shape)"
                throw ModelError(
                    .plugin, "the decoder gives \(found), expected uint8[height, width, \(pixelFormat.channelCount)]")
            }
            return [.tensor(pixels)]
        }
    }
}

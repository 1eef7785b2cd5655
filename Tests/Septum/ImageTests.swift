import Septum
import Testing

/// Images by way of the registry, whose adapters read them with the user's Python.
@Suite struct ImageTests {
    private static func decode(_ bytes: [UInt8], _ format: String) throws -> Tensor {
        _ = AdapterRegistry.standard
        let op = try OperatorRegistry.standard.make("ImageDecoder", [("pixel_format", .string(format))])
        let results = try op.evaluate(Arguments([.tensor(try Tensor([bytes.count], bytes))]))
        return try #require(results.first?.tensor)
    }

    private static let twoPixels = Array("P6\n2 1\n255\n".utf8) + [10, 20, 30, 200, 100, 0]

    @Test(arguments: [("RGB", [10, 20, 30, 200, 100, 0]), ("BGR", [30, 20, 10, 0, 100, 200])])
    func givesPixels(format: String, expected: [UInt8]) throws {
        let image = try Self.decode(Self.twoPixels, format)
        #expect(image.shape == [1, 2, 3])
        #expect(try image.array(of: UInt8.self) == expected)
    }

    /// Pillow's luma: (19595 R + 38470 G + 7471 B + 2^15) / 2^16.
    @Test func givesGrayscale() throws {
        let image = try Self.decode(Self.twoPixels, "Grayscale")
        #expect(image.shape == [1, 2, 1])
        #expect(try image.array(of: UInt8.self) == [18, 118])
    }

    @Test(
        arguments: [
            ([], "no image format"), (Array("hello".utf8), "no image format"),
            (Array(twoPixels.dropLast(2)), "cannot be decoded"),
            (Array("P6\n60000 60000\n255\n".utf8) + [0], "cannot be decoded"),
        ] as [([UInt8], String)])
    func refuses(bytes: [UInt8], fragment: String) throws {
        let error = #expect(throws: ModelError.self) { try Self.decode(bytes, "RGB") }
        #expect(error?.description.contains(fragment) == true, "\(String(describing: error))")
    }
}

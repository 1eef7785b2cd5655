#if SEPTUM_PYTHON
    import SeptumOperators
    import SeptumPythonHost
    import SeptumTensor

    /// Images, which Pillow reads in the user's Python.
    enum Images {
        private static let source = PythonSource(name: "image", bytes: PackageResources.image_py)

        static func decode(_ image: Tensor, _ format: Op.ImageDecoder.PixelFormat) throws(ModelError) -> Tensor {
            let arguments: [PlainValue] = [.bytes(try image.array(of: UInt8.self)), .string(format.rawValue)]
            let found = try PythonHost.shared().run(source, "decode", arguments, failure: .invalidInput)
            guard let pixels = found.tensor else { throw ModelError(.invalidInput, "the image has no pixels") }
            return pixels
        }
    }
#endif

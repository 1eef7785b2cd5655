/// A look at the top level of a protobuf message, without parsing what is in it.
enum ProtobufSketch {
    /// Whether bytes look like a `ModelProto`: only fields that it has, of the right kinds, a version and a graph among them.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto#L370
    static func isModel(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        var found: Set<UInt64> = []
        while position < bytes.count {
            guard let tag = varint(bytes, &position), let wire = wires[tag >> 3], tag & 7 == wire,
                let value = varint(bytes, &position)
            else { return false }
            found.insert(tag >> 3)
            if wire == 0 { continue }
            guard value <= UInt64(bytes.count - position) else { return found.isSuperset(of: [1, 7]) }
            position += Int(value)
        }
        return found.isSuperset(of: [1, 7])
    }

    /// The fields of `ModelProto` and whether they are integers (0) or have a length (2).
    private static let wires: [UInt64: UInt64] = [
        1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2,
    ]

    private static func varint(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
        }
        return nil
    }
}

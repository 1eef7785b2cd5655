#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumTensor

/// The file of external data beside a model, as it is laid out and written.
///
/// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/ExternalData.md
final class DataFileLayout {
    private let name: String
    private var parts: [(offset: Int, tensor: Tensor)] = []
    private var size = 0

    /// Smaller tensors stay in the model's own file, as onnx leaves them.
    private static let smallestSize = 1 << 10
    private static let blockSize = 1 << 16

    init(name: String) { self.name = name }

    var isEmpty: Bool { parts.isEmpty }

    /// Gives a tensor its place and returns what the model says of it; nil when it belongs into the model's own file.
    ///
    /// Tensors start at pages; large ones at multiples of 64 KiB, so that Windows can map them as well.
    ///
    /// - Throws: `limit` when the file would be too large.
    func place(_ tensor: Tensor) throws(ModelError) -> [Entry]? {
        guard tensor.elementType != .string else { return nil }
        let length = try tensor.elementType.packedSize(tensor.count)
        guard length >= DataFileLayout.smallestSize else { return nil }
        let alignment = length >= 1 << 20 ? 1 << 16 : 1 << 12
        let offset = (size + alignment - 1) / alignment * alignment
        guard length < Int.max / 2 - offset else { throw ModelError(.limit, "the data file would be too large") }
        parts.append((offset, tensor))
        size = offset + length
        return [
            Entry(key: "location", value: name), Entry(key: "offset", value: "\(offset)"),
            Entry(key: "length", value: "\(length)"),
        ]
    }

    /// Writes all tensors; blocks of zeros take no room where the file system can leave them out.
    ///
    /// - Throws: `file` when it cannot be written.
    func write(to descriptor: Int32) throws(ModelError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw DataFileLayout.failure() }
        for (offset, tensor) in parts {
            if tensor.elementType.packedBits < 8 {
                let packed = try tensor.elementType.packed(tensor)
                try packed.withUnsafeBufferPointer { buffer throws(ModelError) in
                    try write(UnsafeRawBufferPointer(buffer), at: offset, to: descriptor)
                }
            } else {
                try write(tensor.bytes, at: offset, to: descriptor)
            }
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, to descriptor: Int32) throws(ModelError) {
        let zeros = [UInt8](repeating: 0, count: DataFileLayout.blockSize)
        guard let base = bytes.baseAddress else { return }
        for start in stride(from: 0, to: bytes.count, by: DataFileLayout.blockSize) {
            let count = min(DataFileLayout.blockSize, bytes.count - start)
            if memcmp(base + start, zeros, count) == 0 { continue }
            var done = 0
            while done < count {
                let written = pwrite(descriptor, base + start + done, count - done, off_t(offset + start + done))
                guard written > 0 || written < 0 && errno == EINTR else { throw DataFileLayout.failure() }
                done += max(0, written)
            }
        }
    }

    private static func failure() -> ModelError {
        ModelError(.file, "the data file cannot be written: \(String(cString: strerror(errno)))")
    }
}

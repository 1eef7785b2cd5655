import CSeptum
import Septum

/// An output in memory that C can read: its dimensions, and its elements where they are not the engine's.
final class ResultDescription {
    private(set) var tensor = septum_tensor()
    private var dims = UnsafeMutablePointer<Int64>.allocate(capacity: 8)
    private var capacity = 8
    private var kept: Tensor?
    private var strings: [UnsafeMutablePointer<CChar>] = []
    private var words = UnsafeMutablePointer<UnsafePointer<CChar>>.allocate(capacity: 1)

    deinit {
        dims.deallocate()
        forgetStrings()
        words.deallocate()
    }

    /// Describes elements that stay where they are, or copies them.
    func describe(
        _ type: ElementType, _ shape: [Int], _ bytes: UnsafeRawBufferPointer, copying: Bool
    ) throws(ModelError) {
        guard copying else { return describe(type, shape, at: bytes.baseAddress) }
        let isReusable = kept.map { $0.elementType == type && $0.shape == shape } ?? false
        let copy = if isReusable, let kept { kept } else { try Tensor(zeros: type, shape) }
        UnsafeMutableRawPointer(mutating: copy.bytes.baseAddress)?.copyMemory(
            from: bytes.baseAddress ?? UnsafeRawPointer(dims), byteCount: min(bytes.count, copy.byteCount))
        try describe(copy)
    }

    /// Describes a tensor and keeps it.
    func describe(_ result: Tensor) throws(ModelError) {
        kept = result
        guard result.elementType == .string else {
            return describe(result.elementType, result.shape, at: result.bytes.baseAddress)
        }
        forgetStrings()
        words.deallocate()
        strings = result.strings.map(copiedString)
        words = .allocate(capacity: max(strings.count, 1))
        for (index, string) in strings.enumerated() { words[index] = UnsafePointer(string) }
        describe(.string, result.shape, at: UnsafeRawPointer(words))
    }

    func describe(_ type: ElementType, _ shape: [Int], at data: UnsafeRawPointer?) {
        if shape.count > capacity {
            dims.deallocate()
            dims = .allocate(capacity: shape.count)
            capacity = shape.count
        }
        for axis in shape.indices { dims[axis] = Int64(shape[axis]) }
        tensor = septum_tensor(data: data, type: type.rawValue, rank: Int32(clamping: shape.count), dims: dims, strides: nil)
    }

    private func forgetStrings() {
        for string in strings { string.deallocate() }
        strings = []
    }
}

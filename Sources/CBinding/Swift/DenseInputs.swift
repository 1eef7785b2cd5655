import CSeptum
import Septum

/// Inputs as the engine reads them: those with gaps between their elements are gathered into memory that is used again.
final class DenseInputs {
    private let tensors: UnsafeMutableBufferPointer<septum_tensor>
    private var copies: [Storage?]

    init(count: Int) {
        tensors = .allocate(capacity: max(count, 1))
        tensors.initialize(repeating: septum_tensor())
        copies = Array(repeating: nil, count: count)
    }

    deinit { tensors.deallocate() }

    /// The same tensors without strides; they hold until the next call. There must be as many as inputs, each checked.
    ///
    /// - Throws: `limit` when there is no memory for a copy.
    func taking(_ given: UnsafeBufferPointer<septum_tensor>) throws(ModelError) -> UnsafeBufferPointer<septum_tensor> {
        guard given.contains(where: { $0.strides != nil }) else { return given }
        for index in 0..<min(given.count, copies.count) {
            tensors[index] = given[index]
            tensors[index].strides = nil
            guard !given[index].isDense else { continue }
            let size = given[index].byteCount
            if copies[index].map({ $0.bytes.count < size }) ?? true {
                copies[index] = nil
                copies[index] = try Storage(byteCount: size)
            }
            if var target = copies[index]?.bytes.baseAddress, let source = given[index].data {
                tensors[index].data = UnsafeRawPointer(target)
                given[index].gather(from: source, axis: 0, into: &target)
            }
        }
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(tensors)[..<min(given.count, copies.count)])
    }
}

extension septum_tensor {
    /// Whether the elements lie one after another in row-major order.
    var isDense: Bool {
        guard let strides, byteCount > 0 else { return true }
        var expected = Int64(width)
        for axis in stride(from: Int(rank) - 1, through: 0, by: -1) {
            if dims[axis] != 1, strides[axis] != expected { return false }
            expected &*= dims[axis]
        }
        return true
    }

    /// Copies what lies below an axis, element after element, and moves the target behind it.
    fileprivate func gather(from source: UnsafeRawPointer, axis: Int, into target: inout UnsafeMutableRawPointer) {
        guard axis < Int(rank), let strides else {
            target.copyMemory(from: source, byteCount: width)
            target += width
            return
        }
        for index in 0..<Int(dims[axis]) { gather(from: source + index &* Int(strides[axis]), axis: axis + 1, into: &target) }
    }
}

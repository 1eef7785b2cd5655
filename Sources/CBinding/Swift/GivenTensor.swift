import CSeptum
import Septum

extension septum_tensor {
    /// Whether the tensor may be given to an input (or another kind of end), but for its shape, which the engine compares.
    ///
    /// - Throws: `invalidInput` naming the input, what was found and what was expected; `unsupported` when it takes no tensor.
    func check(_ port: Program.Port, _ kind: String = "input") throws(ModelError) {
        func refuse(_ message: String) -> ModelError { ModelError(.invalidInput, "\(kind) '\(port.name)': \(message)") }
        guard let declared = port.type.tensor else {
            throw ModelError(.unsupported, "\(kind) '\(port.name)' is \(port.type), which the C interface cannot take")
        }
        guard type == declared.elementType.rawValue else {
            let found = ElementType(rawValue: type)?.name ?? "type \(type)"
            throw refuse("found \(found), expected \(port.type)")
        }
        guard (0...64).contains(rank), rank == 0 || dims != nil else {
            throw refuse("found rank \(rank) with \(dims == nil ? "no dims" : "dims"), expected 0 to 64 of them")
        }
        var count: Int64 = 1
        for axis in 0..<Int(rank) {
            let (product, overflow) = count.multipliedReportingOverflow(by: dims[axis])
            guard dims[axis] >= 0, !overflow else { throw refuse("found shape \(shape)") }
            count = product
        }
        guard count == 0 || data != nil else { throw refuse("data is NULL") }
        guard !count.multipliedReportingOverflow(by: Int64(width)).overflow else { throw refuse("found shape \(shape)") }
        let alignment = max(1, min(width, 8))
        guard UInt(bitPattern: data) % UInt(alignment) == 0 else {
            throw refuse("data is not aligned for \(declared.elementType)")
        }
        guard let strides else { return }
        for axis in 0..<Int(rank) where Int(strides[axis]) % alignment != 0 {
            throw refuse("found a stride of \(strides[axis]) bytes, which is not aligned for \(declared.elementType)")
        }
    }

    var shape: [Int] { (0..<Int(rank)).map { Int(dims[$0]) } }

    func hasShape(_ shape: [Int]) -> Bool {
        guard Int(rank) == shape.count else { return false }
        for axis in shape.indices where dims[axis] != Int64(shape[axis]) { return false }
        return true
    }

    /// Whether bytes lie within this tensor.
    func overlaps(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let data, let start = bytes.baseAddress else { return false }
        return start >= data && start < data + max(byteCount, 1)
    }

    /// Whether two tensors share memory.
    func overlaps(_ other: septum_tensor) -> Bool {
        guard let data, let start = other.data else { return false }
        return start < data + byteCount && data < start + other.byteCount
    }

    /// The bytes of one element, which for a string is its pointer.
    var width: Int {
        guard let element = ElementType(rawValue: type) else { return 0 }
        return element == .string ? MemoryLayout<UnsafeRawPointer>.size : element.byteWidth
    }

    var byteCount: Int {
        var size = width
        for axis in 0..<Int(rank) { size &*= Int(dims[axis]) }
        return size
    }

    func copied() throws(ModelError) -> Tensor {
        let shape = shape
        let count = try Tensor.elementCount(shape)
        guard let element = ElementType(rawValue: type), let data else { return try Tensor(zeros: .float32, shape) }
        if element == .string {
            let words = data.assumingMemoryBound(to: UnsafePointer<CChar>?.self)
            return try Tensor(shape, strings: (0..<count).map { words[$0].map { String(cString: $0) } ?? "" })
        }
        let tensor = try Tensor(zeros: element, shape)
        UnsafeMutableRawPointer(mutating: tensor.bytes.baseAddress)?.copyMemory(from: data, byteCount: tensor.byteCount)
        return tensor
    }
}

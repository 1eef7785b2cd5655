/// A dense, row-major, immutable block of elements with a concrete shape.
public struct Tensor: Sendable {
    public let elementType: ElementType
    public let shape: [Int]
    /// The number of elements.
    public let count: Int
    package let storage: Storage
    package let byteOffset: Int

    /// Wraps elements that lie in `storage` from `byteOffset` on; copies them when they are not aligned for their type.
    ///
    /// - Throws: `malformed` when the storage is too small for the shape, `limit` when the shape overflows.
    package init(_ elementType: ElementType, _ shape: [Int], storage: Storage, byteOffset: Int = 0) throws(ModelError) {
        let count = try Tensor.elementCount(shape)
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementType.byteWidth)
        let available = elementType == .string ? storage.strings.count : storage.bytes.count
        let needed = elementType == .string ? count : byteCount
        guard !overflow, byteOffset >= 0, byteOffset <= available, needed <= available - byteOffset else {
            throw ModelError(
                .malformed, "a \(elementType) tensor of shape \(shape) needs \(needed) bytes, \(available - byteOffset) are there"
            )
        }
        let address = UInt(bitPattern: storage.bytes.baseAddress) &+ UInt(bitPattern: byteOffset)
        if elementType == .string || address % UInt(max(1, min(elementType.byteWidth, 8))) == 0 {
            self.init(unchecked: elementType, shape, count, storage, byteOffset)
        } else {
            let copy = try Storage(byteCount: byteCount)
            copy.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage.bytes[byteOffset..<byteOffset + byteCount]))
            self.init(unchecked: elementType, shape, count, copy, 0)
        }
    }

    private init(unchecked elementType: ElementType, _ shape: [Int], _ count: Int, _ storage: Storage, _ byteOffset: Int) {
        self.elementType = elementType
        self.shape = shape
        self.count = count
        self.storage = storage
        self.byteOffset = byteOffset
    }

    /// A tensor of zeros (of empty strings for `string`).
    ///
    /// - Throws: `limit` when the size is negative, overflows or is not to be had.
    public init(zeros elementType: ElementType, _ shape: [Int]) throws(ModelError) {
        let count = try Tensor.elementCount(shape)
        if elementType == .string {
            guard count <= 1 << 28 else { throw ModelError(.limit, "a string tensor of \(count) elements is too large") }
            self.init(unchecked: .string, shape, count, Storage(strings: Array(repeating: "", count: count)), 0)
        } else {
            let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementType.byteWidth)
            guard !overflow else { throw ModelError(.limit, "the size of shape \(shape) overflows") }
            self.init(unchecked: elementType, shape, count, try Storage(byteCount: byteCount), 0)
        }
    }

    /// A tensor whose elements `fill` writes; they start as zero.
    ///
    /// - Throws: `limit` as for `init(zeros:_:)`.
    public init<T: Scalar>(
        _ shape: [Int], of type: T.Type = T.self, fill: (UnsafeMutableBufferPointer<T>) -> Void
    ) throws(ModelError) {
        try self.init(zeros: T.elementType, shape)
        fill(UnsafeMutableBufferPointer(start: storage.bytes.baseAddress?.assumingMemoryBound(to: T.self), count: count))
    }

    /// A tensor of the given elements.
    ///
    /// - Throws: `invalidInput` when their number does not fit the shape.
    public init<T: Scalar>(_ shape: [Int], _ elements: [T]) throws(ModelError) {
        let count = try Tensor.elementCount(shape)
        guard count == elements.count else {
            throw ModelError(.invalidInput, "\(elements.count) elements given for shape \(shape), which has \(count)")
        }
        try self.init(shape) { (buffer: UnsafeMutableBufferPointer<T>) in _ = buffer.update(fromContentsOf: elements) }
    }

    /// A tensor of strings.
    ///
    /// - Throws: `invalidInput` when their number does not fit the shape.
    public init(_ shape: [Int], strings: [String]) throws(ModelError) {
        let count = try Tensor.elementCount(shape)
        guard count == strings.count else {
            throw ModelError(.invalidInput, "\(strings.count) strings given for shape \(shape), which has \(count)")
        }
        self.init(unchecked: .string, shape, count, Storage(strings: strings), 0)
    }

    /// The same elements under another shape of the same size.
    ///
    /// - Throws: `invalidInput` when the sizes differ.
    public func reshaped(_ shape: [Int]) throws(ModelError) -> Tensor {
        guard try Tensor.elementCount(shape) == count else {
            throw ModelError(.invalidInput, "shape \(self.shape) cannot be reshaped to \(shape)")
        }
        return Tensor(unchecked: elementType, shape, count, storage, byteOffset)
    }

    /// The number of elements of a shape.
    ///
    /// - Throws: `limit` when a dimension is negative or the product of those that are not zero overflows.
    public static func elementCount(_ shape: [Int]) throws(ModelError) -> Int {
        var count = 1
        var isEmpty = false
        for dimension in shape {
            if dimension == 0 {
                isEmpty = true
                continue
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw ModelError(.limit, "shape \(shape) has a negative dimension or more elements than can be counted")
            }
            count = product
        }
        return isEmpty ? 0 : count
    }
}

extension Tensor {
    /// Shape: any -> count. The bytes of a tensor that is not of strings.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage.bytes)[byteOffset..<byteOffset + byteCount])
    }

    /// The size of the elements in memory, in bytes.
    public var byteCount: Int { count * elementType.byteWidth }

    /// The elements of a string tensor, otherwise empty.
    public var strings: [String] {
        elementType == .string ? Array(storage.strings[byteOffset..<byteOffset + count]) : []
    }

    /// Reads the elements in place.
    ///
    /// - Throws: `invalidInput` when `T` is not the element type; what `body` throws.
    public func withElements<T: Scalar, R>(
        of type: T.Type, _ body: (UnsafeBufferPointer<T>) throws(ModelError) -> R
    ) throws(ModelError) -> R {
        guard T.elementType == elementType else {
            throw ModelError(.invalidInput, "the tensor holds \(elementType), \(T.elementType) was asked for")
        }
        return try withExtendedLifetime(storage) { () throws(ModelError) -> R in
            let start = bytes.baseAddress?.assumingMemoryBound(to: T.self)
            return try body(UnsafeBufferPointer(start: start, count: count))
        }
    }

    /// A copy of the elements.
    ///
    /// - Throws: `invalidInput` when `T` is not the element type.
    public func array<T: Scalar>(of type: T.Type = T.self) throws(ModelError) -> [T] {
        try withElements(of: type) { Array($0) }
    }

    /// The elements of an integer or boolean tensor as `Int`s, nil for other types and for values beyond `Int`.
    public var integers: [Int]? {
        switch elementType {
        case .int64: try? array(of: Int64.self).map(Int.init)
        case .int32: try? array(of: Int32.self).map(Int.init)
        case .int16: try? array(of: Int16.self).map(Int.init)
        case .int8, .int4, .int2: bytes.map { Int(Int8(bitPattern: $0)) }
        case .uint8, .uint4, .uint2, .bool: bytes.map(Int.init)
        case .uint16: try? array(of: UInt16.self).map(Int.init)
        case .uint32: try? array(of: UInt32.self).map(Int.init)
        case .uint64: Tensor.exact((try? array(of: UInt64.self)) ?? [])
        default: nil
        }
    }

    private static func exact(_ values: [UInt64]) -> [Int]? {
        let converted = values.compactMap(Int.init(exactly:))
        return converted.count == values.count ? converted : nil
    }

    /// Whether type, shape and every bit of the elements agree.
    public func isIdentical(to other: Tensor) -> Bool {
        guard elementType == other.elementType, shape == other.shape else { return false }
        return elementType == .string ? strings == other.strings : bytes.elementsEqual(other.bytes)
    }
}

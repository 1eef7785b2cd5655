import SeptumIR
package import SeptumTensor

extension TensorRecord {
    /// The tensor itself; it points into the file where the file holds its elements, aligned, as memory does.
    ///
    /// - Throws: `malformed` when data and dimensions do not fit, `unsupported` for unknown element types.
    package func tensor(in file: DataFiles) throws(ModelError) -> Tensor {
        do throws(ModelError) {
            return try checkedTensor(file)
        } catch {
            var named = error
            named.message = "tensor '\(name)': " + error.message
            throw named
        }
    }

    private func checkedTensor(_ file: DataFiles) throws(ModelError) -> Tensor {
        let type = try ElementType.onnx(elementCode)
        let count = try Tensor.elementCount(dimensions)
        switch data {
        case .tensor(let tensor): return tensor
        case .inFile(let range): return try shared(type, count, file, file.source, range)
        case .raw(let bytes): return try raw(type, count, try ModelSource(bytes: bytes, name: name), 0..<bytes.count)
        case .external(let entries):
            let part = try file.external(entries)
            return try shared(type, count, file, part.source, part.range)
        case .strings(let values): return try strings(type, count, values)
        case .none where count == 0: return try Tensor(zeros: type, dimensions)
        case .none: throw ModelError(.malformed, "holds no data, expected \(count) elements")
        default: return try typed(type, count)
        }
    }

    /// A tensor that several records, or several calls of a function, may share.
    private func shared(
        _ type: ElementType, _ count: Int, _ file: DataFiles, _ source: ModelSource, _ range: Range<Int>
    ) throws(ModelError) -> Tensor {
        let place = DataFiles.Place(path: source.path, range: range, type: type, shape: dimensions)
        if let tensor = file.tensors[place] { return tensor }
        let tensor = try raw(type, count, source, range)
        file.tensors[place] = tensor
        return tensor
    }

    private func raw(_ type: ElementType, _ count: Int, _ source: ModelSource, _ range: Range<Int>) throws(ModelError) -> Tensor {
        guard type != .string else { throw ModelError(.malformed, "holds strings as raw data") }
        let expected = try type.packedSize(count)
        guard range.count == expected else {
            throw ModelError(.malformed, "holds \(range.count) bytes, \(type)\(dimensions) needs \(expected)")
        }
        guard type.packedBits < 8 else { return try source.tensor(type, dimensions, at: range) }
        guard range.lowerBound >= 0, range.upperBound <= source.bytes.count else {
            throw ModelError(.malformed, "bytes \(range) are outside the file of \(source.bytes.count) bytes")
        }
        return try type.unpacked(UnsafeRawBufferPointer(rebasing: source.bytes[range]), dimensions)
    }

    private func strings(_ type: ElementType, _ count: Int, _ values: [String]) throws(ModelError) -> Tensor {
        guard type == .string, values.count == count else {
            throw ModelError(.malformed, "holds \(values.count) strings, expected \(type)\(dimensions)")
        }
        return try Tensor(dimensions, strings: values)
    }

    /// Data in the fields of numbers; which field holds which type is laid down in `TensorProto`.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto#L590
    private func typed(_ type: ElementType, _ count: Int) throws(ModelError) -> Tensor {
        switch (data, type) {
        case (.floats(let values), .float32), (.floats(let values), .complex64): return try exactly(type, count, values)
        case (.doubles(let values), .float64), (.doubles(let values), .complex128): return try exactly(type, count, values)
        case (.int64s(let values), .int64): return try exactly(type, count, values)
        case (.uint64s(let values), .uint64): return try exactly(type, count, values)
        case (.uint64s(let values), .uint32): return try exactly(type, count, values.map(UInt32.init(truncatingIfNeeded:)))
        case (.int32s(let values), .int32): return try exactly(type, count, values)
        case (.int32s(let values), _) where type.packedBits < 8:
            return try exactly(type, count, values.map(UInt8.init(truncatingIfNeeded:)))
        case (.int32s(let values), .bool), (.int32s(let values), .int8), (.int32s(let values), .uint8):
            return try exactly(type, count, values.map(UInt8.init(truncatingIfNeeded:)))
        case (.int32s(let values), _) where type.byteWidth == 1:
            return try exactly(type, count, values.map(UInt8.init(truncatingIfNeeded:)))
        case (.int32s(let values), .int16), (.int32s(let values), .uint16), (.int32s(let values), .float16),
            (.int32s(let values), .bfloat16):
            return try exactly(type, count, values.map(UInt16.init(truncatingIfNeeded:)))
        default: throw ModelError(.malformed, "its data lies in a field that is not for \(type)")
        }
    }

    private func exactly<T: BitwiseCopyable>(_ type: ElementType, _ count: Int, _ values: [T]) throws(ModelError) -> Tensor {
        let (size, expected) = (values.count * MemoryLayout<T>.size, try type.packedSize(count))
        guard size == expected else {
            throw ModelError(.malformed, "holds \(size) bytes of data, \(type)\(dimensions) needs \(expected)")
        }
        return try values.withUnsafeBufferPointer { buffer throws(ModelError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            if type.packedBits < 8 { return try type.unpacked(bytes, dimensions) }
            return try Tensor(copying: bytes, type, dimensions)
        }
    }
}

extension Tensor {
    /// A tensor of elements that are copied; their bytes must be exactly as many as the shape needs.
    init(copying bytes: UnsafeRawBufferPointer, _ type: ElementType, _ shape: [Int]) throws(ModelError) {
        let storage = try Storage(byteCount: bytes.count)
        storage.bytes.copyMemory(from: bytes)
        try self.init(type, shape, storage: storage)
    }
}

extension ElementType {
    /// The type of a code of `TensorProto.DataType`.
    ///
    /// - Throws: `unsupported` when it has none.
    static func onnx(_ code: Int) throws(ModelError) -> ElementType {
        guard let raw = Int32(exactly: code), let type = ElementType(rawValue: raw) else {
            throw ModelError(.unsupported, "found element type code \(code), expected one of 1 to 26")
        }
        return type
    }

    /// Bits that one element takes in a file; types below eight bits are packed, the first in the lowest bits.
    var packedBits: Int {
        switch self {
        case .int4, .uint4, .float4e2m1: 4
        case .int2, .uint2: 2
        default: byteWidth * 8
        }
    }

    /// Bytes that elements take in a file.
    ///
    /// - Throws: `limit` when the product overflows.
    func packedSize(_ count: Int) throws(ModelError) -> Int {
        let (bits, overflow) = count.multipliedReportingOverflow(by: packedBits)
        guard !overflow, bits <= Int.max - 7 else { throw ModelError(.limit, "\(count) elements of \(self) are too many") }
        return (bits + 7) / 8
    }

    /// Spreads packed elements over one byte each, signed ones with their sign.
    func unpacked(_ bytes: UnsafeRawBufferPointer, _ shape: [Int]) throws(ModelError) -> Tensor {
        let tensor = try Tensor(zeros: self, shape)
        let (bits, perByte) = (packedBits, 8 / packedBits)
        let mask = UInt8(1 << bits) - 1
        for index in 0..<tensor.count {
            let value = bytes[index / perByte] >> UInt8(bits * (index % perByte)) & mask
            let isNegative = isSignedInteger && value >> UInt8(bits - 1) == 1
            tensor.storage.bytes[index] = isNegative ? value | ~mask : value
        }
        return tensor
    }

    /// Packs elements of one byte each as a file holds them.
    func packed(_ tensor: Tensor) throws(ModelError) -> [UInt8] {
        let (bits, perByte) = (packedBits, 8 / packedBits)
        let mask = UInt8(1 << bits) - 1
        var packed = [UInt8](repeating: 0, count: try packedSize(tensor.count))
        for (index, byte) in tensor.bytes.enumerated() {
            packed[index / perByte] |= (byte & mask) << UInt8(bits * (index % perByte))
        }
        return packed
    }
}

extension SparseTensorRecord {
    /// The tensor with its zeros written out.
    ///
    /// - Throws: `malformed` when an index is outside the tensor.
    package func tensor(in file: DataFiles) throws(ModelError) -> Tensor {
        let (values, indices) = (try values.tensor(in: file), try indices.tensor(in: file))
        try file.spend(sparse: try Tensor.elementCount(dimensions))
        let dense = try Tensor(zeros: values.elementType, dimensions)
        let width = values.elementType.byteWidth
        guard width > 0, let flat = indices.integers, indices.shape.count == 1 || indices.shape.count == 2,
            indices.shape.first == values.count,
            indices.shape.count == 1 || indices.shape.last == dimensions.count
        else { throw ModelError(.malformed, "sparse tensor '\(self.values.name)': values and indices do not fit each other") }
        let rank = indices.shape.count == 1 ? 1 : dimensions.count
        let bounds = indices.shape.count == 1 ? [dense.count] : dimensions
        for item in 0..<values.count {
            var position = 0
            for axis in 0..<rank {
                let index = flat[item * rank + axis]
                guard index >= 0, index < bounds[axis] else {
                    throw ModelError(.malformed, "sparse tensor '\(self.values.name)': index \(index) is outside \(dimensions)")
                }
                position = position * bounds[axis] + index
            }
            withExtendedLifetime(values) {
                for byte in 0..<width { dense.storage.bytes[position * width + byte] = values.bytes[item * width + byte] }
            }
        }
        return dense
    }
}

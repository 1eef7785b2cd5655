import SeptumTensor

extension Tensor {
    /// Shape: `[n, ...] -> [rows, ...]`. A part of the first axis.
    ///
    /// - Throws: `invalidInput` when the range is outside the axis.
    func rows(_ range: Range<Int>) throws(ModelError) -> Tensor {
        guard let first = shape.first, range.lowerBound >= 0, range.upperBound <= first else {
            throw ModelError(.invalidInput, "rows \(range) were asked for of shape \(shape)")
        }
        let width = first == 0 ? 0 : count / first
        let partShape = [range.count] + shape.dropFirst()
        if elementType == .string {
            return try Tensor(partShape, strings: Array(strings[range.lowerBound * width..<range.upperBound * width]))
        }
        let start = byteOffset + range.lowerBound * width * elementType.byteWidth
        return try Tensor(elementType, partShape, storage: storage, byteOffset: start)
    }

    /// Shape: `[n1], [n2], ... -> [n1 + n2 + ...]`. Tensors of one type joined along their only axis.
    ///
    /// - Throws: `invalidInput` when the types differ.
    static func concatenated(_ parts: [Tensor]) throws(ModelError) -> Tensor {
        guard let first = parts.first, parts.allSatisfy({ $0.elementType == first.elementType && $0.shape.count == 1 }) else {
            throw ModelError(.invalidInput, "parts of different types cannot be joined")
        }
        if first.elementType == .string {
            let all = parts.flatMap(\.strings)
            return try Tensor([all.count], strings: all)
        }
        let count = parts.reduce(0) { $0 + $1.count }
        let joined = try Storage(byteCount: count * first.elementType.byteWidth)
        var offset = 0
        for part in parts {
            UnsafeMutableRawBufferPointer(rebasing: joined.bytes[offset...]).copyMemory(from: part.bytes)
            offset += part.byteCount
        }
        return try Tensor(first.elementType, [count], storage: joined)
    }

    /// The elements of a numeric or boolean tensor rounded to float32; nil for other types.
    var floats: [Float]? {
        switch elementType {
        case .float32: try? array(of: Float.self)
        case .float64: try? array(of: Double.self).map { Float($0) }
        case .float16: try? array(of: Float16.self).map { Float($0) }
        case .uint64: try? array(of: UInt64.self).map { Float($0) }
        default: integers?.map { Float($0) }
        }
    }
}

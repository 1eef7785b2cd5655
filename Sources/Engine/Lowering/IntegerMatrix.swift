import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// Bytes less their zero points, where those fit into signed bytes.
struct CentredBytes {
    let values: [Int8]

    /// `[k, n]`, the zero points single or one for each column; nil for other shapes, and when one does not fit.
    init?(_ w: Tensor, _ zero: Tensor?) {
        guard w.shape.count == 2, w.elementType == .int8 || w.elementType == .uint8,
            zero == nil || zero?.elementType == w.elementType,
            zero == nil || zero?.count == 1 || zero?.count == w.shape[1] && zero?.shape.last == w.shape[1],
            let zeros = zero.map(\.integers) ?? [0], let first = zeros.first
        else { return nil }
        let (n, isSigned) = (w.shape[1], w.elementType == .int8)
        let less = (0..<n).map { Int16(truncatingIfNeeded: zeros.count == 1 ? first : zeros[$0]) }
        let (count, given) = (w.count, w.bytes)
        if isSigned, zeros.allSatisfy({ $0 == 0 }) {
            values = Array(given.assumingMemoryBound(to: Int8.self))
            return
        }
        var outside: Int16 = 0
        values = [Int8](unsafeUninitializedCapacity: count) { values, written in
            less.withUnsafeBufferPointer { less in
                for row in stride(from: 0, to: count, by: max(n, 1)) {
                    for column in 0..<n {
                        let byte = given[row + column]
                        let centred = (isSigned ? Int16(Int8(bitPattern: byte)) : Int16(byte)) &- less[column]
                        outside |= (centred &+ 128) & ~255
                        values[row + column] = Int8(truncatingIfNeeded: centred)
                    }
                }
            }
            written = count
        }
        if outside != 0 { return nil }
    }

    /// Whether no sum of a column's products with bytes less their zero point, and of its bias, can leave int32.
    func fitsInt32(columns n: Int, bias: [Int]) -> Bool {
        let most = values.count / max(n, 1) * 128 * 255
        if bias.allSatisfy({ most + Int($0.magnitude) < 1 << 31 }), most < 1 << 31 { return true }
        var sums = [Int](repeating: 0, count: n)
        for row in stride(from: 0, to: values.count, by: max(n, 1)) {
            for column in 0..<n { sums[column] += Int(values[row + column].magnitude) * 255 }
        }
        return sums.indices.allSatisfy { sums[$0] + Int(bias.isEmpty ? 0 : bias[$0].magnitude) < 1 << 31 }
    }

    /// Adds the columns' values, `n` a row, to sums that wrap.
    func add(_ n: Int, to sums: UnsafeMutablePointer<Int32>) {
        values.withUnsafeBufferPointer { values in
            for row in stride(from: 0, to: values.count, by: max(n, 1)) {
                for column in 0..<n { sums[column] &+= Int32(values[row + column]) }
            }
        }
    }
}

/// A product of bytes with a constant matrix of bytes, prepared for the kernels.
struct IntegerProduct {
    private let rows: Int
    private let k: Int
    private let n: Int
    private let x: Int
    private let isSigned: Bool
    private let packed: UnsafeRawPointer
    private let columnSums: UnsafePointer<Int32>
    /// What the sums start from, the zero point of x left out when it is computed.
    private let start: Int
    private let zero: Int?
    private let moved: Int
    private let scratch: Int

    /// Nil when the matrix is computed or does not fit into signed bytes, for zero points of rows, and a bias that is not a
    /// constant row.
    init?(
        _ site: inout LoweringSite, _ x: LoweringSite.Operand, _ zeroX: LoweringSite.Operand?, _ w: LoweringSite.Operand,
        _ zeroW: LoweringSite.Operand?, bias: LoweringSite.Operand? = nil
    ) throws(ModelError) {
        guard x.elementType == .int8 || x.elementType == .uint8, zeroX == nil || zeroX?.count == 1,
            zeroX == nil || zeroX?.elementType == x.elementType, w.shape.count == 2, x.shape.last == w.shape[0], x.count > 0,
            w.count > 0, let matrix = w.constant, let weight = w.weight,
            zeroW == nil || zeroW?.constant != nil && zeroW?.weight != nil
        else { return nil }
        (k, n) = (w.shape[0], w.shape[1])
        (rows, self.x, isSigned) = (x.count / k, x.slot, x.elementType == .int8)
        let (depth, columns) = (k, n)
        let starts = try bias?.constant?.array(of: Int32.self) ?? [Int32](repeating: 0, count: n)
        guard bias == nil || bias?.constant != nil, starts.count == n else { return nil }
        let packedByteCount = byteKernels.integerPackedByteCount(k, n)
        let wide = (n + 15) / 16 * 16
        // The packed matrix, then the sums of its columns.
        let key = Program.SharedKey(kind: "bytes less \(zeroW?.weight?.index ?? -1)", index: weight.index)
        let storage = try site.program.shared(key) { () throws(ModelError) -> Storage? in
            guard let centred = CentredBytes(matrix, zeroW?.constant) else { return nil }
            let storage = try Storage(byteCount: packedByteCount + wide * 4)
            guard let target = storage.bytes.baseAddress else { return nil }
            centred.values.withUnsafeBytes { bytes in
                if let source = bytes.baseAddress { byteKernels.integerPack(depth, columns, source, target) }
            }
            let sums = (target + packedByteCount).assumingMemoryBound(to: Int32.self)
            sums.update(repeating: 0, count: wide)
            centred.add(columns, to: sums)
            matrix.storage.forgetPages(matrix.bytes)
            return storage
        }
        guard let base = storage?.bytes.baseAddress else { return nil }
        packed = UnsafeRawPointer(base)
        columnSums = UnsafePointer((base + packedByteCount).assumingMemoryBound(to: Int32.self))
        // Signed bytes go in as 128 more than they are.
        var less: Int32 = isSigned ? 128 : 0
        if let constant = zeroX?.constant {
            less += Int32(truncatingIfNeeded: constant.integers?.first ?? 0)
            zero = nil
        } else {
            zero = zeroX?.slot
        }
        let sums = columnSums
        let moves = (0..<wide).map { ($0 < starts.count ? starts[$0] : 0) &- less &* sums[$0] }
        start = site.resident(try Tensor([wide], moves))
        moved = zero == nil ? start : site.scratch(byteCount: wide * 4)
        scratch = site.scratch(byteCount: byteKernels.integerScratchByteCount(rows, k))
    }

    /// What the sums start from, now that the zero point of x is known.
    @inline(__always)
    func starts(_ addresses: Addresses) -> UnsafePointer<Int32> {
        guard let zero else { return addresses.read(start) }
        let byte = addresses.read(zero, UInt8.self)[0]
        let less = isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
        let (source, target) = (addresses.read(start, Int32.self), addresses.write(moved, Int32.self))
        for column in 0..<n { target[column] = source[column] &- less &* columnSums[column] }
        return UnsafePointer(target)
    }

    @inline(__always)
    func run(_ addresses: Addresses, _ ending: IntegerEnding, _ y: Int) {
        byteKernels.integerProduct(
            rows, k, n, addresses[x], isSigned: isSigned, packed, addresses[y], ending, scratch: addresses[scratch])
    }
}

extension IntegerEnding {
    /// Quantizes to a type with a zero point; nothing falls below zero with `relu`.
    mutating func quantize(to type: ElementType, zero: Int, relu: Bool) {
        let range = type == .int8 ? -128...127 : 0...255
        (storesBytes, self.zero) = (1, Int32(truncatingIfNeeded: zero))
        low = Float(relu ? max(0, range.lowerBound - zero) : range.lowerBound - zero)
        high = Float(range.upperBound - zero)
    }
}

extension LoweringSite {
    /// A float32 operand, single or one for each of `n` columns, on to whole sixteens: where it lies, and what brings it there at
    /// each run when it is computed. Nil for other shapes.
    mutating func columns(_ operand: Operand, _ n: Int) throws(ModelError) -> (slot: Int, fill: ((Addresses) -> Void)?)? {
        guard operand.elementType == .float32, operand.count == 1 || operand.count == n && operand.shape.last == n else {
            return nil
        }
        let wide = (n + 15) / 16 * 16
        if let constant = operand.constant {
            let values = try constant.array(of: Float.self)
            let columns = (0..<wide).map { values.count == 1 ? values[0] : $0 < n ? values[$0] : 0 }
            return (resident(try Tensor([wide], columns)), nil)
        }
        let (slot, count) = (scratch(byteCount: wide * 4), operand.count)
        return (
            slot,
            { addresses in
                let (source, target) = (addresses.read(operand.slot, Float.self), addresses.write(slot, Float.self))
                for column in 0..<n { target[column] = source[count == 1 ? 0 : column] }
            }
        )
    }
}

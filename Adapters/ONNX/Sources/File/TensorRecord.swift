import CSeptumONNX
package import SeptumIR
package import SeptumTensor

/// A tensor as in `TensorProto`: its element type is a code of `TensorProto.DataType`, its data lies in one of many places.
package struct TensorRecord: Sendable {
    package enum Data: Sendable {
        case none
        /// Raw data that is still in the bytes that were parsed.
        case inFile(Range<Int>)
        case raw([UInt8])
        /// Raw data of a tensor in memory, to be written.
        case tensor(Tensor)
        case floats([Float])
        case doubles([Double])
        case int32s([Int32])
        case int64s([Int64])
        case uint64s([UInt64])
        case strings([String])
        case external([Entry])
    }

    package var name: String
    package var elementCode: Int
    package var dimensions: [Int]
    package var data: Data

    package init(name: String = "", elementCode: Int, dimensions: [Int], data: Data) {
        self.name = name
        self.elementCode = elementCode
        self.dimensions = dimensions
        self.data = data
    }
}

extension TensorRecord {
    /// Reads the bytes of a file that holds one tensor.
    ///
    /// - Throws: `malformed` when they do not.
    package init(parsing source: ModelSource) throws(ModelError) {
        self = try TensorRecord.read(try WireDocument(parsing: source, as: SeptumONNXTensor).root)
    }

    static func read(_ message: WireMessage) throws(ModelError) -> TensorRecord {
        let name = message.string(Field.name) ?? ""
        guard message.count(Field.segment) == 0 else {
            throw ModelError(.unsupported, "tensor '\(name)' is split into segments, which nothing writes")
        }
        return TensorRecord(
            name: name, elementCode: message.int(Field.elementCode) ?? 0,
            dimensions: message.elements(Field.dimensions, of: Int64.self).map(Int.init), data: try data(message))
    }

    private static func data(_ message: WireMessage) throws(ModelError) -> Data {
        if message.int(Field.location) == 1 { return .external(try message.entries(Field.external)) }
        if let offset = message.int(Int32(SeptumONNXDataOffset)), let count = message.int(Int32(SeptumONNXDataCount)) {
            try message.document.claim(count)
            let (end, overflow) = offset.addingReportingOverflow(count)
            guard offset >= 0, count >= 0, !overflow else { throw ModelError(.malformed, "the place of raw data is no range") }
            return .inFile(offset..<end)
        }
        if let bytes = message.bytes(Field.raw) { return .raw(Array(bytes)) }
        if message.count(Field.floats) > 0 { return .floats(message.elements(Field.floats)) }
        if message.count(Field.doubles) > 0 { return .doubles(message.elements(Field.doubles)) }
        if message.count(Field.int32s) > 0 { return .int32s(message.elements(Field.int32s)) }
        if message.count(Field.int64s) > 0 { return .int64s(message.elements(Field.int64s)) }
        if message.count(Field.uint64s) > 0 { return .uint64s(message.elements(Field.uint64s)) }
        if message.count(Field.strings) > 0 { return .strings(message.strings(Field.strings)) }
        return .none
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(Field.dimensions, elements: dimensions.map(Int64.init))
        try message.add(Field.elementCode, elementCode)
        try message.add(Field.name, unlessEmpty: name)
        switch data {
        case .none: return
        case .inFile: throw ModelError(.file, "tensor '\(name)' lies in another file")
        case .raw(let bytes):
            let isAdded = bytes.withUnsafeBytes { septum_onnx_add_bytes(message.handle, Field.raw, $0.baseAddress, $0.count) }
            guard isAdded else { throw ModelError(.limit, "no memory for tensor '\(name)'") }
        case .tensor(let tensor): try message.add(Field.raw, tensor.bytes)
        case .floats(let values): try message.add(Field.floats, elements: values)
        case .doubles(let values): try message.add(Field.doubles, elements: values)
        case .int32s(let values): try message.add(Field.int32s, elements: values)
        case .int64s(let values): try message.add(Field.int64s, elements: values)
        case .uint64s(let values): try message.add(Field.uint64s, elements: values)
        case .strings(let values): try message.add(Field.strings, values)
        case .external(let entries):
            try message.add(Field.location, 1)
            try message.add(Field.external, entries)
        }
    }

    private enum Field {
        static let dimensions: Int32 = 1
        static let elementCode: Int32 = 2
        static let segment: Int32 = 3
        static let floats: Int32 = 4
        static let int32s: Int32 = 5
        static let strings: Int32 = 6
        static let int64s: Int32 = 7
        static let name: Int32 = 8
        static let raw: Int32 = 9
        static let doubles: Int32 = 10
        static let uint64s: Int32 = 11
        static let external: Int32 = 13
        static let location: Int32 = 14
    }
}

/// A tensor of which only the elements that are not zero are listed, as in `SparseTensorProto`.
package struct SparseTensorRecord: Sendable {
    /// The listed elements; its name is the name of the whole.
    package var values: TensorRecord
    /// Shape: `[count]` of positions in row-major order, or `[count, rank]` of coordinates.
    package var indices: TensorRecord
    package var dimensions: [Int]

    package init(values: TensorRecord, indices: TensorRecord, dimensions: [Int]) {
        self.values = values
        self.indices = indices
        self.dimensions = dimensions
    }

    static func read(_ message: WireMessage) throws(ModelError) -> SparseTensorRecord {
        guard let values = message.child(1), let indices = message.child(2) else {
            throw ModelError(.malformed, "a sparse tensor lacks its values or indices")
        }
        return SparseTensorRecord(
            values: try TensorRecord.read(values), indices: try TensorRecord.read(indices),
            dimensions: message.elements(3, of: Int64.self).map(Int.init))
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(1, values.write)
        try message.add(2, indices.write)
        try message.add(3, elements: dimensions.map(Int64.init))
    }
}

import CSeptumONNX
import SeptumIR
import SeptumTensor

/// A parsed protobuf message, or one in the making; everything in it dies with it.
final class WireDocument {
    private let handle: OpaquePointer
    /// Bytes of the parsed file that no tensor has claimed yet.
    private var unclaimed = 0

    /// Parses bytes; large raw tensor data stays where it is.
    ///
    /// - Throws: `malformed` when the bytes are not a message of the kind.
    init(parsing source: ModelSource, as kind: SeptumONNXKind) throws(ModelError) {
        var text = [CChar](repeating: 0, count: 256)
        let parsed = withExtendedLifetime(source) {
            septum_onnx_parse(kind, source.bytes.baseAddress, source.bytes.count, &text, text.count)
        }
        guard let handle = parsed else {
            let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw ModelError(.malformed, reason, remedy: "check that the file is complete and is an ONNX model")
        }
        self.handle = handle
        unclaimed = source.bytes.count
    }

    /// Notes that a tensor's data lies in the file; each byte can be that of one tensor only.
    ///
    /// - Throws: `malformed` when tensors claim more bytes than there are.
    func claim(_ count: Int) throws(ModelError) {
        guard count >= 0, count <= unclaimed else {
            throw ModelError(.malformed, "tensors claim more bytes than the file has")
        }
        unclaimed -= count
    }

    /// An empty message.
    ///
    /// - Throws: `limit` when there is no memory.
    init(creating kind: SeptumONNXKind) throws(ModelError) {
        guard let handle = septum_onnx_create(kind) else { throw ModelError(.limit, "no memory for a message") }
        self.handle = handle
    }

    deinit { septum_onnx_destroy(handle) }

    var root: WireMessage { WireMessage(document: self, handle: septum_onnx_root(handle)) }

    func child(_ message: OpaquePointer?, _ field: Int32, _ index: Int, _ kind: SeptumONNXKind) -> WireMessage? {
        septum_onnx_child(handle, message, field, index, kind).map { WireMessage(document: self, handle: $0) }
    }

    func addChild(_ message: OpaquePointer?, _ field: Int32, _ kind: SeptumONNXKind) -> WireMessage? {
        septum_onnx_add_child(handle, message, field, kind).map { WireMessage(document: self, handle: $0) }
    }

    /// The finished message as bytes.
    ///
    /// - Throws: `limit` beyond 2 GiB.
    func serialized() throws(ModelError) -> [UInt8] {
        let count = try finishedSize()
        var isWritten = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            isWritten = septum_onnx_serialize(handle, buffer.baseAddress, count)
            written = isWritten ? count : 0
        }
        guard isWritten else { throw ModelError(.limit, "no memory for a file of \(count) bytes") }
        return bytes
    }

    /// Writes the finished message to an open file.
    ///
    /// - Throws: `limit` beyond 2 GiB, `file` when writing fails.
    func write(to descriptor: Int32) throws(ModelError) {
        _ = try finishedSize()
        guard septum_onnx_write(handle, descriptor) else { throw ModelError(.file, "cannot be written") }
    }

    private func finishedSize() throws(ModelError) -> Int {
        let count = septum_onnx_finish(handle)
        guard count > 0 else {
            throw ModelError(.limit, "the model is empty or larger than the 2 GiB that one ONNX file can hold")
        }
        return count
    }
}

/// One message of a document, read and written by the field numbers of `onnx.proto`.
///
/// Source: https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto
struct WireMessage {
    let document: WireDocument
    let handle: OpaquePointer?
}

// MARK: Reading

extension WireMessage {
    func count(_ field: Int32) -> Int { septum_onnx_count(handle, field) }

    func int(_ field: Int32) -> Int? {
        var value: Int64 = 0
        return septum_onnx_integer(handle, field, &value) ? Int(value) : nil
    }

    func float(_ field: Int32) -> Float? {
        var value: Float = 0
        return septum_onnx_float(handle, field, &value) ? value : nil
    }

    func bytes(_ field: Int32, _ index: Int = 0) -> UnsafeRawBufferPointer? {
        var value = SeptumONNXBytes()
        guard septum_onnx_bytes(handle, field, index, &value) else { return nil }
        return UnsafeRawBufferPointer(start: value.data, count: value.count)
    }

    /// Bytes that are no UTF-8 become replacement characters.
    func string(_ field: Int32, _ index: Int = 0) -> String? { bytes(field, index).map { String(decoding: $0, as: UTF8.self) } }

    func strings(_ field: Int32) -> [String] { (0..<count(field)).compactMap { string(field, $0) } }

    func child(_ field: Int32, as kind: SeptumONNXKind = SeptumONNXEntry) -> WireMessage? {
        document.child(handle, field, 0, kind)
    }

    /// Reads each message of a repeated field; one that cannot be parsed is malformed.
    func children<Record>(
        _ field: Int32, as kind: SeptumONNXKind = SeptumONNXEntry, _ read: (WireMessage) throws(ModelError) -> Record
    ) throws(ModelError) -> [Record] {
        var records: [Record] = []
        for index in 0..<count(field) {
            guard let message = document.child(handle, field, index, kind) else {
                throw ModelError(.malformed, "field \(field) holds no message of its kind")
            }
            records.append(try read(message))
        }
        return records
    }

    func elements<T: BitwiseCopyable>(_ field: Int32, of type: T.Type = T.self) -> [T] {
        let count = count(field)
        return Array(unsafeUninitializedCapacity: count) { buffer, copied in
            let isCopied = septum_onnx_elements(handle, field, buffer.baseAddress, count, MemoryLayout<T>.size)
            copied = isCopied ? count : 0
        }
    }

    func entries(_ field: Int32) throws(ModelError) -> [Entry] {
        try children(field) { message throws(ModelError) in Entry(key: message.string(1) ?? "", value: message.string(2) ?? "") }
    }
}

// MARK: Writing

extension WireMessage {
    func add(_ field: Int32, _ value: Int) throws(ModelError) {
        try check(septum_onnx_add_integer(handle, field, Int64(value)), field)
    }

    func add(_ field: Int32, _ value: Float) throws(ModelError) {
        try check(septum_onnx_add_float(handle, field, value), field)
    }

    func add(_ field: Int32, _ value: UnsafeRawBufferPointer) throws(ModelError) {
        try check(septum_onnx_add_bytes(handle, field, value.baseAddress, value.count), field)
    }

    func add(_ field: Int32, _ value: String) throws(ModelError) {
        let isAdded = Array(value.utf8).withUnsafeBytes { septum_onnx_add_bytes(handle, field, $0.baseAddress, $0.count) }
        try check(isAdded, field)
    }

    func add(_ field: Int32, _ values: [String]) throws(ModelError) {
        for value in values { try add(field, value) }
    }

    /// Leaves out what equals the default of the format.
    func add(_ field: Int32, unlessEmpty value: String) throws(ModelError) {
        if !value.isEmpty { try add(field, value) }
    }

    func add<T: BitwiseCopyable>(_ field: Int32, elements values: [T]) throws(ModelError) {
        let isAdded = values.withUnsafeBytes {
            septum_onnx_add_elements(handle, field, $0.baseAddress, values.count, MemoryLayout<T>.size)
        }
        try check(isAdded, field)
    }

    func add(
        _ field: Int32, as kind: SeptumONNXKind = SeptumONNXEntry, _ write: (WireMessage) throws(ModelError) -> Void
    ) throws(ModelError) {
        guard let child = document.addChild(handle, field, kind) else { return try check(false, field) }
        try write(child)
    }

    func add(_ field: Int32, _ entries: [Entry]) throws(ModelError) {
        for entry in entries {
            try add(field) { message throws(ModelError) in
                try message.add(1, entry.key)
                try message.add(2, entry.value)
            }
        }
    }

    private func check(_ isAdded: Bool, _ field: Int32) throws(ModelError) {
        guard isAdded else { throw ModelError(.limit, "field \(field) cannot hold the value") }
    }
}

/// A pair of texts, as in `metadata_props`.
package struct Entry: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

import Foundation
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// One node of ONNX's backend suite: an operator, its attributes, inputs and the outputs that ONNX expects.
///
/// Read from `Fixtures/operators/<family>.json`, which `recipe.py` beside it writes.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    var name: String
    var op: String
    var attributes: Attributes
    var inputs: [Value?]
    var outputs: [Value?]
    var relativeTolerance: Double

    var testDescription: String { name }

    /// The cases of a family; none when the file cannot be read, so pin their number.
    static func family(_ family: String) -> [OperatorCase] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "Fixtures/operators/\(family).json")
        guard let data = try? Data(contentsOf: file), let json = try? JSON(parsing: String(decoding: data, as: UTF8.self)) else {
            return []
        }
        return (json["cases"]?.array ?? []).compactMap { try? OperatorCase($0) }
    }

    init(_ json: JSON) throws {
        name = try #require(json["name"]?.string)
        op = try #require(json["op"]?.string)
        relativeTolerance = json["rtol"]?.double ?? 1e-3
        attributes = try #require(json["attributes"]?.members).map { ($0.name, try OperatorCase.attribute($0.value)) }
        inputs = try #require(json["inputs"]?.array).map(OperatorCase.value)
        outputs = try #require(json["outputs"]?.array).map(OperatorCase.value)
    }

    private static func attribute(_ json: JSON) throws -> Attribute {
        let member = try #require(json.members?.first)
        let items = member.value.array ?? []
        switch member.name {
        case "int": return .int(try #require(member.value.int))
        case "float": return .float(try #require(member.value.float))
        case "string": return .string(try #require(member.value.string))
        case "ints": return .ints(items.compactMap(\.int))
        case "floats": return .floats(items.compactMap(\.float))
        case "strings": return .strings(items.compactMap(\.string))
        case "tensor": return .tensor(try tensor(member.value))
        case "type": return .type(try type(member.value))
        default: throw CocoaError(.coderInvalidValue)
        }
    }

    private static func type(_ json: JSON) throws -> ValueType {
        if let name = json.string { return .tensor(try #require(ElementType(name: name)), nil) }
        let member = try #require(json.members?.first)
        return member.name == "sequence" ? .sequence(try type(member.value)) : .optional(try type(member.value))
    }

    private static func value(_ json: JSON) throws -> Value? {
        if json == .null { return nil }
        guard let of = json["of"] else { return .tensor(try tensor(json)) }
        if let items = json["sequence"]?.array { return .sequence(try items.compactMap(value), of: try type(of)) }
        return .optional(try json["optional"].flatMap(value), of: try type(of))
    }

    private static func tensor(_ json: JSON) throws -> Tensor {
        let elementType = try #require(json["type"]?.string.flatMap(ElementType.init(name:)))
        let shape = try #require(json["shape"]?.array).compactMap(\.int)
        let data = try #require(json["data"]?.array)
        func integers<T: Scalar & FixedWidthInteger>(_: T.Type) throws -> [T] {
            try data.map {
                if case .number(let text) = $0 { try #require(T(text)) } else { throw CocoaError(.coderInvalidValue) }
            }
        }
        switch elementType {
        case .float32: return try Tensor(shape, data.compactMap(\.float))
        case .float64: return try Tensor(shape, data.compactMap(\.double))
        case .float16: return try Tensor(shape, data.compactMap { $0.float.map(Float16.init) })
        case .bfloat16: return try Tensor(shape, try integers(UInt16.self).map(BFloat16.init(bits:)))
        case .string: return try Tensor(shape, strings: data.compactMap(\.string))
        case .bool: return try Tensor(shape, try integers(UInt8.self).map { Bool8($0 != 0) })
        case .int8: return try Tensor(shape, try integers(Int8.self))
        case .int16: return try Tensor(shape, try integers(Int16.self))
        case .int32: return try Tensor(shape, try integers(Int32.self))
        case .int64: return try Tensor(shape, try integers(Int64.self))
        case .uint8: return try Tensor(shape, try integers(UInt8.self))
        case .uint16: return try Tensor(shape, try integers(UInt16.self))
        case .uint32: return try Tensor(shape, try integers(UInt32.self))
        case .uint64: return try Tensor(shape, try integers(UInt64.self))
        default:
            let bytes =
                elementType.isSignedInteger ? try integers(Int8.self).map(UInt8.init(bitPattern:)) : try integers(UInt8.self)
            let storage = try Storage(byteCount: bytes.count)
            storage.bytes.copyBytes(from: bytes)
            return try Tensor(elementType, shape, storage: storage)
        }
    }
}

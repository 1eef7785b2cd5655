public import CSeptum
import Septum

/// What a `septum_model` points to.
final class LoadedModel: Sendable {
    let program: Program
    let inputs: [PortDescription]
    let outputs: [PortDescription]

    init(path: String) throws(ModelError) {
        let model = try Model.load(path)
        do throws(ModelError) {
            program = try Program(model)
        } catch {
            throw error.inFile(path)
        }
        inputs = program.inputs.map(PortDescription.init)
        outputs = program.outputs.map(PortDescription.init)
    }

    static func at(_ pointer: OpaquePointer?) throws(ModelError) -> LoadedModel {
        Unmanaged.fromOpaque(UnsafeRawPointer(try required(pointer, "model"))).takeUnretainedValue()
    }
}

/// An input or output in memory that C can read.
final class PortDescription: @unchecked Sendable {
    let port: septum_port
    private let name: UnsafeMutablePointer<CChar>
    private let dims: UnsafeMutablePointer<Int64>
    private let symbols: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private let rank: Int

    init(_ described: Program.Port) {
        let shape = described.type.tensor?.shape ?? []
        rank = shape.count
        name = copiedString(described.name)
        dims = .allocate(capacity: max(rank, 1))
        symbols = .allocate(capacity: max(rank, 1))
        for (axis, dimension) in shape.enumerated() {
            dims[axis] = dimension.number.map(Int64.init) ?? -1
            symbols[axis] = dimension.number == nil ? UnsafePointer(copiedString(dimension.description)) : nil
        }
        port = septum_port(
            name: name, type: described.type.tensor?.elementType.rawValue ?? 0,
            rank: described.type.tensor?.shape == nil ? -1 : Int32(clamping: rank), dims: dims, symbols: symbols)
    }

    deinit {
        name.deallocate()
        for axis in 0..<rank { symbols[axis]?.deallocate() }
        dims.deallocate()
        symbols.deallocate()
    }
}

/// A copy with a zero at its end, to be deallocated by its owner.
func copiedString(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return copy
}

@c @implementation
public func septum_model_load(
    _ path: UnsafePointer<CChar>!, _ model: UnsafeMutablePointer<OpaquePointer?>!
) -> septum_status {
    status { () throws(ModelError) in
        let result = try required(model, "model")
        result.pointee = nil
        let loaded = try LoadedModel(path: String(cString: try required(path, "path")))
        result.pointee = OpaquePointer(Unmanaged.passRetained(loaded).toOpaque())
    }
}

@c @implementation
public func septum_model_free(_ model: OpaquePointer!) {
    if let model { Unmanaged<LoadedModel>.fromOpaque(UnsafeRawPointer(model)).release() }
}

@c @implementation
public func septum_model_input_count(_ model: OpaquePointer!) -> Int32 {
    (try? LoadedModel.at(model)).map { Int32(clamping: $0.inputs.count) } ?? 0
}

@c @implementation
public func septum_model_output_count(_ model: OpaquePointer!) -> Int32 {
    (try? LoadedModel.at(model)).map { Int32(clamping: $0.outputs.count) } ?? 0
}

@c @implementation
public func septum_model_input(
    _ model: OpaquePointer!, _ index: Int32, _ port: UnsafeMutablePointer<septum_port>!
) -> septum_status {
    status { () throws(ModelError) in try describe(try LoadedModel.at(model).inputs, index, port) }
}

@c @implementation
public func septum_model_output(
    _ model: OpaquePointer!, _ index: Int32, _ port: UnsafeMutablePointer<septum_port>!
) -> septum_status {
    status { () throws(ModelError) in try describe(try LoadedModel.at(model).outputs, index, port) }
}

private func describe(
    _ ports: [PortDescription], _ index: Int32, _ port: UnsafeMutablePointer<septum_port>?
) throws(ModelError) {
    guard ports.indices.contains(Int(index)) else {
        throw ModelError(.invalidInput, "found index \(index), there are \(ports.count)")
    }
    try required(port, "port").pointee = ports[Int(index)].port
}

public import CSeptum
import Septum
import Synchronization

/// What a `septum_model` stands for.
final class LoadedModel: Sendable {
    let model: Model
    let program: Program
    let inputs: [PortDescription]
    let outputs: [PortDescription]
    private let written = Mutex<CString?>(nil)

    init(_ model: Model, _ name: String) throws(ModelError) {
        do throws(ModelError) {
            program = try Program(model)
        } catch {
            throw error.inFile(name)
        }
        self.model = model
        inputs = program.inputs.map(PortDescription.init)
        outputs = program.outputs.map(PortDescription.init)
        Log.report(SEPTUM_LOG_INFO, "\(name): read as \(model.provenance.format), \(model.graph.nodes.count) nodes")
        if let warnings = model.metadata["warnings"] { Log.report(SEPTUM_LOG_WARNING, "\(name): \(warnings)") }
    }

    /// What the model takes and gives, written when somebody first asks.
    var json: CString {
        written.withLock { text in
            let made = text ?? CString(model.summary.description)
            text = made
            return made
        }
    }

    static func at(_ handle: OpaquePointer?) throws(ModelError) -> LoadedModel {
        unsafeDowncast(try Handles.object(handle, .model), to: LoadedModel.self)
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

/// A string in memory that C can read.
final class CString: @unchecked Sendable {
    let characters: UnsafePointer<CChar>

    init(_ text: String) { characters = UnsafePointer(copiedString(text)) }
    deinit { characters.deallocate() }
}

/// How a model is read.
private struct LoadOptions {
    var format: String?
    var contract: String?
    var options = ImportOptions()

    /// Reads as many members as the caller's struct has.
    ///
    /// - Throws: `invalidInput` when the struct is smaller than its first version.
    init(_ given: UnsafePointer<septum_load_options>?) throws(ModelError) {
        guard let given else { return }
        let firstSize = MemoryLayout<septum_load_options>.offset(of: \.contract) ?? MemoryLayout<septum_load_options>.size
        guard given.pointee.struct_size >= firstSize else {
            throw ModelError(
                .invalidInput, "the options' struct_size is \(given.pointee.struct_size)",
                remedy: "set it to sizeof(septum_load_options)")
        }
        format = given.pointee.format.map { String(cString: $0) }
        options.pythonExecutable = given.pointee.python.map { String(cString: $0) }
        options.trustsPickle = given.pointee.trust_pickle != 0
        guard given.pointee.struct_size >= MemoryLayout<septum_load_options>.size else { return }
        contract = given.pointee.contract.map { String(cString: $0) }
    }

    private static func contract(_ text: String) throws(ModelError) -> InputContract {
        guard text.utf8.count <= 1 << 20 else {
            throw ModelError(.limit, "the input contract has \(text.utf8.count) bytes, at most \(1 << 20) are allowed")
        }
        let json: JSON
        do throws(ModelError) {
            json = try JSON(parsing: text)
        } catch {
            throw ModelError(
                .malformed, "the options' contract is no JSON text",
                remedy: "give the contract itself; 'septum convert MODEL TARGET.septum --contract FILE' puts YAML into a model",
                cause: error.message)
        }
        return try ContractCoding.decode(json)
    }

    /// Reads and prepares a model.
    func load(_ source: ModelSource) throws(ModelError) -> LoadedModel {
        var model = try Model.load(source, format: format, options: options)
        if let contract { model.contract = try LoadOptions.contract(contract) }
        return try LoadedModel(model, source.path)
    }
}

@c @implementation
public func septum_model_load(
    _ path: UnsafePointer<CChar>!, _ model: UnsafeMutablePointer<OpaquePointer?>!
) -> septum_status {
    septum_model_load_with(path, nil, model)
}

@c @implementation
public func septum_model_load_with(
    _ path: UnsafePointer<CChar>!, _ options: UnsafePointer<septum_load_options>!,
    _ model: UnsafeMutablePointer<OpaquePointer?>!
) -> septum_status {
    status { () throws(ModelError) in
        let result = try required(model, "model")
        result.pointee = nil
        let path = String(cString: try required(path, "path"))
        result.pointee = try Handles.add(try LoadOptions(options).load(try ModelSource(path: path)), .model)
    }
}

@c @implementation
public func septum_model_load_bytes(
    _ bytes: UnsafeRawPointer!, _ size: Int, _ name: UnsafePointer<CChar>!, _ options: UnsafePointer<septum_load_options>!,
    _ model: UnsafeMutablePointer<OpaquePointer?>!
) -> septum_status {
    status { () throws(ModelError) in
        let result = try required(model, "model")
        result.pointee = nil
        let name = String(cString: try required(name, "name"))
        let start = try required(bytes, "bytes")
        guard size >= 0 else { throw ModelError(.limit, "the size is beyond what memory can hold", file: name) }
        let options = try LoadOptions(options)
        let source = try ModelSource(bytes: Array(UnsafeRawBufferPointer(start: start, count: size)), name: name)
        result.pointee = try Handles.add(try options.load(source), .model)
    }
}

@c @implementation
public func septum_model_save(_ model: OpaquePointer!, _ path: UnsafePointer<CChar>!) -> septum_status {
    status { () throws(ModelError) in
        try LoadedModel.at(model).model.save(to: String(cString: try required(path, "path")))
    }
}

@c @implementation
public func septum_model_self_test(_ model: OpaquePointer!) -> septum_status {
    status { () throws(ModelError) in
        let loaded = try LoadedModel.at(model)
        try loaded.model.selfTest(loaded.program)
    }
}

@c @implementation
public func septum_model_free(_ model: OpaquePointer!) { Handles.remove(model, .model) }

@c @implementation
public func septum_model_json(_ model: OpaquePointer!) -> UnsafePointer<CChar>! {
    var text: UnsafePointer<CChar>?
    _ = status { () throws(ModelError) in text = try LoadedModel.at(model).json.characters }
    return text
}

@c @implementation
public func septum_model_input_count(_ model: OpaquePointer!) -> Int32 { portCount(model, \.inputs) }

@c @implementation
public func septum_model_output_count(_ model: OpaquePointer!) -> Int32 { portCount(model, \.outputs) }

private func portCount(_ model: OpaquePointer?, _ ports: KeyPath<LoadedModel, [PortDescription]>) -> Int32 {
    var count: Int32 = -1
    _ = status { () throws(ModelError) in count = Int32(clamping: try LoadedModel.at(model)[keyPath: ports].count) }
    return count
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

public import CSeptum
import Septum

/// What a `septum_context` stands for: the working memory of one thread and the outputs of its last run.
final class RunContext {
    private let context: Context
    private var bound: (shapes: [[Int]], binding: Binding)?
    private var results: [ResultDescription]
    private let isBindable: Bool
    private var fixed: Unmanaged<FixedRun>?
    private let dense: DenseInputs
    lazy var places = BoundInputs(context.program)
    private lazy var jagged = JaggedRun(context.program)

    init(_ model: LoadedModel, threads: Int) throws(ModelError) {
        context = model.program.makeContext(sharing: threads == 1 ? nil : try WorkPool(threads: threads))
        dense = DenseInputs(count: model.program.inputs.count)
        results = model.program.outputs.map { _ in ResultDescription() }
        isBindable = (model.program.inputs + model.program.outputs).allSatisfy {
            $0.type.tensor.map { $0.elementType != .string } ?? false
        }
    }

    deinit { fixed?.release() }

    /// The way of all calls with the types and shapes of the one before; false when it is no such call.
    func runAgain(
        _ inputs: UnsafeBufferPointer<septum_tensor>, _ outputs: UnsafeMutableBufferPointer<septum_tensor>
    ) throws(ModelError) -> Bool {
        guard let fixed else { return false }
        return try fixed._withUnsafeGuaranteedRef { run in
            Result { () throws(ModelError) in
                guard run.fits(inputs, outputs: outputs.count) else { return false }
                try run.run(inputs, outputs)
                return true
            }
        }.get()
    }

    func run(
        _ inputs: UnsafeBufferPointer<septum_tensor>, _ outputs: UnsafeMutableBufferPointer<septum_tensor>
    ) throws(ModelError) {
        let ports = context.program.inputs
        guard inputs.count == ports.count, outputs.count == results.count else {
            throw ModelError(
                .invalidInput,
                "\(inputs.count) inputs and \(outputs.count) outputs given, expected \(ports.count) and \(results.count)")
        }
        for index in 0..<ports.count { try inputs[index].check(ports[index]) }
        let inputs = try dense.taking(inputs)
        if isBindable { try runInPlace(inputs) } else { try runValues(inputs) }
        for index in 0..<results.count { outputs[index] = results[index].tensor }
    }

    func runJagged(
        _ rowCount: Int64, _ inputs: UnsafeBufferPointer<septum_jagged>, _ outputs: UnsafeMutableBufferPointer<septum_jagged>
    ) throws(ModelError) {
        try jagged.run(context, rowCount, inputs, outputs)
    }

    /// The way without copies: planned once for each set of shapes.
    private func runInPlace(_ inputs: UnsafeBufferPointer<septum_tensor>) throws(ModelError) {
        let binding: Binding
        let isNew: Bool
        if let bound, areBound(inputs, bound.shapes) {
            binding = bound.binding
            isNew = false
        } else {
            isNew = true
            fixed?.release()
            fixed = nil
            let shapes = inputs.map(\.shape)
            binding = try context.bind(shapes)
            bound = (shapes, binding)
        }
        // The outputs of the run before are about to be written over: an input that lies there is copied first.
        var copies: [Tensor] = []
        for index in inputs.indices {
            var data = inputs[index].data
            for result in 0..<results.count where data == inputs[index].data && results[result].tensor.overlaps(inputs[index]) {
                let copy = try inputs[index].copied()
                copies.append(copy)
                data = UnsafeRawPointer(copy.bytes.baseAddress)
            }
            binding.setInput(index, data ?? RunContext.nothing)
        }
        try binding.run()
        withExtendedLifetime(copies) {}
        for index in 0..<results.count {
            let output = try binding.outputBytes(index)
            var isInput = false
            for input in inputs.indices where inputs[input].overlaps(output.bytes) { isInput = true }
            try results[index].describe(output.elementType, binding.outputShape(index), output.bytes, copying: isInput)
        }
        if isNew { fixed = try FixedRun(binding, inputs, results.map(\.tensor)).map(Unmanaged.passRetained) }
    }

    private func areBound(_ inputs: UnsafeBufferPointer<septum_tensor>, _ shapes: [[Int]]) -> Bool {
        for index in inputs.indices where !inputs[index].hasShape(shapes[index]) { return false }
        return true
    }

    private func runValues(_ inputs: UnsafeBufferPointer<septum_tensor>) throws(ModelError) {
        var values: [Value] = []
        for input in inputs { values.append(.tensor(try input.copied())) }
        let outputs = try context.run(values: values)
        for (index, (value, port)) in zip(outputs, context.program.outputs).enumerated() {
            guard let tensor = value.tensor else {
                throw ModelError(.unsupported, "output '\(port.name)' is \(port.type), which the C interface cannot hand over")
            }
            try results[index].describe(tensor)
        }
    }

    /// Stands for the elements of an empty tensor.
    private nonisolated(unsafe) static let nothing = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64))
}

@c @implementation
public func septum_context_create(
    _ model: OpaquePointer!, _ context: UnsafeMutablePointer<OpaquePointer?>!
) -> septum_status { septum_context_create_threaded(model, 1, context) }

@c @implementation
public func septum_context_create_threaded(
    _ model: OpaquePointer!, _ threads: Int32, _ context: UnsafeMutablePointer<OpaquePointer?>!
) -> septum_status {
    status { () throws(ModelError) in
        let result = try required(context, "context")
        result.pointee = nil
        let made = try RunContext(try LoadedModel.at(model), threads: Int(threads))
        result.pointee = try Handles.add(made, .context)
    }
}

@c @implementation
public func septum_context_free(_ context: OpaquePointer!) { Handles.remove(context, .context) }

@c @implementation
public func septum_run(
    _ context: OpaquePointer!, _ inputs: UnsafePointer<septum_tensor>!, _ input_count: Int32,
    _ outputs: UnsafeMutablePointer<septum_tensor>!, _ output_count: Int32
) -> septum_status {
    withContext(context) { context throws(ModelError) in
        let given = try buffer(inputs, input_count, "inputs")
        let results = try buffer(outputs, output_count, "outputs")
        if try !context.runAgain(given, results) { try context.run(given, results) }
    }
}

@c @implementation
public func septum_bind(
    _ context: OpaquePointer!, _ input: UnsafePointer<CChar>!, _ tensor: UnsafePointer<septum_tensor>!
) -> septum_status {
    withContext(context) { context throws(ModelError) in
        try context.places.bind(String(cString: try required(input, "input")), try required(tensor, "tensor").pointee)
    }
}

@c @implementation
public func septum_run_bound(
    _ context: OpaquePointer!, _ outputs: UnsafeMutablePointer<septum_tensor>!, _ output_count: Int32
) -> septum_status {
    withContext(context) { context throws(ModelError) in
        let given = try context.places.all()
        let results = try buffer(outputs, output_count, "outputs")
        if try !context.runAgain(given, results) { try context.run(given, results) }
    }
}

@c @implementation
public func septum_run_jagged(
    _ context: OpaquePointer!, _ row_count: Int64, _ inputs: UnsafePointer<septum_jagged>!, _ input_count: Int32,
    _ outputs: UnsafeMutablePointer<septum_jagged>!, _ output_count: Int32
) -> septum_status {
    withContext(context) { context throws(ModelError) in
        try context.runJagged(
            row_count, try buffer(inputs, input_count, "inputs"), try buffer(outputs, output_count, "outputs"))
    }
}

/// Calls a function with the context behind a handle, which is not retained on the way.
private func withContext(
    _ handle: OpaquePointer?, _ body: (RunContext) throws(ModelError) -> Void
) -> septum_status {
    status { () throws(ModelError) in
        let use = try Handles.take(handle, .context)
        defer { Handles.giveBack(use) }
        try Unmanaged<RunContext>.fromOpaque(use.object)._withUnsafeGuaranteedRef { context in
            Result { () throws(ModelError) in try body(context) }
        }.get()
    }
}

/// - Throws: `invalidInput` when the count is negative, or positive for an array that is NULL.
private func buffer<T>(_ start: UnsafePointer<T>?, _ count: Int32, _ name: String) throws(ModelError) -> UnsafeBufferPointer<T> {
    guard count == 0 || count > 0 && start != nil else {
        throw ModelError(.invalidInput, "found \(count) \(name)\(start == nil ? " in an array that is NULL" : "")")
    }
    return UnsafeBufferPointer(start: start, count: Int(count))
}

private func buffer<T>(
    _ start: UnsafeMutablePointer<T>?, _ count: Int32, _ name: String
) throws(ModelError) -> UnsafeMutableBufferPointer<T> {
    UnsafeMutableBufferPointer(mutating: try buffer(UnsafePointer(start), count, name))
}

public import CSeptum
import Septum

/// What a `septum_context` stands for: the working memory of one thread and the outputs of its last run.
final class RunContext {
    private let context: Context
    private var bound: (shapes: [[Int]], binding: Binding)?
    private var results: [ResultDescription]
    private let isBindable: Bool
    private var fixed: Unmanaged<FixedRun>?
    /// Whether a run with the shapes of `bound` has shown if its checks can be spared.
    private var isVisited = false
    private let dense: DenseInputs
    lazy var places = BoundInputs(context.program)
    private lazy var jagged = JaggedRun(context.program)
    private let contract: InputContract?
    private var columns: ColumnRun?

    init(_ model: LoadedModel, threads: Int) throws(ModelError) {
        context = model.program.makeContext(sharing: threads == 1 ? nil : try WorkPool(threads: threads))
        dense = DenseInputs(count: model.program.inputs.count)
        contract = model.model.contract
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

    /// As `run`, with the outputs that name a place computed or copied there.
    func runInto(
        _ inputs: UnsafeBufferPointer<septum_tensor>, _ outputs: UnsafeMutableBufferPointer<septum_tensor>
    ) throws(ModelError) {
        guard outputs.count == results.count else { return try run(inputs, outputs) }
        var wanted: [(index: Int, tensor: septum_tensor, place: UnsafeMutableRawPointer)] = []
        for (index, (output, port)) in zip(outputs, context.program.outputs).enumerated() {
            guard let data = output.data else { continue }
            try output.check(port, "output")
            guard output.isDense, output.type != SEPTUM_STRING else {
                throw ModelError(.invalidInput, "output '\(port.name)': only dense arrays of numbers can be written to")
            }
            wanted.append((index, output, UnsafeMutableRawPointer(mutating: data)))
        }
        // A result that is computed in place must not destroy an input before it was read, nor another result.
        func isApart(_ tensor: septum_tensor) -> Bool {
            !inputs.contains { $0.strides != nil || $0.overlaps(tensor) } && wanted.count { $0.tensor.overlaps(tensor) } == 1
        }
        func isWorkspace(_ tensor: septum_tensor, _ binding: Binding) -> Bool {
            binding.usesMemory(UnsafeRawBufferPointer(start: tensor.data, count: tensor.byteCount))
        }
        var binding: Binding?
        if isBindable, inputs.count == context.program.inputs.count {
            for index in inputs.indices { try inputs[index].check(context.program.inputs[index]) }
            binding = try bind(inputs)
        }
        defer { binding?.setOutputsBack() }
        if let binding, binding.hasFixedShapes {
            let isFree = !inputs.contains { isWorkspace($0, binding) }
            for (index, tensor, place) in wanted {
                guard tensor.hasShape(binding.outputShape(index)) else { throw misfit(index, tensor, binding.outputShape(index)) }
                if isFree, UInt(bitPattern: place) % 8 == 0, isApart(tensor), !isWorkspace(tensor, binding) {
                    _ = binding.setOutput(index, place)
                }
            }
        }
        if try !runAgain(inputs, outputs) { try run(inputs, outputs) }
        for (index, tensor, place) in wanted {
            guard tensor.hasShape(outputs[index].shape) else { throw misfit(index, tensor, outputs[index].shape) }
            if let source = outputs[index].data, source != UnsafeRawPointer(place) {
                place.copyMemory(from: source, byteCount: tensor.byteCount)
            }
            outputs[index].data = UnsafeRawPointer(place)
        }
    }

    private func misfit(_ index: Int, _ tensor: septum_tensor, _ shape: [Int]) -> ModelError {
        let name = context.program.outputs[index].name
        return ModelError(.invalidInput, "output '\(name)' has shape \(shape), room was given for \(tensor.shape)")
    }

    func runJagged(
        _ rowCount: Int64, _ inputs: UnsafeBufferPointer<septum_jagged>, _ outputs: UnsafeMutableBufferPointer<septum_jagged>
    ) throws(ModelError) {
        try jagged.run(context, rowCount, inputs, outputs)
    }

    /// What scores columns, made when the first come.
    func columnRun() throws(ModelError) -> ColumnRun {
        if let columns { return columns }
        guard let contract else {
            throw ModelError(
                .invalidInput, "the model does not say which columns its inputs are",
                remedy: "write it with a contract: 'septum convert MODEL TARGET.septum --contract FILE.yaml'")
        }
        let made = ColumnRun(context.program, contract)
        columns = made
        return made
    }

    /// The way without copies: planned once for each set of shapes.
    private func runInPlace(_ inputs: UnsafeBufferPointer<septum_tensor>) throws(ModelError) {
        let binding = try bind(inputs)
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
        if !isVisited { fixed = try FixedRun(binding, inputs, results.map(\.tensor)).map(Unmanaged.passRetained) }
        isVisited = true
    }

    /// The run for the shapes of inputs, that of the call before when they are the same.
    private func bind(_ inputs: UnsafeBufferPointer<septum_tensor>) throws(ModelError) -> Binding {
        if let bound, areBound(inputs, bound.shapes) { return bound.binding }
        fixed?.release()
        (fixed, isVisited) = (nil, false)
        let shapes = inputs.map(\.shape)
        let binding = try context.bind(shapes)
        bound = (shapes, binding)
        return binding
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
public func septum_run_into(
    _ context: OpaquePointer!, _ inputs: UnsafePointer<septum_tensor>!, _ input_count: Int32,
    _ outputs: UnsafeMutablePointer<septum_tensor>!, _ output_count: Int32
) -> septum_status {
    withContext(context) { context throws(ModelError) in
        try context.runInto(try buffer(inputs, input_count, "inputs"), try buffer(outputs, output_count, "outputs"))
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

@c @implementation
public func septum_score(
    _ context: OpaquePointer!, _ event_count: Int64, _ columns: UnsafePointer<septum_column>!, _ column_count: Int32,
    _ results: UnsafeMutablePointer<UnsafePointer<septum_column>?>!, _ result_count: UnsafeMutablePointer<Int32>!
) -> septum_status {
    withContext(context) { context throws(ModelError) in
        let (place, number) = (try required(results, "results"), try required(result_count, "result_count"))
        (place.pointee, number.pointee) = (nil, 0)
        let given = try buffer(columns, column_count, "columns")
        let found = try context.columnRun().score(event_count, given)
        (place.pointee, number.pointee) = (found.baseAddress, Int32(clamping: found.count))
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

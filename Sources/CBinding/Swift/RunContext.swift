public import CSeptum
import Septum

/// What a `septum_context` points to: the working memory of one thread and the outputs of its last run.
final class RunContext {
    private let context: Context
    private var bound: (shapes: [[Int]], binding: Binding)?
    private var results: [ResultDescription]
    private let isBindable: Bool
    private var fixed: Unmanaged<FixedRun>?

    init(_ model: LoadedModel, threads: Int) throws(ModelError) {
        context = model.program.makeContext(sharing: threads == 1 ? nil : try WorkPool(threads: threads))
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
        for index in 0..<ports.count { try check(inputs[index], ports[index]) }
        if isBindable { try runInPlace(inputs) } else { try runValues(inputs) }
        for index in 0..<results.count { outputs[index] = results[index].tensor }
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

    private func check(_ tensor: septum_tensor, _ port: Program.Port) throws(ModelError) {
        func refuse(_ message: String) -> ModelError { ModelError(.invalidInput, "input '\(port.name)': \(message)") }
        guard let type = port.type.tensor else {
            throw ModelError(.unsupported, "input '\(port.name)' is \(port.type), which the C interface cannot take")
        }
        guard tensor.type == type.elementType.rawValue else {
            let found = ElementType(rawValue: tensor.type)?.name ?? "type \(tensor.type)"
            throw refuse("found \(found), expected \(port.type)")
        }
        guard (0...64).contains(tensor.rank), tensor.rank == 0 || tensor.dims != nil else {
            throw refuse("found rank \(tensor.rank) with \(tensor.dims == nil ? "no dims" : "dims"), expected 0 to 64 of them")
        }
        var count: Int64 = 1
        for axis in 0..<Int(tensor.rank) {
            let (product, overflow) = count.multipliedReportingOverflow(by: tensor.dims[axis])
            guard tensor.dims[axis] >= 0, !overflow else { throw refuse("found shape \(tensor.shape)") }
            count = product
        }
        guard count == 0 || tensor.data != nil else { throw refuse("data is NULL") }
        let alignment = type.elementType == .string ? MemoryLayout<UnsafeRawPointer>.alignment : type.elementType.byteWidth
        guard UInt(bitPattern: tensor.data) % UInt(max(1, min(alignment, 8))) == 0 else {
            throw refuse("data is not aligned for \(type.elementType)")
        }
    }
}

extension septum_tensor {
    var shape: [Int] { (0..<Int(rank)).map { Int(dims[$0]) } }

    fileprivate func hasShape(_ shape: [Int]) -> Bool {
        guard Int(rank) == shape.count else { return false }
        for axis in shape.indices where dims[axis] != Int64(shape[axis]) { return false }
        return true
    }

    /// Whether bytes lie within this tensor.
    fileprivate func overlaps(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let data, let start = bytes.baseAddress else { return false }
        return start >= data && start < data + max(byteCount, 1)
    }

    /// Whether two tensors share memory.
    fileprivate func overlaps(_ other: septum_tensor) -> Bool {
        guard let data, let start = other.data else { return false }
        return start < data + byteCount && data < start + other.byteCount
    }

    private var byteCount: Int {
        var size = ElementType(rawValue: type)?.byteWidth ?? 0
        for axis in 0..<Int(rank) { size &*= Int(dims[axis]) }
        return size
    }

    fileprivate func copied() throws(ModelError) -> Tensor {
        let shape = shape
        let count = try Tensor.elementCount(shape)
        guard let element = ElementType(rawValue: type), let data else { return try Tensor(zeros: .float32, shape) }
        if element == .string {
            let words = data.assumingMemoryBound(to: UnsafePointer<CChar>?.self)
            return try Tensor(shape, strings: (0..<count).map { words[$0].map { String(cString: $0) } ?? "" })
        }
        let tensor = try Tensor(zeros: element, shape)
        UnsafeMutableRawPointer(mutating: tensor.bytes.baseAddress)?.copyMemory(from: data, byteCount: tensor.byteCount)
        return tensor
    }
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
        result.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
    }
}

@c @implementation
public func septum_context_free(_ context: OpaquePointer!) {
    if let context { Unmanaged<RunContext>.fromOpaque(UnsafeRawPointer(context)).release() }
}

@c @implementation
public func septum_run(
    _ context: OpaquePointer!, _ inputs: UnsafePointer<septum_tensor>!, _ input_count: Int32,
    _ outputs: UnsafeMutablePointer<septum_tensor>!, _ output_count: Int32
) -> septum_status {
    status { () throws(ModelError) in
        guard input_count == 0 || input_count > 0 && inputs != nil, output_count == 0 || output_count > 0 && outputs != nil else {
            throw ModelError(.invalidInput, "found \(input_count) inputs and \(output_count) outputs, or an array that is NULL")
        }
        let place = Unmanaged<RunContext>.fromOpaque(UnsafeRawPointer(try required(context, "context")))
        let (given, results) = (
            UnsafeBufferPointer(start: inputs, count: Int(input_count)),
            UnsafeMutableBufferPointer(start: outputs, count: Int(output_count))
        )
        try place._withUnsafeGuaranteedRef { context in
            Result { () throws(ModelError) in
                if try !context.runAgain(given, results) { try context.run(given, results) }
            }
        }.get()
    }
}

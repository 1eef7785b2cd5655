public import SeptumTensor

/// A program ready to run on inputs of fixed shapes.
///
/// Buffers belong to the context: they hold until the next run or bind in it.
public struct Binding {
    let context: Context
    let plan: Plan

    init(context: Context, plan: Plan) {
        self.context = context
        self.plan = plan
    }

    private var last: Plan { plan.final ?? plan }

    /// Makes an input read from the caller's memory, which holds as many elements as the shape says.
    public func setInput(_ index: Int, _ pointer: UnsafeRawPointer) { plan.set(input: index, pointer) }

    /// Makes an input read a tensor of its shape and type, which is kept.
    public func setInput(_ index: Int, _ tensor: Tensor) { plan.set(input: index, .tensor(tensor)) }

    /// Makes the next runs write an output to the caller's memory, aligned to eight bytes, which holds as many elements as its shape
    /// says and overlaps no input, until `setOutputsBack`.
    ///
    /// - Returns: False when they do not: the output lies in an input, a constant or another value, or its shape is not fixed.
    public func setOutput(_ index: Int, _ pointer: UnsafeMutableRawPointer) -> Bool { plan.redirect(output: index, pointer) }

    /// Makes the next runs write all outputs to the context's memory again.
    public func setOutputsBack() { plan.redirectNothing() }

    /// Whether bytes lie in the memory that the context works in, such as those of an output of the last run.
    public func usesMemory(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress, let arena = context.arena?.bytes, let base = arena.baseAddress else { return false }
        return start < UnsafeRawPointer(base) + arena.count && UnsafeRawPointer(base) < start + bytes.count
    }

    /// Runs the program.
    ///
    /// - Throws: what operators throw, such as an index out of range.
    public func run() throws(ModelError) { try plan.run(context) }

    /// Whether the shapes of the outputs follow from those of the inputs, so that every run has the same.
    public var hasFixedShapes: Bool { plan.isWhole }

    /// Where the elements of an output of the last run lie; nil unless shapes are fixed and the output is a tensor of numbers.
    public func outputAddress(_ index: Int) -> UnsafeRawPointer? { plan.outputAddress(index) }

    /// The shape of an output of the last run.
    public func outputShape(_ index: Int) -> [Int] { last.outputShape(index) }

    /// The elements of an output of the last run.
    ///
    /// - Throws: `invalidInput` when the output has another element type.
    public func output<T: Scalar>(_ index: Int, of type: T.Type) throws(ModelError) -> UnsafeBufferPointer<T> {
        try last.outputElements(index, of: type)
    }

    /// A copy of an output of the last run.
    ///
    /// - Throws: `limit` when there is no memory for it.
    public func outputTensor(_ index: Int) throws(ModelError) -> Value { try last.output(index) }

    /// The element type and the bytes of an output of the last run.
    ///
    /// - Throws: `unsupported` when the output is no tensor of numbers.
    public func outputBytes(_ index: Int) throws(ModelError) -> (elementType: ElementType, bytes: UnsafeRawBufferPointer) {
        try last.outputBytes(index)
    }
}

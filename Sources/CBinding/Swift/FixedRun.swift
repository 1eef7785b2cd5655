import CSeptum
import Septum

/// A run with inputs and outputs of known types and shapes, which a call only has to compare: no object is retained on the way.
final class FixedRun {
    private let binding: Binding
    private let inputCount: Int
    private let outputCount: Int
    private let inputs: UnsafeMutablePointer<septum_tensor>
    private let outputs: UnsafeMutablePointer<septum_tensor>
    private let inputExtents: UnsafeMutablePointer<Extent>
    private let outputExtents: UnsafeMutablePointer<Extent>

    private struct Extent {
        /// At least 1.
        let byteCount: Int
        /// The bits of an address that must be zero.
        let alignment: UInt

        init(_ tensor: septum_tensor) {
            let width = max(1, tensor.width)
            byteCount = max(1, tensor.shape.reduce(width, &*))
            alignment = UInt(max(1, min(width, 8))) - 1
        }
    }

    /// Takes over the shapes of a run that has succeeded; nil when its outputs may have other shapes next time, or lie in an input.
    init?(_ binding: Binding, _ given: UnsafeBufferPointer<septum_tensor>, _ results: [septum_tensor]) throws(ModelError) {
        guard binding.hasFixedShapes else { return nil }
        for (index, result) in results.enumerated() where result.data != (try binding.outputBytes(index)).bytes.baseAddress {
            return nil
        }
        self.binding = binding
        inputCount = given.count
        outputCount = results.count
        inputs = .allocate(capacity: max(given.count, 1))
        outputs = .allocate(capacity: max(results.count, 1))
        inputExtents = .allocate(capacity: max(given.count, 1))
        outputExtents = .allocate(capacity: max(results.count, 1))
        for (index, input) in given.enumerated() {
            inputs[index] = input.withOwnDims
            inputExtents[index] = Extent(input)
        }
        for (index, result) in results.enumerated() {
            outputs[index] = result.withOwnDims
            outputExtents[index] = Extent(result)
        }
    }

    deinit {
        for index in 0..<inputCount { inputs[index].dims.deallocate() }
        for index in 0..<outputCount { outputs[index].dims.deallocate() }
        inputs.deallocate()
        outputs.deallocate()
        inputExtents.deallocate()
        outputExtents.deallocate()
    }

    /// Whether the arguments of a call are those that the run was made for, but for where they lie, which must be outside the
    /// outputs.
    func fits(_ given: UnsafeBufferPointer<septum_tensor>, outputs count: Int) -> Bool {
        guard given.count == inputCount, count == outputCount else { return false }
        for index in 0..<inputCount {
            let (known, new) = (inputs[index], given[index])
            guard new.type == known.type, new.rank == known.rank, new.strides == nil else { return false }
            guard known.rank == 0 || new.dims != nil else { return false }
            for axis in 0..<Int(known.rank) where new.dims[axis] != known.dims[axis] { return false }
            guard let data = new.data, UInt(bitPattern: data) & inputExtents[index].alignment == 0 else { return false }
            for output in 0..<outputCount {
                guard let start = binding.outputAddress(output) else { return false }
                if data < start + outputExtents[output].byteCount, start < data + inputExtents[index].byteCount { return false }
            }
        }
        return true
    }

    /// Runs on arguments that fit.
    ///
    /// - Throws: what operators throw.
    func run(
        _ given: UnsafeBufferPointer<septum_tensor>, _ results: UnsafeMutableBufferPointer<septum_tensor>
    ) throws(ModelError) {
        for index in 0..<inputCount { if let data = given[index].data { binding.setInput(index, data) } }
        try binding.run()
        for index in 0..<outputCount {
            outputs[index].data = binding.outputAddress(index)
            results[index] = outputs[index]
        }
    }
}

extension septum_tensor {
    fileprivate var withOwnDims: septum_tensor {
        let copy = UnsafeMutablePointer<Int64>.allocate(capacity: max(Int(rank), 1))
        for axis in 0..<Int(rank) { copy[axis] = dims[axis] }
        return septum_tensor(data: data, type: type, rank: rank, dims: copy, strides: nil)
    }
}

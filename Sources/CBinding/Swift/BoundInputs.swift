import CSeptum
import Septum

/// The places that the caller gave to inputs by name.
final class BoundInputs {
    private let ports: [Program.Port]
    private let tensors: UnsafeMutableBufferPointer<septum_tensor>
    private var numbers: [UnsafeMutablePointer<Int64>?]

    init(_ program: Program) {
        ports = program.inputs
        tensors = .allocate(capacity: max(ports.count, 1))
        tensors.initialize(repeating: septum_tensor())
        numbers = Array(repeating: nil, count: ports.count)
    }

    deinit {
        tensors.deallocate()
        for array in numbers { array?.deallocate() }
    }

    /// Keeps a tensor with dimensions and strides of its own.
    ///
    /// - Throws: `invalidInput` when the model has no such input or the tensor does not fit it.
    func bind(_ name: String, _ tensor: septum_tensor) throws(ModelError) {
        guard let index = ports.firstIndex(where: { $0.name == name }) else {
            let known = ports.map(\.name).joined(separator: ", ")
            throw ModelError(.invalidInput, "the model has no input '\(name)'", remedy: "its inputs are \(known)")
        }
        try tensor.check(ports[index])
        let rank = Int(tensor.rank)
        let copy = UnsafeMutablePointer<Int64>.allocate(capacity: max(2 * rank, 1))
        for axis in 0..<rank {
            copy[axis] = tensor.dims[axis]
            copy[rank + axis] = tensor.strides.map { $0[axis] } ?? 0
        }
        numbers[index]?.deallocate()
        numbers[index] = copy
        tensors[index] = tensor
        tensors[index].dims = UnsafePointer(copy)
        if tensor.strides != nil { tensors[index].strides = UnsafePointer(copy + rank) }
    }

    /// - Throws: `invalidInput` naming an input that was not bound.
    func all() throws(ModelError) -> UnsafeBufferPointer<septum_tensor> {
        for (index, port) in ports.enumerated() where numbers[index] == nil {
            throw ModelError(.invalidInput, "input '\(port.name)' is not bound", remedy: "give it a place by septum_bind")
        }
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(tensors)[..<ports.count])
    }
}

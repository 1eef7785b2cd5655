public import SeptumEngine
public import SeptumIR
import SeptumReconstruction
public import SeptumTensor

extension Program {
    /// Whether a numpy archive holds tensors for this program, not columns of events.
    ///
    /// - Parameters:
    ///   - path: A `.npz` file.
    ///   - contract: What columns of events would be called; an array of one axis that bears the name of one is a column unless the
    ///     input of that name has one axis too.
    /// - Returns: True when there is an array for each input and none of these is a column.
    /// - Throws: `malformed` when the file is no archive.
    public func takesTensors(npz path: String, contract: InputContract? = nil) throws(ModelError) -> Bool {
        do throws(ModelError) {
            let file = try Mapping(path: path)
            let entries = try NpzArchive.entries(file.bytes, unpackedLimit: .max)
            let branches = Set(contract?.inputs.flatMap(\.branches) ?? [])
            for port in inputs {
                guard let entry = entries.first(where: { $0.name == port.name + ".npy" }) else { return false }
                guard branches.contains(port.name), port.type.tensor?.shape?.count != 1 else { continue }
                if try NpzMember(entry, in: file.bytes, owner: file).shape.count == 1 { return false }
            }
            return true
        } catch {
            throw error.inFile(path)
        }
    }

    /// Runs the program on the tensors of a numpy archive.
    ///
    /// - Parameter path: A `.npz` file keyed by input names.
    /// - Returns: The outputs by name.
    /// - Throws: `invalidInput` naming the input that is missing, extra or does not fit.
    public func run(npz path: String) throws(ModelError) -> [(name: String, tensor: Tensor)] {
        let tensors = try inputs(npz: path)
        do throws(ModelError) {
            let results = try makeContext().run(tensors)
            return zip(outputs, results).map { ($0.name, $1) }
        } catch {
            throw error.inFile(path)
        }
    }

    /// The tensors of a numpy archive in the order of the program's inputs.
    ///
    /// - Parameter path: A `.npz` file keyed by input names.
    /// - Returns: One tensor an input.
    /// - Throws: `invalidInput` naming the input that is missing or extra.
    public func inputs(npz path: String) throws(ModelError) -> [Tensor] {
        let entries = try Npz.read(path: path)
        do throws(ModelError) {
            for (name, tensor) in entries where !inputs.contains(where: { $0.name == name }) {
                let known = inputs.map(\.name).joined(separator: ", ")
                throw ModelError(
                    .invalidInput, "'\(name)' (\(tensor.elementType)\(tensor.shape)) is no input of the model",
                    remedy: "its inputs are \(known)")
            }
            var tensors: [Tensor] = []
            for port in inputs {
                guard let entry = entries.first(where: { $0.name == port.name }) else {
                    let found = entries.map(\.name).joined(separator: ", ")
                    throw ModelError(.invalidInput, "input '\(port.name)' (\(port.type)) is missing, found \(found)")
                }
                tensors.append(entry.tensor)
            }
            return tensors
        } catch {
            throw error.inFile(path)
        }
    }
}

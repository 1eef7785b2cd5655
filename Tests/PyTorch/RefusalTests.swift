import Foundation
import Septum
import Testing

/// Files and arguments that give no model: what went wrong is said in one line.
@Suite struct RefusalTests {
    private func refused(_ file: String, _ shapes: [String] = [], environment: [String: String] = [:]) throws -> String {
        let options = shapes.flatMap { ["--input-shape", $0] }
        let path = try Case.root.get() + "/" + file
        let command = try Command(["inspect", path, "--trust-pickle", "--python", try Case.python] + options, environment)
        #expect(command.status == 1, "\(file)")
        #expect(command.output == "", "\(file)")
        #expect(command.errorLines.count == 1, "\(file): \(command.errors)")
        let start = "septum: error: \(path): "
        #expect(command.errors.hasPrefix(start), "\(command.errors)")
        return String(command.errors.dropFirst(start.count))
    }

    private static let damaged = "PyTorch cannot read the file, which is damaged or no PyTorch file: "

    @Test(arguments: [
        ("state_dict.pt", "the file holds only weights (a state_dict of 6 tensors), not a module; save the whole module with"),
        ("checkpoint.pt", "the file holds a builtins.dict, not a module; save the whole module with torch.save(module, path)"),
        ("archive.pt", damaged),
        ("cut_module.pt", damaged),
        ("cut_traced.pt", damaged),
        ("cut_program.pt2", damaged),
        ("empty.pt", "the file is empty"),
        ("text.pt", damaged + "invalid load key, 'n'."),
    ])
    func files(_ file: String, _ message: String) throws {
        let error = try refused("refused/" + file)
        #expect(error.hasPrefix(message), "\(error)")
    }

    @Test(arguments: [
        (
            ["x=batch,7"],
            "the module's inputs are x, mask, shapes are given for x; give each input's shape, such as "
        ),
        ([], "the module's inputs are x, mask, shapes are given for none"),
        (["x=batch,9,7", "m=batch,9"], "the module's inputs are x, mask, shapes are given for x, m"),
        (["x=batch,9,7", "x=batch,9,7"], "the module's inputs are x, mask, shapes are given for x, x"),
        (["x=batch,9,7", "mask=batch,9", "y=1"], "the module's inputs are x, mask, shapes are given for x, mask, y"),
        (
            ["x=batch,particles,6", "mask=batch,particles"],
            "the module fails on inputs x torch.float32 [4, 22, 6], mask torch.float32 [4, 22] with RuntimeError: mat1 and mat2 "
        ),
        (["x=float64:batch,9,7", "mask=batch,9"], "the module fails on inputs x torch.float64 [4, 9, 7], mask"),
        (["x=string:batch,9,7", "mask=batch,9"], "PyTorch has no element type 'string'"),
    ])
    func shapes(_ shapes: [String], _ message: String) throws {
        for model in ["deepsets/model.pt", "deepsets_scripted/model.pt"] {
            let error = try refused(model, shapes)
            #expect(error.hasPrefix(message) || message.contains("mat1") && error.hasPrefix("the module fails"), "\(error)")
        }
    }

    @Test func optionalInputsAreListed() throws {
        let error = try refused("optional_mask/model.pt", ["x=batch,9,6", "scale=batch"])
        #expect(error.hasPrefix("the module's inputs are x (then, if wanted, mask, scale), shapes are given for x, scale"))
    }

    /// The exporters are known to store sizes as constants and to lose the reduction of `index_add`.
    @Test func graphsThatDisagree() throws {
        let frozen = try refused("fixed_length/model.pt", ["x=batch,particles,5"])
        #expect(frozen.hasPrefix("PyTorch's exporters give no graph that agrees with the model (dynamo=True: output 0 differs "))
        #expect(frozen.contains("; dynamo=False: output 0 differs from PyTorch's by up to "))
        let lost = try refused("graph_traced/model.pt", ["nodes=nodes,4", "source=int64:edges", "target=int64:edges"])
        #expect(lost.hasPrefix("PyTorch's exporters give no graph that agrees with the model (dynamo=False: output 0 differs "))
    }

    @Test func modulesThatCannotBeRun() throws {
        let nested = try refused("refused/nested.pt", ["x=batch,3"])
        #expect(
            nested.hasPrefix("the module returns a tuple, expected a tensor, or a tuple or dictionary of tensors"), "\(nested)")
        let aborting = try refused("refused/aborting.pt", ["x=batch,3"])
        #expect(aborting.contains("was ended by signal 6"), "\(aborting)")
    }

    @Test func classesThatCannotBeImported() throws {
        let missing = try refused("mlp/model.pt", ["x=batch,16"], environment: ["PYTHONPATH": ""])
        #expect(missing.hasPrefix("the Python module 'networks' is not installed for "), "\(missing)")
        #expect(missing.contains("or add its folder to PYTHONPATH"), "\(missing)")
        let folder = try TemporaryFolder()
        _ = try folder.write("networks.py", [])
        let other = try refused("mlp/model.pt", ["x=batch,16"], environment: ["PYTHONPATH": folder.path])
        #expect(other.hasPrefix("Can't get attribute 'Perceptron' on <module 'networks' from "), "\(other)")
        #expect(other.contains("define it in a file and put its folder on PYTHONPATH"), "\(other)")
    }

    @Test func nothingRunsWithoutTrust() throws {
        let path = try Case("mlp").model
        let command = try Command(["inspect", path, "--python", "/nowhere/python"])
        #expect(command.status == 1)
        let message = "reading a PyTorch file runs the code in it; allow it with --trust-pickle"
        #expect(command.errors.hasPrefix("septum: error: \(path): \(message)"))
    }
}

import Foundation
import Septum
import Testing

/// Wrong arguments and files: one line on the error stream, exit status 1, no file left behind.
@Suite struct ErrorTests {
    private let deepSets = Command.fixtures + "/onnx/jet_deepsets"
    private let jets = Command.fixtures + "/events/jets"

    private func fail(_ arguments: [String], _ message: String, environment: [String: String] = [:]) throws {
        let command = try Command(arguments, environment)
        #expect(command.status == 1, "\(arguments)")
        #expect(command.errorLines.count == 1, "\(arguments): \(command.errors)")
        #expect(command.errors.hasPrefix("septum: error: "), "\(command.errors)")
        #expect(command.errors.contains(message), "\(arguments): \(command.errors)")
        #expect(command.output == "", "\(arguments)")
    }

    @Test func refusesModels() throws {
        let folder = try TemporaryFolder()
        let empty = try folder.write("empty.onnx", [])
        let text = try folder.write("text.onnx", Array("no model".utf8))
        let page = try folder.write("page.dat", Array("<html>".utf8))
        let cut = try folder.write(
            "cut.onnx", Array([UInt8](try Data(contentsOf: URL(filePath: deepSets + "/model.onnx"))).prefix(3000)))
        let missing = folder("none.onnx")
        for command in ["inspect", "bench"] {
            try fail([command, missing], "\(missing): cannot be opened: No such file or directory")
            try fail([command, folder.path], "\(folder.path): is not a regular file")
            try fail([command, empty], "\(empty): the file is empty")
            try fail([command, page], "\(page): the content is of no known model format; run 'septum formats' for the list")
            try fail([command, text], text)
            try fail([command, cut], cut)
        }
        try fail(["inspect", page, "--from", "keras"], "no format is called 'keras'; known formats: ")
        try fail(["inspect", deepSets + "/model.onnx", "--from", "septum"], deepSets + "/model.onnx")
        try fail(["inspect", deepSets + "/model.onnx", "--contract", missing], "\(missing): cannot be opened")
        try fail(["inspect", deepSets + "/model.onnx", "--contract", page], page)
        try fail(["inspect", deepSets + "/model.onnx", "--input-shape", "x"], "'x' is no input shape")
        try fail(["inspect", deepSets + "/model.onnx", "--input-shape", "x=1,+"], "'+' is no dimension")
        try fail(["inspect", deepSets + "/model.onnx", "--input-shape", "x=float:1"], "'float' is no element type")
        #expect(folder.names == ["cut.onnx", "empty.onnx", "page.dat", "text.onnx"])
    }

    @Test func refusesDestinations() throws {
        let folder = try TemporaryFolder()
        let model = deepSets + "/model.onnx"
        for suffix in ["septum", "onnx"] {
            try fail(["convert", model, folder("none/m.\(suffix)")], "\(folder("none/m.\(suffix)")): cannot be ")
        }
        try fail(
            ["convert", model, folder("m.dat")], "\(folder("m.dat")): no format that can be written has this suffix; use one of ")
        try fail(["convert", model, folder("m.json"), "--to", "xgboost"], folder("m.json"))
        try FileManager.default.createDirectory(atPath: folder("taken.septum"), withIntermediateDirectories: false)
        try fail(["convert", model, folder("taken.septum")], "\(folder("taken.septum")): cannot be written")
        try fail(["run", model, deepSets + "/inputs.npz", "-o", folder("none/o.npz")], folder("none/o.npz"))
        try fail(
            ["run", model, deepSets + "/inputs.npz", "-o", folder("o.root")],
            "raw tensors are written to a file with the suffix .npz")
        let contract = ["--contract", deepSets + "/contract.yaml"]
        for suffix in ["npz", "csv", "root", "parquet"] {
            let arguments = ["run", model, jets + "/events.root", "-o", folder("none/o.\(suffix)")] + contract
            try fail(arguments, folder("none/o.\(suffix)"))
        }
        try fail(
            ["run", model, jets + "/events.root", "-o", folder("o.txt")] + contract,
            "use one of .root, .parquet, .pq, .arrow, .feather, .h5, .hdf5, .npz, .csv")
        try fail(
            ["run", model, jets + "/events.root", "-o", folder("o.npz"), "--plot", folder("p.pdf")] + contract,
            "use .svg, .html or .png")
        #expect(folder.names == ["taken.septum"])
    }

    @Test func refusesInputs() throws {
        let folder = try TemporaryFolder()
        let model = deepSets + "/model.onnx"
        let output = ["-o", folder("o.npz")]
        try fail(
            ["run", model, jets + "/jets.csv"] + output,
            "\(model): the model does not say which branches its inputs are; give an input contract")
        try fail(["run", model, folder("none.npz")] + output, "\(folder("none.npz")): cannot be opened")
        try fail(["run", model, jets + "/jets.npz"] + output, "'event' (uint64[")
        try fail(
            ["run", model, jets + "/jets.csv", "--contract", deepSets + "/contract.yaml"] + output,
            "jets.csv: there is no branch 'JetPFCand_pt'; name one of the file's branches in the contract: ")
        try fail(
            ["run", model, jets + "/events.root", "--tree", "Nothing", "--contract", deepSets + "/contract.yaml"] + output,
            "no tree 'Nothing', the file holds: Events")
        try fail(
            ["verify", model, "--inputs", deepSets + "/inputs.npz", "--expected", deepSets + "/inputs.npz"],
            "inputs.npz: 'constituents' is no output of the model; its outputs are probabilities")
        try fail(["bench", model, "--size", "particles"], "'particles' is no size; write NAME=NUMBER, such as particles=30")
        try fail(["bench", model, "--batch", "\(Int.max)"], "more elements than can be counted")
        try fail(["bench", model, "--size", "particles=\(Int.max)"], "more elements than can be counted")
        try fail(["bench", model, "--batch", "\(1 << 40)"], "input 'constituents' would have shape [1099511627776, 1, 10]")
        #expect(folder.names == [])
    }

    @Test func refusesArguments() throws {
        let model = deepSets + "/model.onnx"
        for arguments in [
            ["paint"], ["inspect"], ["inspect", model, "--jsn"], ["convert", model], ["run", model, "x.root"],
            ["run", model, "x.root", "-o", "y.root", "--threads", "0"],
            ["run", model, "x.root", "-o", "y.root", "--threads", "9999"],
            ["run", model, "x.root", "-o", "y.root", "--chunk", "0"], ["run", model, "x.root", "-o", "y.root", "--batch", "-1"],
            ["bench", model, "--seconds", "nan"], ["bench", model, "--batch", "0"],
            ["bench", model, "--batch", "99999999999999999999"],
            ["verify", model],
        ] {
            let command = try Command(arguments)
            #expect(command.status == 64, "\(arguments)")
            #expect(command.errors.hasPrefix("Error: "), "\(arguments): \(command.errors)")
            #expect(command.output == "")
        }
    }

    @Test func saysThatPythonIsMissing() throws {
        let folder = try TemporaryFolder()
        let arguments = [
            "run", deepSets + "/model.onnx", jets + "/events.root", "--contract", deepSets + "/contract.yaml", "-o",
            folder("o.npz"),
        ]
        try fail(arguments, "/nowhere/python", environment: ["SEPTUM_PYTHON": "/nowhere/python"])
        try fail(arguments + ["--python", "/nowhere/python"], "/nowhere/python")
        #expect(folder.names == [])
    }

    @Test func saysThatAModuleIsMissing() throws {
        let folder = try TemporaryFolder()
        let python = try #require(
            ProcessInfo.processInfo.environment["SEPTUM_PYTHON"],
            "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-m", "venv", "--without-pip", folder("bare")]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let bare = folder("bare/bin/python")
        try fail(
            [
                "run", deepSets + "/model.onnx", jets + "/events.root", "--contract", deepSets + "/contract.yaml", "-o",
                folder("o.npz"),
                "--python", bare,
            ], "awkward")
        try fail(
            ["inspect", Command.fixtures + "/sklearn/jet_pipeline/model.joblib", "--trust-pickle", "--python", bare],
            "model.joblib")
        #expect(folder.names == ["bare"])
    }

    /// PyTorch is none of the packages that the tests have.
    @Test func saysThatTorchIsMissing() throws {
        let folder = try TemporaryFolder()
        let model = try folder.write("model.pt", Array("PK\u{3}\u{4}".utf8))
        let python = try #require(
            ProcessInfo.processInfo.environment["SEPTUM_PYTHON"],
            "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        try fail(["inspect", model], "\(model): reading a PyTorch file runs the code in it; allow it with --trust-pickle")
        for message in [
            "\(model): the Python module 'torch' is not installed for \(python) (",
            "; run '\(python) -m pip install torch onnx onnxscript', or add its folder to PYTHONPATH",
        ] {
            try fail(["inspect", model, "--trust-pickle", "--python", python], message)
        }
    }

    @Test func opensNoPickleUnasked() throws {
        let model = Command.fixtures + "/sklearn/jet_pipeline/model.joblib"
        try fail(["inspect", model], "--trust-pickle")
    }
}

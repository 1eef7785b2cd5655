import CSeptumPython
package import SeptumTensor
import Synchronization

/// The one Python interpreter of this process, opened on first use and kept until the process ends.
///
/// The shared library is the user's own, so packages of any virtual environment are found. Calls take the interpreter
/// lock and may come from any thread.
package struct PythonHost: Sendable {
    /// That of the Python that loaded Septum, when one did.
    package let executable: String

    private static let opened = Mutex<PythonHost?>(nil)

    /// The running interpreter, started now when there is none.
    ///
    /// - Throws: `environment` when there is no usable Python, or when another one already runs in this process.
    package static func shared(executable: String? = nil) throws(ModelError) -> PythonHost {
        let held = septum_python_let_go()
        defer { septum_python_take_back(held) }
        let result = opened.withLock { (host) -> Result<PythonHost, ModelError> in
            do throws(ModelError) {
                let open = if let host { try host.checked(against: executable) } else { try start(executable) }
                host = open
                return .success(open)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func checked(against requested: String?) throws(ModelError) -> PythonHost {
        guard let requested, !requested.isEmpty, requested != executable else { return self }
        let asked = try PythonInterpreter(asking: requested).executable
        guard asked == executable else {
            throw ModelError(
                .environment, "'\(executable)' already runs in this process, '\(asked)' cannot be started beside it",
                remedy: "use one Python interpreter per process")
        }
        return self
    }

    private static func start(_ executable: String?) throws(ModelError) -> PythonHost {
        let bridge = String(decoding: PackageResources.bridge_py, as: UTF8.self)
        if septum_python_is_running() {
            if let failure = septum_python_open(nil, "", bridge) {
                throw ModelError(.environment, "the Python of this process cannot be used: \(String(cString: failure))")
            }
            return try PythonHost(executable: try running()).checked(against: executable)
        }
        let python = try PythonInterpreter(asking: PythonInterpreter.choice(executable))
        guard !python.library.isEmpty else {
            throw ModelError(
                .environment, "'\(python.executable)' has no shared libpython\(python.version)",
                remedy: "install it (Debian: apt install libpython\(python.version)), or use a Python built with --enable-shared")
        }
        if let failure = septum_python_open(python.library, python.executable, bridge + "\nquiet()\n") {
            throw ModelError(
                .environment, "'\(python.library)' cannot be opened: \(String(cString: failure))",
                remedy: PythonInterpreter.remedy)
        }
        return PythonHost(executable: python.executable)
    }
}

extension PythonHost {
    /// The executable of the interpreter in this process, which is open.
    private static func running() throws(ModelError) -> String {
        let source = PythonSource(name: "executable", bytes: Array("import sys\nfind = lambda: sys.executable or ''\n".utf8))
        return try value(of: try exchange(WireWriter(source, "find", [])), .environment).string ?? ""
    }
}

/// The text of an embedded Python module.
package struct PythonSource: Sendable {
    /// Stands in tracebacks.
    package let name: String
    package let text: String

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        text = String(decoding: bytes, as: UTF8.self)
    }
}

extension PythonHost {
    /// Calls a function of an embedded module with plain arguments.
    ///
    /// - Throws: `environment` when a Python module is missing, `file` with the system's reason for Python's OSError, `failure`
    ///   for other exceptions, with the type, message and innermost line unless the module raised its own `Refusal`; all of
    ///   them name `file`.
    package func run(
        _ source: PythonSource, _ function: String, _ arguments: [PlainValue], file: String? = nil,
        failure: ModelError.Code = .malformed
    ) throws(ModelError) -> PlainValue {
        do throws(ModelError) {
            return try PythonHost.value(of: try PythonHost.exchange(WireWriter(source, function, arguments)), failure)
        } catch {
            throw file.map { error.inFile($0) } ?? error
        }
    }

    /// What a function of an embedded module returned.
    ///
    /// - Throws: What it raised.
    static func value(of reply: PlainValue, _ failure: ModelError.Code) throws(ModelError) -> PlainValue {
        if let value = reply["value"] { return value }
        throw error(reply["error"] ?? .none, failure)
    }

    private static func exchange(_ writer: WireWriter) throws(ModelError) -> PlainValue {
        let reply = writer.head.withUnsafeBytes { head in
            let blocks = [head] + writer.arrays.map(\.bytes)
            let parts = blocks.map { SeptumBytes(start: $0.baseAddress, count: $0.count) }
            return withExtendedLifetime(writer) { septum_python_call(parts, parts.count) }
        }
        guard let reply else { throw ModelError(.limit, "Python could not answer, it is out of memory") }
        defer { septum_python_reply_release(reply) }
        let blocks = (0..<septum_python_reply_count(reply)).map { index in
            let part = septum_python_reply_part(reply, index)
            return UnsafeRawBufferPointer(start: part.start, count: part.count)
        }
        var reader = WireReader(blocks)
        return try reader.value()
    }

    private static func error(_ description: PlainValue, _ failure: ModelError.Code) -> ModelError {
        let kinds = description["kinds"]?.strings ?? []
        let message = description["message"]?.string ?? ""
        let place = description["place"]?.string ?? ""
        if let module = description["module"]?.string {
            let python = description["executable"]?.string ?? "python3"
            return ModelError(
                .environment, "the Python module '\(module)' is not installed for \(python)",
                remedy: remedy(missing: module, python), cause: place)
        }
        let code: ModelError.Code = kinds.contains("OSError") ? .file : kinds.contains("MemoryError") ? .limit : failure
        if let plain = description["plain"]?.string { return ModelError(code, plain) }
        return ModelError(code, "Python raised \(kinds.first ?? "an exception"): \(message)", cause: place.isEmpty ? nil : place)
    }

    /// Packages whose name on the package index differs from the module's.
    private static let packages = [
        "PIL": "pillow", "sklearn": "scikit-learn", "awkward": "awkward uproot pyarrow", "torch": "torch onnx onnxscript",
        "onnxscript": "torch onnx onnxscript",
    ]

    private static func remedy(missing module: String, _ python: String) -> String {
        let top = module.split(separator: ".").first.map(String.init) ?? module
        return "run '\(python) -m pip install \(packages[top] ?? top)', or add its folder to PYTHONPATH"
    }
}

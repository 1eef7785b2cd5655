import CSeptumPython
package import SeptumTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A Python that was asked where it and its shared library are.
package struct PythonInterpreter: Sendable {
    package let executable: String
    package let version: String
    /// Empty when it has none.
    package let library: String

    /// The command to ask: the given one, else `SEPTUM_PYTHON`, else the active virtual environment's, else `python3`.
    package static func choice(_ executable: String?) -> String {
        if let executable, !executable.isEmpty { return executable }
        if let named = variable("SEPTUM_PYTHON") { return named }
        if let folder = variable("VIRTUAL_ENV") { return folder + "/bin/python3" }
        return "python3"
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// Asks the interpreter for its own path, version and shared library.
    ///
    /// - Throws: `environment` when there is no such program, or it is no Python 3.9 or later.
    package init(asking command: String) throws(ModelError) {
        let lines = try PythonInterpreter.answer(of: command)
        let version = lines[0].dropFirst("septum:".count).split(separator: ".").compactMap { Int($0) }
        guard version.count == 2, (version[0], version[1]) >= (3, 9) else {
            throw ModelError(
                .environment, "'\(command)' is Python \(lines[0].dropFirst("septum:".count)), 3.9 or later is needed",
                remedy: PythonInterpreter.remedy)
        }
        executable = lines[1]
        self.version = "\(version[0]).\(version[1])"
        library = lines[2]
    }

    static let remedy = "name a Python 3 with --python EXE or the environment variable SEPTUM_PYTHON"

    private static func answer(of command: String) throws(ModelError) -> [String] {
        let script = String(decoding: PackageResources.probe_py, as: UTF8.self)
        var output = [CChar](repeating: 0, count: 16384)
        var count = 0
        let status = septum_python_probe(command, script, &output, output.count, 30, &count)
        let text = String(decoding: output.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if status < 0 {
            throw ModelError(
                .environment, "Python interpreter '\(command)' cannot be run: \(String(cString: strerror(-status)))",
                remedy: remedy)
        }
        guard status == 0, lines.count >= 3, lines[0].hasPrefix("septum:") else {
            throw ModelError(
                .environment, "'\(command)' does not answer as a Python 3 interpreter (exit status \(status))", remedy: remedy)
        }
        return lines
    }
}

import SeptumPythonHost
import SeptumTensor
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

@Suite struct PythonInterpreterTests {
    @Test func theGivenInterpreterComesFirst() {
        #expect(PythonInterpreter.choice("/some/python") == "/some/python")
    }

    @Test func theTestInterpreterHasALibrary() throws {
        let python = try PythonInterpreter(asking: try #require(environmentVariable("SEPTUM_PYTHON")))
        #expect(python.executable.hasPrefix("/"))
        #expect(python.library.contains("libpython\(python.version)"))
    }

    @Test(arguments: [
        ("/no/such/python", "Python interpreter '/no/such/python' cannot be run: No such file or directory"),
        ("no-such-python-here", "Python interpreter 'no-such-python-here' cannot be run: No such file or directory"),
        ("/", "Python interpreter '/' cannot be run: Permission denied"),
        ("/bin/cat", "'/bin/cat' does not answer as a Python 3 interpreter (exit status 1)"),
        ("/bin/true", "'/bin/true' does not answer as a Python 3 interpreter (exit status 0)"),
        ("/usr/bin/yes", "does not answer as a Python 3 interpreter"),
    ])
    func otherProgramsAreRefused(program: String, text: String) throws {
        let error = try #require(throws: ModelError.self) { try PythonInterpreter(asking: program) }
        #expect(error.code == .environment)
        #expect(error.message.contains(text), "\(error)")
        #expect(error.remedy == "name a Python 3 with --python EXE or the environment variable SEPTUM_PYTHON")
    }

    @Test func aSecondInterpreterIsRefused() throws {
        let host = try testPython()
        #expect(try PythonHost.shared().executable == host.executable)
        #expect(try PythonHost.shared(executable: host.executable).executable == host.executable)
        let error = try #require(throws: ModelError.self) { try PythonHost.shared(executable: "/no/such/python") }
        #expect(error.message.contains("cannot be run"))
    }
}

import SeptumPythonHost
import SeptumTensor
import Testing

@Suite struct PythonProcessTests {
    let source = PythonSource(
        name: "process",
        bytes: Array(
            """
            import os
            import sys

            def same(value):
                print("on standard output", flush=True)
                os.write(1, b"by the system")
                return value

            def path():
                return [sys.executable, sys.path]

            def refuse():
                raise Refusal("in plain words")

            def missing():
                import septum_no_such_module

            def crash():
                os.abort()

            def leave():
                os._exit(3)

            """.utf8))

    private func process() throws -> PythonProcess {
        let executable = try #require(
            environmentVariable("SEPTUM_PYTHON"), "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        return try PythonProcess(executable: executable)
    }

    @Test func valuesComeBack() throws {
        let large = try Tensor([1 << 18], [Double](repeating: 0.1, count: 1 << 18))
        let value = PlainValue.list([
            .int(.min), .string("η"), .bytes([0, 255]), .array(large), .array(try Tensor([0], [] as [Int8])),
        ])
        let back = try #require(try process().run(source, "same", [value]).list)
        #expect(back.count == 5)
        #expect(back[0].int == .min)
        #expect(back[1].string == "η")
        #expect(back[2].bytes == [0, 255])
        #expect(back[3].tensor?.isIdentical(to: large) == true)
        #expect(back[4].tensor?.shape == [0])
    }

    @Test func theCurrentFolderIsNotSearched() throws {
        let found = try #require(try process().run(source, "path", []).list)
        #expect(found[0].string == (try process().executable))
        #expect(found[1].strings?.allSatisfy { $0.hasPrefix("/") } == true, "\(found)")
    }

    @Test(arguments: [
        ("refuse", ModelError.Code.malformed, "in plain words"),
        ("missing", .environment, "the Python module 'septum_no_such_module' is not installed for "),
        ("crash", .environment, "was ended by signal 6"),
        ("leave", .environment, "left with status 3"),
    ])
    func failuresBecomeErrors(function: String, code: ModelError.Code, text: String) throws {
        let process = try process()
        let error = try #require(throws: ModelError.self) { try process.run(source, function, []) }
        #expect(error.code == code)
        #expect(error.message.contains(text), "\(error)")
    }

    @Test func otherProgramsAreRefused() throws {
        let error = try #require(throws: ModelError.self) { try PythonProcess(executable: "/usr/bin/yes") }
        #expect(error.message.contains("does not answer as a Python 3 interpreter"))
    }
}

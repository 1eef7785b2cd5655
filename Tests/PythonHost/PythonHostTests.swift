import SeptumPythonHost
import SeptumTensor
import Testing

/// The interpreter that the tests need; they fail without it.
func testPython() throws -> PythonHost {
    let executable = try #require(
        environmentVariable("SEPTUM_PYTHON"), "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
    return try PythonHost.shared(executable: executable)
}

@Suite struct PythonHostTests {
    let source = PythonSource(
        name: "sample",
        bytes: Array(
            """
            import threading

            def same(value):
                return value

            def describe(array):
                return [str(array.dtype), list(array.shape), array.tolist()]

            def arrays():
                import numpy
                grid = numpy.arange(6, dtype="f4").reshape(2, 3)
                return {"t": grid.T, "empty": numpy.zeros((0, 3)), "scalar": numpy.array(7, dtype="i2"), "number": numpy.int64(5),
                        "big": numpy.arange(2, dtype=">i4"), "strings": numpy.array(["a", "é"]), "flags": numpy.array([True, False])}

            def fail():
                raise ValueError("no good")

            def missing():
                import septum_no_such_module

            def absent():
                open("/no/such/file")

            def refuse():
                raise Refusal("not this one")

            def leave():
                raise SystemExit(3)

            def opaque():
                return object()

            def deep():
                value = []
                for _ in range(100):
                    value = [value]
                return value

            def huge():
                return 2 ** 70

            def endless():
                return endless()

            count = 0
            def bump(times):
                global count
                for _ in range(times):
                    count = count + 1
                return threading.get_ident()

            """.utf8))

    @Test func plainValuesComeBack() throws {
        let host = try testPython()
        let value = PlainValue.dictionary([
            (key: "none", value: .none), (key: "true", value: .bool(true)), (key: "false", value: .bool(false)),
            (key: "least", value: .int(.min)), (key: "infinite", value: .float(-.infinity)), (key: "nan", value: .float(.nan)),
            (key: "text", value: .string("η → 2.5")), (key: "bytes", value: .bytes([0, 255])),
            (key: "list", value: .list([.list([]), .int(3)])),
        ])
        let back = try host.run(source, "same", [value])
        #expect("\(back)" == "\(value)")
    }

    @Test func arraysKeepTypeShapeAndBits() throws {
        let host = try testPython()
        for tensor in [
            try Tensor([2, 2], [1.5, -0.0, .infinity, .leastNonzeroMagnitude] as [Double]),
            try Tensor([3], [1, 2, 3] as [Float]),
            try Tensor([0, 4], [] as [Int64]), try Tensor([], [true] as [Bool8]), try Tensor([2], strings: ["électron", ""]),
            try Tensor([1], [Float16(0.5)]), try Tensor([2], [UInt64.max, 0]),
        ] {
            let back = try #require(try host.run(source, "same", [.array(tensor)]).tensor)
            #expect(back.isIdentical(to: tensor))
        }
        let seen = try host.run(source, "describe", [.array(try Tensor([1, 2], [1.5, 2.5] as [Float]))])
        #expect(
            "\(seen)"
                == "\(PlainValue.list([.string("float32"), .list([.int(1), .int(2)]), .list([.list([.float(1.5), .float(2.5)])])]))"
        )
    }

    @Test func numpyLayoutsAreMadeDense() throws {
        let found = try testPython().run(source, "arrays", [])
        #expect(try #require(found["t"]?.tensor).isIdentical(to: try Tensor([3, 2], [0, 3, 1, 4, 2, 5] as [Float])))
        #expect(try #require(found["empty"]?.tensor).isIdentical(to: try Tensor([0, 3], [] as [Double])))
        #expect(try #require(found["scalar"]?.tensor).isIdentical(to: try Tensor([], [7] as [Int16])))
        #expect(found["number"]?.int == 5)
        #expect(try #require(found["big"]?.tensor).isIdentical(to: try Tensor([2], [0, 1] as [Int32])))
        #expect(found["strings"]?.strings == ["a", "é"])
        #expect(try #require(found["flags"]?.tensor).isIdentical(to: try Tensor([2], [true, false] as [Bool8])))
    }

    @Test(arguments: [
        ("fail", ModelError.Code.malformed, "Python raised ValueError: no good (<septum sample.py>:16 in fail)"),
        ("absent", .file, "No such file or directory: '/no/such/file'"),
        ("refuse", .malformed, "not this one"),
        ("leave", .malformed, "Python raised SystemExit: 3"),
        ("opaque", .malformed, "Python raised TypeError: builtins.object is not plain data"),
        ("deep", .malformed, "Python raised ValueError: plain data nested deeper than 64"),
        ("huge", .malformed, "Python raised error: "),
        ("endless", .malformed, "Python raised RecursionError: maximum recursion depth exceeded"),
        ("nothing", .malformed, "Python raised AttributeError: module '_septum_sample' has no attribute 'nothing'"),
    ])
    func exceptionsBecomeErrors(function: String, code: ModelError.Code, text: String) throws {
        let host = try testPython()
        let error = #expect(throws: ModelError.self) { try host.run(source, function, []) }
        #expect(error?.code == code)
        #expect(error?.description.hasPrefix(text) == true, "\(String(describing: error))")
        if function == "refuse" { #expect(error?.description == text) }
    }

    @Test func missingModuleNamesTheCommandThatInstallsIt() throws {
        let host = try testPython()
        let error = try #require(throws: ModelError.self) { try host.run(source, "missing", []) }
        #expect(error.code == .environment)
        #expect(error.message == "the Python module 'septum_no_such_module' is not installed for \(host.executable)")
        #expect(error.remedy?.hasPrefix("run '\(host.executable) -m pip install septum_no_such_module'") == true)
    }

    @Test func threadsMayCallAtOnce() async throws {
        let host = try testPython()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let tensor = try Tensor([1000], [Double](repeating: Double(index), count: 1000))
                    let back = try host.run(source, "same", [.array(tensor)]).tensor
                    #expect(back?.isIdentical(to: tensor) == true)
                    _ = try host.run(source, "bump", [.int(100)])
                }
            }
            try await group.waitForAll()
        }
    }
}

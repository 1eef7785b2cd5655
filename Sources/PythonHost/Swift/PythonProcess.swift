import CSeptumPython
package import SeptumTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A Python in a process of its own for each call: for libraries that cannot share one with Septum or should not stay in it.
///
/// torch calls functions of its own copy of protobuf by names that Septum's libprotobuf has too, and crashes beside it.
package struct PythonProcess: Sendable {
    package let executable: String

    /// Replies above this many bytes are refused.
    private static let replyLimit = 1 << 33

    /// The given interpreter, else the one that runs in this process, else what `PythonInterpreter` chooses.
    ///
    /// - Throws: `environment` when there is no usable Python.
    package init(executable: String?) throws(ModelError) {
        var command = PythonInterpreter.choice(executable)
        if executable?.isEmpty ?? true, septum_python_is_running() {
            let running = try PythonHost.shared().executable
            command = running.isEmpty ? command : running
        }
        self.executable = try PythonInterpreter(asking: command).executable
    }

    /// Calls a function of an embedded module with plain arguments; what it prints is discarded.
    ///
    /// - Throws: As `PythonHost.run`; `environment` when the process ends without an answer.
    package func run(
        _ source: PythonSource, _ function: String, _ arguments: [PlainValue], failure: ModelError.Code = .malformed
    ) throws(ModelError) -> PlainValue {
        let request = PythonProcess.frame(WireWriter(source, function, arguments))
        // Without the current folder, which `-c` puts first among those searched for modules.
        let script =
            "import sys\nsys.path[:] = filter(None, sys.path)\n"
            + String(decoding: PackageResources.bridge_py, as: UTF8.self) + "\nserve()\n"
        var reply: UnsafeMutableRawPointer?
        var count = 0
        let status = request.withUnsafeBytes {
            septum_python_process(executable, script, $0.baseAddress, $0.count, PythonProcess.replyLimit, &reply, &count)
        }
        defer { free(reply) }
        guard status == 0 else {
            let end =
                status < 0
                ? "cannot be run: \(String(cString: strerror(-status)))"
                : status > 128 ? "was ended by signal \(status - 128)" : "left with status \(status)"
            throw ModelError(.environment, "Python '\(executable)' \(end)", remedy: "see whether it runs by itself")
        }
        var reader = WireReader(try PythonProcess.blocks(UnsafeRawBufferPointer(start: reply, count: count)))
        return try PythonHost.value(of: try reader.value(), failure)
    }

    /// The number of blocks, the length of each, and the blocks.
    private static func frame(_ writer: WireWriter) -> [UInt8] {
        var bytes: [UInt8] = []
        let counts = [writer.arrays.count + 1, writer.head.count] + writer.arrays.map(\.byteCount)
        for count in counts { withUnsafeBytes(of: Int64(count).littleEndian) { bytes.append(contentsOf: $0) } }
        bytes += writer.head
        for array in writer.arrays { bytes += array.bytes }
        return bytes
    }

    private static func blocks(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> [UnsafeRawBufferPointer] {
        let broken = ModelError(.malformed, "Python's reply cannot be read: \(bytes.count) bytes that are no blocks")
        var at = 0
        func number() throws(ModelError) -> Int {
            guard bytes.count - at >= 8 else { throw broken }
            defer { at += 8 }
            return Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int64.self)))
        }
        let count = try number()
        guard count >= 1, count <= (bytes.count - at) / 8 else { throw broken }
        var lengths: [Int] = []
        for _ in 0..<count { lengths.append(try number()) }
        var blocks: [UnsafeRawBufferPointer] = []
        for length in lengths {
            guard length >= 0, length <= bytes.count - at else { throw broken }
            blocks.append(UnsafeRawBufferPointer(rebasing: bytes[at..<at + length]))
            at += length
        }
        guard at == bytes.count else { throw broken }
        return blocks
    }
}

import Septum
import Testing

/// Outputs that are computed in the caller's memory.
@Suite struct OutputPlaceTests {
    /// Room for elements with marks around it, eight bytes off a boundary of 64.
    private final class Room {
        private let memory: UnsafeMutableRawBufferPointer
        private let count: Int
        private static let margin = 72

        init(_ count: Int) {
            self.count = count
            memory = .allocate(byteCount: count + 2 * Room.margin, alignment: 64)
            for index in memory.indices { memory[index] = 0xa5 }
        }

        deinit { memory.deallocate() }

        var start: UnsafeMutableRawPointer? { memory.baseAddress.map { $0 + Room.margin } }
        var bytes: Slice<UnsafeMutableRawBufferPointer> { memory[Room.margin..<Room.margin + count] }
        var isKept: Bool { memory.indices.allSatisfy { $0 >= Room.margin && $0 < Room.margin + count || memory[$0] == 0xa5 } }
    }

    @Test(arguments: Fixture.all) func holdsTheSameBits(_ fixture: Fixture) throws {
        guard fixture.format != "sklearn" else { return }
        for path in try fixture.models().prefix(1) {
            let program = try Program(try fixture.load(path))
            guard let inputs = try? fixture.inputs(fixture.folder, program),
                inputs.allSatisfy({ $0.elementType != .string })
            else { continue }
            let context = program.makeContext()
            guard let binding = try? context.bind(inputs) else { continue }
            try binding.run()
            let types = program.outputs.map(\.type.tensor?.elementType)
            guard binding.hasFixedShapes, types.allSatisfy({ $0 != nil && $0 != .string }) else { continue }
            let expected = try program.outputs.indices.map { Array(try binding.outputBytes($0).bytes) }
            let rooms = expected.map { Room($0.count) }
            let placed = program.outputs.indices.filter { index in
                rooms[index].start.map { binding.setOutput(index, $0) } ?? false
            }
            for _ in 0..<2 { try binding.run() }
            for index in placed {
                #expect(binding.outputAddress(index) == rooms[index].start.map { UnsafeRawPointer($0) })
                #expect(rooms[index].bytes.elementsEqual(expected[index]), "\(program.outputs[index].name)")
                #expect(rooms[index].isKept, "\(program.outputs[index].name)")
            }
            binding.setOutputsBack()
            try binding.run()
            for index in expected.indices {
                #expect(try binding.outputBytes(index).bytes.elementsEqual(expected[index]))
                let bytes = try binding.outputBytes(index).bytes
                #expect(!placed.contains(index) || bytes.isEmpty || binding.usesMemory(bytes))
            }
        }
    }

    @Test func mostOutputsAreComputedInPlace() throws {
        let program = try Program(try Model.load(Fixture(format: "onnx", name: "jet_deepsets").folder + "/model.onnx"))
        let binding = try program.makeContext().bind([[2, 3, 10], [2, 5]])
        let room = Room(24)
        #expect(binding.setOutput(0, try #require(room.start)))
    }
}

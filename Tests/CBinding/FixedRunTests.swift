import CSeptum
import CSeptumCounters
import Foundation
import Septum
import SeptumC
import Testing

/// Calls with the types and shapes of the one before take a shorter way, which must give the same bits and refuse the same things.
@Suite struct FixedRunTests {
    /// A network whose output may be its next input, and a context for it.
    final class Network {
        let program: Program
        private(set) var context: OpaquePointer?
        private(set) var result = septum_tensor()

        init() throws {
            func weights(_ shape: [Int], _ step: Int) throws -> Tensor {
                try Tensor(shape, (0..<shape.reduce(1, *)).map { Float($0 * step % 31) / 16 - 1 })
            }
            var graph = Graph()
            let x = try graph.addInput("x", .tensor(.float32, ["batch", 5]))
            let hidden = try graph.apply(Op.Gemm(), x, try graph.addConstant(try weights([5, 16], 7)))
            let active = try graph.apply(Op.Relu(), hidden)
            let product = try graph.apply(Op.Gemm(), active, try graph.addConstant(try weights([16, 5], 11)))
            try graph.addOutput(try graph.apply(Op.Tanh(), product), name: "y")
            program = try Program(graph)
            let path = FileManager.default.temporaryDirectory.appending(path: "septum-c-\(UUID().uuidString).septum")
            try Model(graph: graph).save(to: path.path)
            defer { try? FileManager.default.removeItem(at: path) }
            var model: OpaquePointer?
            #expect(septum_model_load(path.path, &model) == SEPTUM_OK)
            #expect(septum_context_create(model, &context) == SEPTUM_OK)
            septum_model_free(model)
        }

        deinit { septum_context_free(context) }

        func run(_ data: UnsafeRawPointer?, _ shape: [Int64], type: Int = SEPTUM_FLOAT32) -> septum_status {
            shape.withUnsafeBufferPointer { dims in
                var tensor = septum_tensor(
                    data: data, type: Int32(type), rank: Int32(shape.count), dims: dims.baseAddress, strides: nil)
                return septum_run(context, &tensor, 1, &result, 1)
            }
        }

        var output: [Float] {
            let count = (0..<Int(result.rank)).reduce(1) { $0 * Int(result.dims[$1]) }
            return Array(UnsafeBufferPointer(start: result.data.assumingMemoryBound(to: Float.self), count: count))
        }

        func expected(_ input: [Float]) throws -> [Float] {
            try program.makeContext().run([try Tensor([input.count / 5, 5], input)])[0].array(of: Float.self)
        }
    }

    private func features(_ rows: Int, _ step: Int) -> [Float] { (0..<(rows * 5)).map { Float($0 * step % 29) / 8 - 1.5 } }

    @Test func followsPointersAndShapes() throws {
        let network = try Network()
        for (rows, step) in [(2, 3), (2, 5), (2, 7), (4, 3), (2, 3), (2, 11), (1, 3), (1, 5)] {
            let input = features(rows, step)
            #expect(input.withUnsafeBytes { network.run($0.baseAddress, [Int64(rows), 5]) } == SEPTUM_OK)
            #expect(network.output == (try network.expected(input)))
        }
    }

    @Test func refusesAfterItHasRun() throws {
        let network = try Network()
        let input = features(4, 3)
        try input.withUnsafeBytes { bytes in
            let data = try #require(bytes.baseAddress)
            for _ in 0..<2 {
                #expect(network.run(data, [2, 5]) == SEPTUM_OK)
                #expect(network.run(nil, [2, 5]) == SEPTUM_INVALID_INPUT)
                #expect(network.run(data + 1, [2, 5]) == SEPTUM_INVALID_INPUT)
                #expect(network.run(data, [2, 5], type: SEPTUM_INT32) == SEPTUM_INVALID_INPUT)
                #expect(network.run(data, [10]) == SEPTUM_INVALID_INPUT)
                #expect(network.run(data, [2, 4]) == SEPTUM_INVALID_INPUT)
                #expect(septum_run(network.context, nil, 0, nil, 0) == SEPTUM_INVALID_INPUT)
            }
            #expect(network.run(data, [2, 5]) == SEPTUM_OK)
            #expect(network.output == (try network.expected(Array(input.prefix(10)))))
        }
    }

    /// The output of one run, or a part of it, is the input of the next.
    @Test func takesItsOutputAsInput() throws {
        let network = try Network()
        let input = features(4, 3)
        #expect(input.withUnsafeBytes { network.run($0.baseAddress, [4, 5]) } == SEPTUM_OK)
        for _ in 0..<3 {
            let before = network.output
            #expect(network.run(network.result.data, [4, 5]) == SEPTUM_OK)
            #expect(network.output == (try network.expected(before)))
        }
        let before = network.output
        #expect(network.run(network.result.data + 20, [2, 5]) == SEPTUM_OK)
        #expect(network.output == (try network.expected(Array(before[5..<15]))))
    }

    @Test(.enabled(if: septum_counts_are_kept() != 0)) func allocatesNothingOnceWarm() throws {
        let network = try Network()
        let shape: [Int64] = [4, 5]
        let input = features(4, 3)
        input.withUnsafeBytes { bytes in
            for _ in 0..<2 { #expect(network.run(bytes.baseAddress, shape) == SEPTUM_OK) }
            let before = septum_counts_now()
            for _ in 0..<3 { _ = network.run(bytes.baseAddress, shape) }
            let after = septum_counts_now()
            #expect(after.allocations == before.allocations && after.locks == before.locks)
        }
    }
}

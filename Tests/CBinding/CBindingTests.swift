import CSeptum
import CSeptumCounters
import Foundation
import Septum
import SeptumC
import Testing

/// The C functions, called as C would call them.
@Suite struct CBindingTests {
    @Test func describesPorts() throws {
        let files = try SampleFiles()
        var model: OpaquePointer?
        #expect(septum_model_load(files.model, &model) == SEPTUM_OK)
        defer { septum_model_free(model) }
        #expect(septum_model_input_count(model) == 1)
        #expect(septum_model_output_count(model) == 2)
        var port = septum_port()
        #expect(septum_model_input(model, 0, &port) == SEPTUM_OK)
        #expect(String(cString: port.name) == "features")
        #expect(port.type == SEPTUM_FLOAT32)
        #expect(port.rank == 2)
        #expect(port.dims[0] == -1 && port.dims[1] == 5)
        #expect(String(cString: try #require(port.symbols[0])) == "batch")
        #expect(port.symbols[1] == nil)
        #expect(septum_model_output(model, 1, &port) == SEPTUM_OK)
        #expect(String(cString: port.name) == "features_again")
        #expect(septum_model_input(model, 1, &port) == SEPTUM_INVALID_INPUT)
        #expect(septum_model_output(model, -1, &port) == SEPTUM_INVALID_INPUT)
    }

    @Test(arguments: [1, 3] as [Int32]) func givesTheBitsOfTheSwiftRun(_ threads: Int32) throws {
        let files = try SampleFiles()
        var (model, context): (OpaquePointer?, OpaquePointer?)
        #expect(septum_model_load(files.model, &model) == SEPTUM_OK)
        #expect(septum_context_create_threaded(model, threads, &context) == SEPTUM_OK)
        // The context keeps what it needs.
        septum_model_free(model)
        defer { septum_context_free(context) }
        for rows in [3, 1, 3, 0] {
            let input = try Tensor([rows, 5], Array(files.features.prefix(rows * 5)))
            let expected = try Program(files.graph).makeContext().run([input])
            var dims = [Int64(rows), 5]
            var results = [septum_tensor(), septum_tensor()]
            let status = input.bytes.withUnsafeBytes { bytes in
                dims.withUnsafeMutableBufferPointer { dims in
                    var tensor = septum_tensor(
                        data: bytes.baseAddress, type: Int32(SEPTUM_FLOAT32), rank: 2, dims: dims.baseAddress, strides: nil)
                    return septum_run(context, &tensor, 1, &results, 2)
                }
            }
            #expect(status == SEPTUM_OK)
            for (result, tensor) in zip(results, expected) {
                #expect(result.type == tensor.elementType.rawValue)
                #expect((0..<Int(result.rank)).map { Int(result.dims[$0]) } == tensor.shape)
                let found = UnsafeRawBufferPointer(start: result.data, count: tensor.byteCount)
                #expect(found.elementsEqual(tensor.bytes))
            }
            // An output that is the input itself is copied: the caller may free the input first.
            #expect(rows == 0 || results[1].data != input.bytes.baseAddress)
        }
    }

    @Test(.enabled(if: septum_counts_are_kept() != 0)) func allocatesNothingOnceWarm() throws {
        let files = try SampleFiles()
        var (model, context): (OpaquePointer?, OpaquePointer?)
        #expect(septum_model_load(files.model, &model) == SEPTUM_OK)
        #expect(septum_context_create(model, &context) == SEPTUM_OK)
        defer {
            septum_context_free(context)
            septum_model_free(model)
        }
        let features = files.features
        var dims = [Int64(3), 5]
        var results = [septum_tensor(), septum_tensor()]
        features.withUnsafeBytes { bytes in
            dims.withUnsafeMutableBufferPointer { dims in
                results.withUnsafeMutableBufferPointer { results in
                    var tensor = septum_tensor(
                        data: bytes.baseAddress, type: Int32(SEPTUM_FLOAT32), rank: 2, dims: dims.baseAddress, strides: nil)
                    for _ in 0..<2 { #expect(septum_run(context, &tensor, 1, results.baseAddress, 2) == SEPTUM_OK) }
                    let before = septum_counts_now()
                    for _ in 0..<3 { _ = septum_run(context, &tensor, 1, results.baseAddress, 2) }
                    let after = septum_counts_now()
                    #expect(after.allocations - before.allocations == 0)
                    #expect(after.locks - before.locks == 0)
                }
            }
        }
    }

    @Test func reportsFailures() throws {
        let files = try SampleFiles()
        var (model, context): (OpaquePointer?, OpaquePointer?)
        #expect(septum_model_load("/no/such/model.onnx", &model) == SEPTUM_FILE)
        #expect(model == nil)
        #expect(String(cString: septum_last_error()).contains("/no/such/model.onnx"))
        #expect(septum_model_load(nil, &model) == SEPTUM_INVALID_INPUT)
        #expect(septum_model_load(files.model, nil) == SEPTUM_INVALID_INPUT)
        #expect(septum_context_create(nil, &context) == SEPTUM_INVALID_INPUT)
        for threads in [0, -1, Int32.max] {
            var threaded: OpaquePointer?
            #expect(septum_model_load(files.model, &model) == SEPTUM_OK)
            #expect(septum_context_create_threaded(model, threads, &threaded) == SEPTUM_INVALID_INPUT && threaded == nil)
            septum_model_free(model)
        }
        #expect(septum_run(nil, nil, 0, nil, 0) == SEPTUM_INVALID_INPUT)
        #expect(septum_model_input_count(nil) == -1)
        #expect(septum_convert(nil, nil) == SEPTUM_INVALID_INPUT)
        septum_model_free(nil)
        septum_context_free(nil)

        #expect(septum_model_load(files.model, &model) == SEPTUM_OK)
        #expect(septum_context_create(model, &context) == SEPTUM_OK)
        defer {
            septum_context_free(context)
            septum_model_free(model)
        }
        var results = [septum_tensor(), septum_tensor()]
        var floats = [Float](repeating: 1, count: 16)
        try floats.withUnsafeMutableBytes { bytes in
            let data = UnsafeRawPointer(try #require(bytes.baseAddress))
            func run(_ data: UnsafeRawPointer?, _ type: Int, _ shape: [Int64], inputs: Int32 = 1, outputs: Int32 = 2) -> Int32 {
                shape.withUnsafeBufferPointer { dims in
                    var tensor = septum_tensor(
                        data: data, type: Int32(type), rank: Int32(shape.count), dims: dims.baseAddress, strides: nil)
                    return septum_run(context, &tensor, inputs, &results, outputs)
                }
            }
            #expect(run(data, SEPTUM_FLOAT32, [3, 5]) == SEPTUM_OK)
            #expect(run(data, SEPTUM_FLOAT32, [3, 5], inputs: 2) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [3, 5], inputs: -1) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [3, 5], outputs: 1) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT64, [3, 5]) == SEPTUM_INVALID_INPUT)
            #expect(String(cString: septum_last_error()) == "input 'features': found float64, expected float32[batch, 5]")
            #expect(run(data, 99, [3, 5]) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [3, 4]) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [15]) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [-3, 5]) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [.max, 5]) == SEPTUM_INVALID_INPUT)
            #expect(run(data + 1, SEPTUM_FLOAT32, [3, 5]) == SEPTUM_INVALID_INPUT)
            #expect(run(nil, SEPTUM_FLOAT32, [3, 5]) == SEPTUM_INVALID_INPUT)
            #expect(run(data, SEPTUM_FLOAT32, [3, 5]) == SEPTUM_OK)
        }
    }

    @Test func converts() throws {
        let files = try SampleFiles()
        let copy = files.folder.appending(path: "copy.septum").path
        #expect(septum_convert(files.model, copy) == SEPTUM_OK)
        #expect(try Model.load(copy).graph.nodes.count == files.graph.nodes.count)
        let nonsense = files.folder.appending(path: "copy.nonsense").path
        #expect(septum_convert(files.model, nonsense) == SEPTUM_UNSUPPORTED)
        var model: OpaquePointer?
        #expect(septum_model_load(copy, &model) == SEPTUM_OK)
        let saved = files.folder.appending(path: "saved.septum").path
        #expect(septum_model_save(model, saved) == SEPTUM_OK)
        #expect(try Data(contentsOf: URL(filePath: saved)) == Data(contentsOf: URL(filePath: copy)))
        #expect(septum_model_save(model, nonsense) == SEPTUM_UNSUPPORTED)
        #expect(septum_model_save(model, nil) == SEPTUM_INVALID_INPUT)
        septum_model_free(model)
        #expect(septum_model_save(model, saved) == SEPTUM_INVALID_INPUT)
    }
}

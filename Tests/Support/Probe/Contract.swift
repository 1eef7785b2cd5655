import Foundation
import Septum

/// The reproducibility contract for one model: the bits of its outputs, which every form of running it must give.
struct Contract {
    let name: String
    /// The models, and for each the inputs to run it with.
    let make: () throws -> [(program: Program, inputs: [[Tensor]])]
    /// The largest batch that is tried with the model's first inputs; nil when a row's result may depend on the other rows.
    let largest: Int?

    /// Batches that are compared with the model's own; those of large models, and further inputs, stop early.
    static let batches = [1, 7, 64, 1000]

    static let large: Set = [
        "onnx/half_ort", "onnx/jet_particlenet", "onnx/keras_tracks", "onnx/keras_tracks_tf2onnx", "onnx/ml_svm",
        "onnx/pyg_gravnet", "onnx/pyg_gravnet_dynamo", "onnx/quantized_cnn_qdq", "onnx/quantized_cnn_qoperator",
        "onnx/transformer_block", "onnx/unet", "onnx/vae_decoder", "onnx/weaver_part", "onnx/weaver_part_dynamo",
        "onnx/weaver_part_v3", "onnx/weaver_particlenet", "onnx/weaver_particlenet_dynamo",
    ]

    /// Models whose rows are not independent: the scale of a dynamically quantized tensor follows from all of it.
    static let mixing: Set = ["onnx/quantized_mlp_dynamic", "onnx/quantized_mlp_dynamic_fused"]

    static func models(_ root: String) -> [Contract] {
        fixtures(root)
            + (0..<RandomGraph.count).map { seed in
                Contract(
                    name: "random/\(seed)",
                    make: {
                        let random = try RandomGraph(seed: UInt64(seed))
                        return [(try Program(random.graph), [[random.rows]])]
                    }, largest: RandomGraph.isImage(UInt64(seed)) ? 64 : 1000)
            }
    }

    private static func fixtures(_ root: String) -> [Contract] {
        ["onnx", "xgboost", "lightgbm", "catboost", "sklearn", "tmva", "fastbdt", "treelite"].flatMap { format -> [Contract] in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(format)")) ?? []
            return names.sorted().compactMap { name -> Contract? in
                let folder = "\(root)/\(format)/\(name)"
                guard FileManager.default.fileExists(atPath: folder + "/inputs.npz") else { return nil }
                return Contract(
                    name: "\(format)/\(name)", make: { try programs(folder) },
                    largest: mixing.contains("\(format)/\(name)") ? nil : large.contains("\(format)/\(name)") ? 64 : 1000)
            }
        }
    }

    private static func programs(_ folder: String) throws -> [(Program, [[Tensor]])] {
        var options = ImportOptions()
        options.trustsPickle = true
        options.pythonExecutable = ProcessInfo.processInfo.environment["SEPTUM_PYTHON"]
        let further = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/cases")) ?? []
        let cases = [folder] + further.sorted().map { "\(folder)/cases/\($0)" }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        var programs: [(Program, [[Tensor]])] = []
        for file in files where file.hasPrefix("model.") && !file.hasSuffix(".data") {
            let program = try Program(try Model.load(folder + "/" + file, options: options))
            var inputs: [[Tensor]] = []
            for folder in cases {
                let entries = try Npz.read(path: folder + "/inputs.npz")
                inputs.append(
                    try program.inputs.map { port -> Tensor in
                        guard let entry = entries.first(where: { $0.name == port.name }) else {
                            throw Failure(text: "\(folder): no input '\(port.name)'")
                        }
                        return entry.tensor
                    })
            }
            programs.append((program, inputs))
        }
        return programs
    }

    /// The hash of all outputs; counts the forms of running that gave the same.
    ///
    /// - Throws: `Failure` naming the first form that differs.
    func hash(_ forms: inout Int) throws -> String {
        var bytes: [UInt8] = []
        for (program, cases) in try make() {
            let context = program.makeContext()
            for (index, inputs) in cases.enumerated() {
                let expected = try context.run(inputs)
                for tensor in expected { bytes += canonical(tensor) }
                try compare(program, context, inputs, expected, index > 0 ? largest.map { min($0, 7) } : largest, &forms)
            }
        }
        return bytes.withUnsafeBytes { SHA256.hexadecimal(of: $0) }
    }

    private func compare(
        _ program: Program, _ context: Context, _ inputs: [Tensor], _ expected: [Tensor], _ largest: Int?, _ forms: inout Int
    ) throws {
        func check(_ form: String, _ results: [Tensor], _ expected: [Tensor]) throws {
            forms += 1
            guard results.map(canonical) == expected.map(canonical) else { throw Failure(text: "\(name) differs: \(form)") }
        }
        try check("run again", try context.run(inputs), expected)
        try check("fresh context", try program.makeContext().run(inputs), expected)
        for threads in [2, 3] {
            // Whatever can be shared is, in parts as small as can be.
            let sharing = program.makeContext(sharing: try WorkPool(threads: threads), leastWork: 0)
            try check("shared by \(threads) threads", try sharing.run(inputs), expected)
        }
        let pool = try WorkPool(threads: 2)
        let isPlain = (inputs + expected).allSatisfy { $0.elementType != .string }
        if isPlain { try check("misaligned", try misaligned(program, inputs), expected) }

        let symbols = (program.inputs + program.outputs).map { $0.type.tensor?.shape?.first?.symbolName }
        let count = inputs.first?.shape.first ?? 0
        guard let first = symbols.first, first != nil, symbols.allSatisfy({ $0 == first }), count > 0, let largest else { return }
        for batch in Contract.batches where batch <= largest {
            // Other rows come before and after, so that positions differ too.
            let places = (0..<batch).map { ($0 + batch / 3) % count }
            let picked = try inputs.map { try $0.rows(places) }
            let wanted = try expected.map { try $0.rows(places) }
            try check("batch \(batch)", try context.run(picked), wanted)
            guard isPlain, batch > 1 else { continue }
            let runner = try BatchRunner(program, pool, rows: max(1, batch / 5))
            try check("batch \(batch) on 2 threads", try runner.run(picked), wanted)
        }
    }

    /// Runs with inputs that lie four bytes after a 64-byte boundary, and outputs and all that lies between eight.
    private func misaligned(_ program: Program, _ inputs: [Tensor]) throws -> [Tensor] {
        let context = program.makeContext()
        context.arenaShift = 8
        let binding = try context.bind(inputs.map(\.shape))
        let blocks = inputs.map { UnsafeMutableRawBufferPointer.allocate(byteCount: $0.byteCount + 64, alignment: 64) }
        defer { for block in blocks { block.deallocate() } }
        for (index, (tensor, block)) in zip(inputs, blocks).enumerated() {
            UnsafeMutableRawBufferPointer(rebasing: block[4..<4 + tensor.byteCount]).copyMemory(from: tensor.bytes)
            if let base = block.baseAddress { binding.setInput(index, base + 4) }
        }
        try binding.run()
        return try program.outputs.indices.map { index in
            guard let tensor = try binding.outputTensor(index).tensor else { throw Failure(text: "\(name): no tensor") }
            return tensor
        }
    }
}

/// The bytes of a tensor with its type and shape; every NaN is the same, as sign and payload are not promised.
func canonical(_ tensor: Tensor) -> [UInt8] {
    let head = Array("\(tensor.elementType.name) \(tensor.shape)\n".utf8)
    func bytes<T: Scalar>(_ type: T.Type, _ clean: (T) -> T) -> [UInt8] {
        ((try? tensor.array(of: type)) ?? []).map(clean).withUnsafeBytes { Array($0) }
    }
    switch tensor.elementType {
    case .string: return head + Array(tensor.strings.joined(separator: "\n").utf8)
    case .float64: return head + bytes(Double.self) { $0.isNaN ? .nan : $0 }
    case .float32: return head + bytes(Float.self) { $0.isNaN ? .nan : $0 }
    case .float16: return head + bytes(Float16.self) { $0.isNaN ? .nan : $0 }
    case .bfloat16: return head + bytes(BFloat16.self) { $0.bits & 0x7fff > 0x7f80 ? BFloat16(bits: 0x7fc0) : $0 }
    default: return head + Array(tensor.bytes)
    }
}

extension Tensor {
    /// Shape: `[n, ...] -> [places, ...]`.
    func rows(_ places: [Int]) throws -> Tensor {
        let width = count / max(1, shape[0])
        let shape = [places.count] + shape.dropFirst()
        if elementType == .string { return try Tensor(shape, strings: places.flatMap { strings[$0 * width..<($0 + 1) * width] }) }
        let size = width * elementType.byteWidth
        let storage = try Storage(byteCount: size * places.count)
        for (position, row) in places.enumerated() where size > 0 {
            storage.bytes[position * size..<(position + 1) * size].copyBytes(from: bytes[row * size..<(row + 1) * size])
        }
        return try Tensor(elementType, shape, storage: storage)
    }
}

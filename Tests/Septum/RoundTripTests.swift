import Foundation
import Septum
import Testing

/// Models written as ONNX of every opset that can hold them, checked by onnx and run by ONNX Runtime.
@Suite struct RoundTripTests {
    static let opsets = 13...23
    /// Archives of single nodes in `Tests/ONNX/Cases`.
    static let archives = [
        "machine_learning", "microsoft", "new_forms", "old_forms", "signals_and_images", "standard", "support_vectors",
        "training",
    ]

    /// Fixtures of all formats, by what the library that made each computes.
    @Test func fixturesAgreeInONNXRuntime() throws {
        var trip = try RoundTrip()
        for fixture in Fixture.all {
            let model = try fixture.load(try #require(try fixture.models().first))
            try trip.write(model, fixture.folder)
        }
        let found = try trip.check()
        // ONNX Runtime has no bfloat16 on processors, no Softplus of float64, and does not broadcast masks of Attention.
        #expect(
            found.wrong == [
                "bfloat_mlp: no kernel for Gemm": 12, "gradient: no kernel for Softplus": 9,
                "cross_entropy_lambda: no kernel for Softplus": 4, "lgb_cross_entropy_lambda: no kernel for Softplus": 4,
                "transformers_block: inconsistent q_sequence_length (between attn_mask and Q)": 2,
            ])
        #expect(found.agreeing == 2740)
        #expect(
            trip.refused == [
                "ONNX cannot hash texts, and the model holds hashes of its categories, not their texts": 192,
                "a forest summed in float64, operator 'TreeEnsemble' of ai.onnx.ml 5, needs opset 21": 1448,
                "attribute 'allowzero' of 'Reshape' needs opset 14": 5,
                "attribute 'output_dtype' of 'QuantizeLinear' needs opset 21": 16,
                "attribute 'reduction' of 'ScatterElements' needs opset 16": 16,
                "operator 'Attention' needs opset 23": 10, "operator 'Trilu' needs opset 14": 2,
                "reduction 'max' of 'ScatterElements' needs opset 18": 4,
                "reduction 'min' of 'ScatterElements' needs opset 18": 4,
                "uint16 in 'QuantizeLinear' needs opset 21": 8,
            ])
    }

    /// Integers as categories: a model of CatBoost, and tables of integers of every length and of all kinds of parts.
    @Test func integerCategoriesAgreeInONNXRuntime() throws {
        var trip = try RoundTrip()
        let fixture = try #require(Fixture.all.first { $0.testDescription == "catboost/integers" })
        var options = ImportOptions()
        options.inputShapes = [("categories", TensorType(.int64, ["batch", 2]))]
        try trip.write(try Model.load(try #require(try fixture.models().first), options: options), fixture.folder)
        let folder = try TemporaryFolder()
        try trip.write(try RoundTripTests.categories(folder), folder.path)
        let found = try trip.check()
        #expect(found.wrong == [:])
        #expect(found.agreeing == 4 + 7)
        #expect(
            trip.refused == [
                "a forest summed in float64, operator 'TreeEnsemble' of ai.onnx.ml 5, needs opset 21": 3,
                "the hash of categories, operator 'BitwiseXor', needs opset 18": 10,
            ])
    }

    /// A table whose keys are every other one of its inputs, which are integers of all lengths; and what it gives, in a folder.
    private static func categories(_ folder: TemporaryFolder) throws -> Model {
        typealias Table = Op.CategoryTable
        var integers: [Int64] = [0, .min, .max, .min + 1]
        var power: Int64 = 1
        for length in 0..<19 {
            for number in [power, power &* 7 &+ 3, power &- 1, Int64.max / power] { integers += [number, 0 &- number] }
            if length < 18 { power *= 10 }
        }
        let numbers = integers.indices.map { $0 % 5 == 4 ? Float.nan : Float($0 % 3) }
        let parts = [
            Table.Part(.category, 0), Table.Part(.exceeds, 0, border: 1), Table.Part(.exceedsOrMissing, 0, border: 0.5),
            Table.Part(.equals, 0, hash: Table.hash("-1")),
        ]
        var tables: [Table.Table] = []
        for count in 1...4 {
            let keys = stride(from: 0, to: integers.count, by: 2).map { row -> Int64 in
                let hash = Table.hash("\(integers[row])")
                let values = [Int64(hash), numbers[row] > 1 ? 1 : 0, numbers[row] <= 0.5 ? 0 : 1, hash == parts[3].hash ? 1 : 0]
                return Int64(bitPattern: values.prefix(count).reduce(0) { Table.extended($0, by: $1) })
            }
            tables.append(Table.Table(parts: Array(parts.prefix(count)), keys: Set(keys).sorted()))
        }
        tables.append(Table.Table(parts: [parts[3]], keys: []))
        let columns = tables.enumerated().map { index, table in
            Table.Column(table: index, values: table.keys.indices.map { Float($0) + 0.25 }, fallback: -1)
        }
        let op = try Table(numberCount: 1, categoryCount: 1, tables: tables, columns: columns)
        var graph = Graph()
        let c = try graph.addInput("categories", .tensor(.int64, ["batch", 1]))
        let x = try graph.addInput("X", .tensor(.float32, ["batch", 1]))
        try graph.addOutput(try graph.append(op, name: "table", inputs: [c, x], outputs: ["found"])[0])
        let inputs = [try Tensor([integers.count, 1], integers), try Tensor([integers.count, 1], numbers)]
        let result = try #require(try Interpreter.run(graph, inputs.map(Value.tensor)).first?.tensor)
        let isKnown = try result.array(of: Float.self).enumerated().filter { $0.offset % 5 == 0 }.map { $0.element >= 0 }
        #expect(isKnown.count { $0 } >= integers.count / 2 && isKnown.contains(false))
        try Npz.write([("categories", inputs[0]), ("X", inputs[1])], path: folder("inputs.npz"))
        try Npz.write([("found", result)], path: folder("expected.npz"))
        _ = try folder.write("case.json", Array(#"{"tolerance":{},"exact":["found"]}"#.utf8))
        return Model(graph: graph)
    }

    /// Single nodes, by what ONNX Runtime computes from them as they are.
    @Test func singleNodesAgreeInONNXRuntime() throws {
        var trip = try RoundTrip()
        let folder = try TemporaryFolder()
        for archive in RoundTripTests.archives {
            let path = #filePath.replacing("Tests/Septum/RoundTripTests.swift", with: "Tests/ONNX/Cases/\(archive).npz")
            for (key, tensor) in try Npz.read(path: path) where key.hasSuffix("/model") {
                let name = String(key.dropLast("/model".count))
                let file = try folder.write("model.onnx", try tensor.array(of: UInt8.self))
                try trip.write(try Model.load(file), "\(path)#\(name)")
            }
        }
        let found = try trip.check()
        // ONNX Runtime has no float64 kernels for three functions, none from opset 22 on for three operators, and does not
        // broadcast masks of Attention; onnx's checker wants a shape of every output, also of one whose rank is not known,
        // and splits the last axis of Attention's values wrongly.
        let limits = [
            "microsoft.npz#Attention lengths: inconsistent q_sequence_length (between attn_mask and Q)": 2,
            "microsoft.npz#Attention mask: inconsistent q_sequence_length (between attn_mask and Q)": 2,
            "microsoft.npz#Attention sizes: [ShapeInferenceError] Inference error(s): (op_type:Attention, node name: y_4): "
                + "[ShapeInferenceError] Inferred shape and existing shape differ in dimension 2: (0) vs (4)": 2,
            "microsoft.npz#MultiHeadAttention lengths: inconsistent q_sequence_length (between attn_mask and Q)": 2,
            "microsoft.npz#MultiHeadAttention mask: inconsistent q_sequence_length (between attn_mask and Q)": 2,
            "new_forms.npz#Gelu 5: no kernel for Erf": 12,
            "new_forms.npz#HardSwish 9: no kernel for HardSigmoid": 10,
            "new_forms.npz#Mish 8: no kernel for Softplus": 10,
            "old_forms.npz#GlobalLpPool-1: no kernel for GlobalLpPool": 2,
            "old_forms.npz#Squeeze-11 all: Field 'shape' of 'type' is required but missing.": 12,
            "signals_and_images.npz#MaxRoiPool-7: no kernel for MaxRoiPool": 2,
            "signals_and_images.npz#RoiAlign-10 avg: no kernel for RoiAlign": 2,
            "signals_and_images.npz#RoiAlign-10 max: no kernel for RoiAlign": 2,
            "signals_and_images.npz#RoiAlign-16 avg: no kernel for RoiAlign": 2,
            "signals_and_images.npz#RoiAlign-16 max: no kernel for RoiAlign": 2,
        ]
        let saturated = RoundTripTests.multipliesBytesExactly ? [:] : RoundTripTests.saturatedNodes
        let values = found.wrong.filter { $0.key.contains(" differ, by ") }
        let saturatedFound = Dictionary(uniqueKeysWithValues: values.map { ($0.key.prefix { $0 != ":" }, $0.value) })
        #expect(saturatedFound == saturated)
        #expect(found.wrong.filter { values[$0.key] == nil } == limits)
        #expect(found.agreeing == 5406 - saturated.values.reduce(0, +))
        #expect(trip.refused == RoundTripTests.refusedNodes)
    }

    /// Whether this processor has the instructions that sum products of 8-bit integers without an overflow on the way.
    private static var multipliesBytesExactly: Bool {
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("vnni") == true
    }

    /// Nodes that ONNX Runtime computes by sums of two products that saturate at 16 bits, where the processor has nothing better.
    private static let saturatedNodes: [Substring: Int] = [
        "microsoft.npz#DynamicQuantizeMatMul": 12, "microsoft.npz#DynamicQuantizeMatMul columns": 12,
        "microsoft.npz#MatMulIntegerToFloat": 12, "microsoft.npz#MatMulIntegerToFloat columns": 12,
        "microsoft.npz#QGemm": 4, "microsoft.npz#QGemm float": 12, "microsoft.npz#QGemm no bias": 4,
        "standard.npz#QLinearConv bias": 12, "standard.npz#QLinearConv channels": 12,
    ]

    private static let refusedNodes = [
        "'GridSample' of other than four axes needs opset 20": 7,
        "'constant_1' of type uint2 needs opset 25": 22,
        "'constant_1' of type uint4 needs opset 21": 32,
        "'noop_with_empty_axes' needs opset 18": 20,
        "a choice of axes at run time needs opset 18": 20,
        "a choice of axes with sizes that are not known needs opset 18": 5,
        "a forest summed in float64, operator 'TreeEnsemble' of ai.onnx.ml 5, needs opset 21": 8,
        "a shift by half a pixel needs opset 16": 6,
        "attribute 'allowzero' of 'Reshape' needs opset 14": 1,
        "attribute 'antialias' of 'Resize' needs opset 18": 5,
        "attribute 'block_size' of 'DequantizeLinear' needs opset 21": 16,
        "attribute 'ceil_mode' of 'LpPool' needs opset 18": 5,
        "attribute 'dilations' of 'AveragePool' needs opset 19": 6,
        "attribute 'keep_aspect_ratio_policy' of 'Resize' needs opset 18": 5,
        "attribute 'output_dtype' of 'QuantizeLinear' needs opset 21": 152,
        "attribute 'reduction' of 'ScatterElements' needs opset 16": 6,
        "attribute 'reduction' of 'ScatterND' needs opset 16": 6,
        "bool in 'ReduceMin' needs opset 20": 7,
        "int32 in 'Relu' needs opset 14": 1,
        "mode 'wrap' of 'Pad' needs opset 19": 6,
        "operator 'AffineGrid' needs opset 20": 7,
        "operator 'Attention' needs opset 23": 120,
        "operator 'BlackmanWindow' needs opset 17": 4,
        "operator 'CenterCropPad' needs opset 18": 5,
        "operator 'Col2Im' needs opset 18": 5,
        "operator 'DFT' needs opset 17": 20,
        "operator 'DeformConv' needs opset 19": 6,
        "operator 'GridSample' needs opset 16": 18,
        "operator 'HammingWindow' needs opset 17": 4,
        "operator 'HannWindow' needs opset 17": 4,
        "operator 'MelWeightMatrix' needs opset 17": 4,
        "operator 'RotaryEmbedding' needs opset 23": 30,
        "operator 'STFT' needs opset 17": 4,
        "reduction 'max' of 'ScatterElements' needs opset 18": 5,
        "reduction 'max' of 'ScatterND' needs opset 18": 5,
        "reduction 'min' of 'ScatterElements' needs opset 18": 5,
        "reduction 'min' of 'ScatterND' needs opset 18": 5,
        "string in 'Equal' needs opset 19": 24,
        "uint8 in 'Add' needs opset 14": 1,
    ]
}

/// Files of one round trip, and what became of them.
private struct RoundTrip {
    private let folder: TemporaryFolder
    private var list = ""
    private var count = 0
    /// How many models were refused, by the reason less the opset that was asked for.
    private(set) var refused: [String: Int] = [:]

    init() throws { folder = try TemporaryFolder() }

    /// Writes a model at every opset, and once as it is written unasked, but with its weights in a file of their own.
    mutating func write(_ model: Model, _ fixture: String) throws {
        for opset in RoundTripTests.opsets.map(Optional.some) + [nil] {
            var options = ExportOptions()
            options.version = opset
            options.externalData = opset == nil
            let file = folder("\(count).\(opset ?? 0).onnx")
            do throws(ModelError) {
                try model.save(to: file, options: options)
                list += "\(file)\t\(fixture)\n"
            } catch {
                refused[error.message.replacing(/, \d+ was asked for/, with: ""), default: 0] += 1
            }
        }
        count += 1
    }

    /// Runs all files in ONNX Runtime; `wrong` says what disagrees, by case, opset aside.
    func check() throws -> (agreeing: Int?, wrong: [String: Int]) {
        let python = try #require(
            ProcessInfo.processInfo.environment["SEPTUM_PYTHON"],
            "set SEPTUM_PYTHON to a Python with Python/requirements-test.txt installed")
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [
            #filePath.replacing("RoundTripTests.swift", with: "roundtrip.py"), try folder.write("list", Array(list.utf8)),
        ]
        let output = try FileHandle(forWritingTo: URL(filePath: try folder.write("out", [])))
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        var lines = String(decoding: try folder.read("out"), as: UTF8.self).split(separator: "\n")
        let agreeing = lines.popLast().flatMap { Int($0) }
        var wrong: [String: Int] = [:]
        for line in lines { wrong[String(line), default: 0] += 1 }
        return (agreeing, wrong)
    }
}

import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// What is not read of ONNX Runtime's own domain, of training and of classical machine learning, and bad nodes of them.
@Suite struct RefusalTests {
    static let operators: [(domain: String, names: [String])] = [
        (
            "com.microsoft",
            [
                "Attention", "BiasGelu", "DequantizeLinear", "DynamicQuantizeMatMul", "EmbedLayerNormalization", "FastGelu",
                "FusedConv", "FusedGemm", "FusedMatMul", "Gelu", "MatMulIntegerToFloat", "MatMulNBits", "MultiHeadAttention",
                "QGemm",
                "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool", "QLinearLeakyRelu", "QLinearMul",
                "QLinearSigmoid", "QLinearSoftmax", "QuantizeLinear", "QuickGelu", "RotaryEmbedding",
                "SimplifiedLayerNormalization",
                "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
            ]
        ),
        ("ai.onnx.preview.training", ["Adagrad", "Adam", "Gradient", "Momentum"]),
        ("ai.onnx.preview", ["FlexAttention"]),
        ("ai.onnx.ml", ["CastMap", "DictVectorizer", "SVMClassifier"]),
    ]

    static func model(
        _ op: String, _ domain: String, _ inputs: [[Int?]?], element: Int = 1, _ attributes: [AttributeRecord] = []
    ) -> ModelRecord {
        var graph = GraphRecord()
        let names = inputs.indices.map { "x\($0)" }
        graph.nodes = [NodeRecord(op, domain: domain, inputs: names, outputs: ["y"], attributes: attributes)]
        graph.inputs = zip(names, inputs).map { name, shape in
            Sample.value(name, element, shape.map { $0.map { $0.map(TypeRecord.DimensionRecord.value) ?? .unset } })
        }
        graph.outputs = [ValueInfoRecord(name: "y", type: .unset)]
        return Sample.model(graph, domains: [OpsetRecord(domain: domain, version: 1)])
    }

    /// Too few and too many inputs of every rank and unknown ones: an error or a graph, never a trap.
    @Test func survivesWhatIsNoCall() throws {
        let attributes: [[AttributeRecord]] = [
            [], [.init("num_heads", .int(0))], [.init("num_heads", .int(.max)), .init("unidirectional", .int(1))],
            [.init("axis", .int(.min)), .init("opset", .int(12))], [.init("activation", .string("Softmax"))],
            [
                .init("N", .int(.max)), .init("K", .int(1 << 30)), .init("block_size", .int(1 << 30)), .init("bits", .int(4)),
            ],
            [
                .init("mode", .string("standard")), .init("alpha", .float(1)), .init("beta", .float(1)),
                .init("norm_coefficient", .float(0)),
            ],
            [
                .init("vectors_per_class", .ints([.max, .max])), .init("classlabels_ints", .ints([1, 2])),
                .init("coefficients", .floats([1])),
            ],
        ]
        var (count, imported) = (0, 0)
        for (domain, names) in RefusalTests.operators {
            for name in names {
                for shape in [nil, [], [2, 3], [nil, nil, 4], [1 << 40, 0, 8]] as [[Int?]?] {
                    for inputs in [0, 1, 3, 5, 9] {
                        for list in attributes {
                            let shapes = Array(repeating: shape, count: inputs)
                            let element = count % 3 == 0 ? 2 : count % 3 == 1 ? 6 : 1
                            let record = RefusalTests.model(name, domain, shapes, element: element, list)
                            do {
                                _ = try StructureTests.imported(record)
                                imported += 1
                            } catch {
                                #expect(error is ModelError)
                            }
                            count += 1
                        }
                    }
                }
            }
        }
        #expect(count == 36 * 5 * 5 * 8 && imported > 0)
    }

    @Test func namesWhatItDoesNotKnow() {
        let cases: [(String, String, [[Int?]?], [AttributeRecord], String)] = [
            ("Gradient", "ai.onnx.preview.training", [[2]], [.init("y", .string("x0"))], "a required attribute is missing"),
            (
                "Gradient", "ai.onnx.preview.training", [[2]],
                [.init("xs", .strings(["x0", "x0"])), .init("y", .string("x0"))], "found 1 inputs and 1 outputs"
            ),
            (
                "Gradient", "ai.onnx.preview.training", [[2]],
                [.init("xs", .strings(["x0"])), .init("y", .string("lost"))], "'lost'"
            ),
            (
                "FlexAttention", "ai.onnx.preview", [[1, nil, 4, 8], [1, 2, 4, 8], [1, 2, 4, 8]], [],
                "the numbers of heads and features must be known"
            ),
            (
                "FlexAttention", "ai.onnx.preview", [[1, 3, 4, 8], [1, 2, 4, 8], [1, 2, 4, 8]], [],
                "3 heads cannot share 2 heads of keys"
            ),
            ("FlexAttention", "ai.onnx.preview", [[1, 2, 4], [1, 2, 4, 8], [1, 2, 4, 8]], [], "4 axes"),
            ("GroupQueryAttention", "com.microsoft", [[2, 3, 8]], [], "has no operator 'GroupQueryAttention'"),
            ("FusedMatMul", "com.microsoft", [[2, 2], [2, 2]], [.init("transBatchA", .int(1))], "attribute 'transBatchA'"),
            ("FusedMatMul", "com.microsoft", [nil, [2, 2]], [.init("transA", .int(1))], "rank of a matrix that is transposed"),
            (
                "FusedMatMul", "com.microsoft", [[2, 2], [2, 2]], [.init("gamma", .int(1))], "the operator has no such attribute"
            ),
            ("FusedGemm", "com.microsoft", [[2, 2], [2, 2]], [.init("activation", .string("Selu"))], "found 'Selu'"),
            ("MultiHeadAttention", "com.microsoft", [[2, 3, 8]], [.init("num_heads", .int(2))], "input 1 is required"),
            (
                "MultiHeadAttention", "com.microsoft", [[2, 3, 8], [2, 4, 3, 4], [2, 4, 3, 4]], [.init("num_heads", .int(2))],
                "input 1 must be known to have 3 axes"
            ),
            (
                "Attention", "com.microsoft", [[2, 3, 8], [8, 24]],
                [.init("num_heads", .int(2)), .init("do_rotary", .int(1))], "attribute 'do_rotary'"
            ),
            ("RotaryEmbedding", "com.microsoft", [[2, 3, 8]], [.init("scale", .float(0.5))], "attribute 'scale'"),
            (
                "MatMulNBits", "com.microsoft", [[2, 32], [4, 1, 16], [4]],
                [.init("N", .int(4)), .init("K", .int(32)), .init("block_size", .int(32))], "input 1 must be a constant of uint8"
            ),
            (
                "QLinearAveragePool", "com.microsoft", [[1, 2, 4, 4]], [.init("channels_last", .int(1))],
                "attribute 'channels_last'"
            ),
            (
                "LinearClassifier", "ai.onnx.ml", [[2, 1]],
                [
                    .init("coefficients", .floats([1])), .init("intercepts", .floats([1])),
                    .init("classlabels_ints", .ints([1, 2])),
                    .init("post_transform", .string("PROBIT")),
                ], "found 'PROBIT' for two classes that share a score"
            ),
            (
                "SVMClassifier", "ai.onnx.ml", [[2, 1]],
                [
                    .init("coefficients", .floats([1, 2])), .init("vectors_per_class", .ints([1, 1])), .init("rho", .floats([0])),
                    .init("support_vectors", .floats([1, 2])), .init("classlabels_ints", .ints([1, 2])),
                    .init("post_transform", .string("SOFTMAX")),
                ], "found 'SOFTMAX' for the score of one pair"
            ),
        ]
        for (op, domain, inputs, attributes, fragment) in cases {
            let message = StructureTests.message(RefusalTests.model(op, domain, inputs, attributes))
            #expect(message.contains(fragment), "\(op): \(message)")
        }
    }

    @Test func differentiatesOnlyWhatItCan() {
        let shape: [TypeRecord.DimensionRecord] = [.value(1), .value(1), .value(4)]
        var graph = GraphRecord()
        graph.nodes = [
            NodeRecord("MaxPool", name: "pool", inputs: ["x"], outputs: ["h"], attributes: [.init("kernel_shape", .ints([2]))]),
            NodeRecord(
                "Gradient", domain: "ai.onnx.preview.training", name: "slope", inputs: ["x"], outputs: ["y"],
                attributes: [.init("xs", .strings(["x"])), .init("y", .string("h"))]),
        ]
        graph.inputs = [Sample.value("x", 1, shape)]
        graph.outputs = [ValueInfoRecord(name: "y", type: .unset)]
        let message = StructureTests.message(
            Sample.model(graph, domains: [OpsetRecord(domain: "ai.onnx.preview.training", version: 1)]))
        #expect(message.contains("pool (MaxPool)") && message.contains("the operator is not differentiated"), "\(message)")
    }

    /// Each gradient repeats the gradients before it.
    @Test func boundsGradientsOfGradients() {
        var graph = GraphRecord()
        graph.inputs = [Sample.value("x", 1, [])]
        graph.nodes = [NodeRecord("Sin", inputs: ["x"], outputs: ["y0"])]
        for order in 1...40 {
            graph.nodes.append(NodeRecord("Mul", inputs: ["y\(order - 1)", "y\(order - 1)"], outputs: ["s\(order)"]))
            graph.nodes.append(
                NodeRecord(
                    "Gradient", domain: "ai.onnx.preview.training", inputs: ["x"], outputs: ["y\(order)"],
                    attributes: [.init("xs", .strings(["x"])), .init("y", .string("s\(order)"))]))
        }
        graph.outputs = [ValueInfoRecord(name: "y40", type: .unset)]
        let message = StructureTests.message(
            Sample.model(graph, domains: [OpsetRecord(domain: "ai.onnx.preview.training", version: 1)]))
        #expect(message.contains("the gradients of the model stand for more than"), "\(message)")
    }

    @Test func refusesLengthsInOldScans() {
        let body = StructureTests.graph(
            [NodeRecord("Add", inputs: ["s", "e"], outputs: ["t"]), NodeRecord("Identity", inputs: ["t"], outputs: ["o"])],
            inputs: ["s", "e"], outputs: ["t", "o"])
        var graph = GraphRecord()
        graph.nodes = [
            NodeRecord(
                "Scan", inputs: ["lengths", "s0", "x"], outputs: ["y", "z"],
                attributes: [.init("body", .graph(body)), .init("num_scan_inputs", .int(1))])
        ]
        graph.inputs = [
            Sample.value("lengths", 7, [.value(2)]), Sample.value("s0", 1, [.value(2), .value(3)]),
            Sample.value("x", 1, [.value(2), .value(5), .value(3)]),
        ]
        graph.outputs = [ValueInfoRecord(name: "y", type: .unset)]
        let message = StructureTests.message(Sample.model(graph, opset: 8))
        #expect(message.contains("the sequences have lengths of their own"), "\(message)")
    }
}

import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// What a file says of its operators, whether or not it can be imported.
@Suite struct SurveyTests {
    private static func survey(_ record: ModelRecord, importing: Bool = false) throws -> ONNXSurvey {
        let source = try ModelSource(bytes: try record.serialized(), name: "test")
        let model = importing ? try ONNXAdapter().importModel(source, ImportOptions()) : nil
        return try ONNXSurvey(source, model: model)
    }

    private static func graph(_ nodes: [NodeRecord], initializers: [TensorRecord] = []) -> GraphRecord {
        var graph = GraphRecord()
        graph.nodes = nodes
        graph.inputs = [Sample.value("x", 1, [.name("n"), .name("m"), .unset, .value(-1), .value(3)])]
        graph.outputs = [Sample.value("y", 1, nil)]
        graph.initializers = initializers
        return graph
    }

    @Test func countsEveryNodeThatIsWritten() throws {
        let survey = try SurveyTests.survey(Sample.everything)
        #expect(survey.uses.map { "\($0.domain).\($0.op)" } == ["test.Everything", "ai.onnx.Identity", "ai.onnx.Elu"])
        #expect(survey.uses.map(\.count) == [1, 2, 1])
        #expect(survey.uses.map(\.opset) == [1, 18, 18])
        #expect(survey.uses.map(\.firstNode) == ["node", "inner_y", "b"])
        #expect(survey.uses[0].inputs == [.float32, nil, .float32])
        #expect(survey.uses[1].inputs == [.float32], "a subgraph sees the types around it")
        #expect(survey.opsets.map { "\($0.domain) \($0.version)" } == ["ai.onnx 18", "test 1"])
        #expect(survey.inputs.map(\.name) == ["x", "s", "o", "m", "p", "q", "u"])
    }

    @Test func namesOpenDimensions() throws {
        let survey = try SurveyTests.survey(Sample.model(SurveyTests.graph([])))
        #expect(survey.inputs.map(\.symbols) == [[0: "n", 1: "m", 2: "x.2", 3: "x.3"]])
    }

    @Test func callsAreToldFromOperators() throws {
        var record = Sample.everything
        record.graph.nodes = [
            NodeRecord("Twice", domain: "test", inputs: ["x"], outputs: ["y"]),
            NodeRecord("Twice", inputs: ["x"], outputs: ["z"]),
        ]
        let survey = try SurveyTests.survey(record)
        #expect(survey.uses.prefix(2).map(\.isCall) == [true, false])
    }

    @Test func typesComeFromTheImportWhereTheFileHasNone() throws {
        let nodes = [
            NodeRecord("Cast", inputs: ["x"], outputs: ["wide"], attributes: [.init("to", .int(11))]),
            NodeRecord("Relu", inputs: ["wide"], outputs: ["r"]),
            NodeRecord("Cast", inputs: ["r"], outputs: ["y"], attributes: [.init("to", .int(1))]),
        ]
        let record = Sample.model(SurveyTests.graph(nodes))
        #expect(try SurveyTests.survey(record).uses.map(\.inputs) == [[.float32], [nil], [nil]])
        #expect(try SurveyTests.survey(record, importing: true).uses.map(\.inputs) == [[.float32], [.float64], [.float64]])
    }

    @Test func noticesTraining() throws {
        func dropout(_ data: TensorRecord.Data) throws -> [String] {
            let flag = TensorRecord(name: "flag", elementCode: 9, dimensions: [], data: data)
            let node = NodeRecord("Dropout", inputs: ["x", "", "flag"], outputs: ["y"])
            return try SurveyTests.survey(Sample.model(SurveyTests.graph([node], initializers: [flag]))).uses[0].settings
        }
        #expect(try dropout(.raw([1])) == ["training_mode"])
        #expect(try dropout(.int32s([1])) == ["training_mode"])
        #expect(try dropout(.raw([0])) == [] && dropout(.int32s([0])) == [])
        let norm = [0, 1].map { mode in
            NodeRecord(
                "BatchNormalization", inputs: ["x", "s", "b", "m", "v"], outputs: ["y\(mode)"],
                attributes: [.init("training_mode", .int(mode)), .init("epsilon", .float(1))])
        }
        let settings = try SurveyTests.survey(Sample.model(SurveyTests.graph(norm))).uses.map(\.settings)
        #expect(settings == [["epsilon"], ["epsilon", "training_mode"]])
    }

    @Test func objectsToWhatCannotBeRead() throws {
        func objection(_ node: NodeRecord, opset: Int = 18) throws -> String? {
            let survey = try SurveyTests.survey(Sample.model(SurveyTests.graph([node]), opset: opset))
            return ONNXAdapter().objection(to: survey.uses[0])
        }
        #expect(try objection(NodeRecord("Relu", inputs: ["x"], outputs: ["y"])) == nil)
        #expect(try objection(NodeRecord("Constant", inputs: [], outputs: ["y"])) == nil)
        #expect(try objection(NodeRecord("Upsample", inputs: ["x"], outputs: ["y"]), opset: 9) == nil)
        #expect(try objection(NodeRecord("Upsample", inputs: ["x"], outputs: ["y"])) != nil)
        #expect(try objection(NodeRecord("Relu", inputs: ["x"], outputs: ["y"]), opset: 29) != nil)
        #expect(try objection(NodeRecord("Constant", inputs: [], outputs: ["y"]), opset: 29) != nil)
        #expect(try objection(NodeRecord("Scaler", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"])) != nil, "no version")
        #expect(try objection(NodeRecord("Magic", inputs: ["x"], outputs: ["y"])) != nil)
    }

    @Test func knowsItsOperators() {
        let operators = ONNXAdapter().operators
        #expect(Set(operators.map { $0.domain + "." + $0.name }).count == operators.count)
        for op in operators {
            if let read = op.read { #expect(read.lowerBound == op.since && read.upperBound <= 28) }
            if let written = op.written { #expect(op.read != nil && written.upperBound == (op.domain == "ai.onnx" ? 28 : 5)) }
        }
        #expect(operators.first { $0.name == "TreeEnsemble" }?.written == 5...5)
    }
}

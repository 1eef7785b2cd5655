import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Operators on maps, and hostile arguments of those that no case of ONNX's covers.
@Suite struct MachineLearningTests {
    private static func map(_ keys: Tensor, _ values: Tensor) throws -> Value {
        let elements = try (0..<values.count).map { Value.tensor(try values.taking([$0], shape: [], axis: 0)) }
        return .map(keys: keys, values: elements, of: .tensor(values.elementType, []))
    }

    private static func run(_ name: String, _ attributes: Attributes, _ inputs: Value...) throws -> Tensor {
        let op = try OperatorRegistry.standard.make(name, attributes)
        let fact = try op.infer(Facts(inputs.map { Fact($0.type) }))[0]
        let result = try #require(try op.evaluate(Arguments(inputs)).first)
        #expect(fact.objection(to: result, [:]) == nil)
        return try #require(result.tensor)
    }

    /// The example of the specification, with words and whole numbers too.
    @Test func dictVectorizerOrdersValues() throws {
        let words = try MachineLearningTests.map(
            try Tensor([3], strings: ["a", "c", "other"]), try Tensor([3], [4, 8, 9] as [Int64]))
        let row = try MachineLearningTests.run("DictVectorizer", [("string_vocabulary", .strings(["a", "c", "b", "z"]))], words)
        #expect(row.shape == [1, 4] && row.integers == [4, 8, 0, 0])
        let names = try MachineLearningTests.map(
            try Tensor([2], [13, 11] as [Int64]), try Tensor([2], strings: ["muon", "electron"]))
        let named = try MachineLearningTests.run("DictVectorizer", [("int64_vocabulary", .ints([15, 11, 13]))], names)
        #expect(named.strings == ["", "electron", "muon"])
    }

    @Test func castMapReadsWords() throws {
        let words = try MachineLearningTests.map(
            try Tensor([2], [3, 0] as [Int64]), try Tensor([2], strings: ["2.5", "-1"]))
        let dense = try MachineLearningTests.run("CastMap", [], words)
        #expect(try dense.shape == [1, 2] && dense.array(of: Float.self) == [-1, 2.5])
        let sparse: Attributes = [("map_form", .string("SPARSE")), ("max_map", .int(5)), ("cast_to", .string("TO_STRING"))]
        #expect(try MachineLearningTests.run("CastMap", sparse, words).strings == ["-1", "0.f", "0.f", "2.5", "0.f"])
    }

    @Test func refusesMapsThatDoNotFit() throws {
        let numbers = try MachineLearningTests.map(try Tensor([1], [-1] as [Int64]), try Tensor([1], [2.5] as [Float]))
        for (name, attributes) in [
            ("DictVectorizer", [("string_vocabulary", .strings(["a"]))]), ("CastMap", [("map_form", .string("SPARSE"))]),
            ("CastMap", [("cast_to", .string("TO_STRING"))]), ("CastMap", [("max_map", .int(-1))]),
            ("CastMap", [("max_map", .int(.max)), ("map_form", .string("SPARSE"))]),
        ] as [(String, Attributes)] {
            #expect(throws: ModelError.self) { try MachineLearningTests.run(name, attributes, numbers) }
        }
        let broken = Value.map(keys: try Tensor([2], [1, 2] as [Int64]), values: [], of: .tensor(.float32, []))
        #expect(throws: ModelError.self) { try MachineLearningTests.run("CastMap", [], broken) }
        #expect(throws: ModelError.self) { try MachineLearningTests.run("CastMap", [], .tensor(try Tensor([1], [1] as [Float]))) }
    }

    @Test func supportVectorsMustFit() throws {
        let good: [String: Attribute] = [
            "vectors_per_class": .ints([1, 2]), "rho": .floats([0.5]), "prob_a": .floats([-1]), "prob_b": .floats([0]),
        ]
        func op(_ changes: [String: Attribute]) throws(ModelError) -> any Operator {
            try OperatorRegistry.standard.make(
                "SVMClassifier", good.merging(changes) { $1 }.map { ($0.key, $0.value) })
        }
        for changes: [String: Attribute] in [
            ["vectors_per_class": .ints([])], ["vectors_per_class": .ints([3])], ["vectors_per_class": .ints([.max, .max])],
            ["vectors_per_class": .ints([-1, 4])], ["rho": .floats([])], ["prob_a": .floats([])], ["prob_b": .floats([1, 2])],
            ["kernel_params": .floats([1])], ["kernel_type": .string("x")],
        ] { #expect(throws: ModelError.self, "\(changes)") { try op(changes) } }
        let machine = try op([:])
        for shapes in [
            [[1 << 40, 0], [3, 0], [1, 3]], [[2, 4], [3, 5], [1, 3]], [[2, 4], [2, 4], [1, 3]], [[2, 4], [3, 4], [2, 3]],
            [[4], [3, 4], [1, 3]],
        ] {
            let inputs = try shapes.map { Value.tensor(try Tensor(zeros: .float32, $0)) }
            #expect(throws: ModelError.self, "\(shapes)") { try machine.evaluate(Arguments(inputs)) }
        }
        let empty = try [[0, 4], [3, 4], [1, 3]].map { Value.tensor(try Tensor(zeros: .float32, $0)) }
        #expect(try machine.evaluate(Arguments(empty, outputCount: 2)).map(\.type.description) == ["int64[0]", "float32[0, 2]"])
    }
}

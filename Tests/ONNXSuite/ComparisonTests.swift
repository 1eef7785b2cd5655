import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// The suite's own judgement: what it lets pass and what not.
@Suite struct ComparisonTests {
    static let tolerant = Comparison(rtol: 1e-3, atol: 1e-7, isExact: false)
    static let exact = Comparison(rtol: 1e-3, atol: 1e-7, isExact: true)

    private func passes(_ comparison: Comparison, _ found: Value, _ expected: Value) -> Bool {
        (try? comparison.check(found, expected)) != nil
    }

    private func floats(_ values: Float...) throws -> Value { .tensor(try Tensor([values.count], values)) }

    @Test func tolerance() throws {
        #expect(passes(.init(rtol: 1e-3, atol: 0, isExact: false), try floats(1.0009, .nan), try floats(1, .nan)))
        #expect(!passes(ComparisonTests.tolerant, try floats(1.0011), try floats(1)))
        #expect(!passes(ComparisonTests.tolerant, try floats(.nan), try floats(1)))
        #expect(!passes(ComparisonTests.tolerant, try floats(.infinity), try floats(-.infinity)))
        #expect(!passes(ComparisonTests.tolerant, try floats(1), try floats(.infinity)))
        #expect(!passes(ComparisonTests.exact, try floats(1.0001), try floats(1)))
        #expect(!passes(ComparisonTests.exact, try floats(-0.0), try floats(0)))
    }

    @Test func typesAndShapes() throws {
        let row: Value = .tensor(try Tensor([1, 1], [Float(1)]))
        #expect(!passes(ComparisonTests.tolerant, row, try floats(1)))
        #expect(!passes(ComparisonTests.tolerant, .tensor(try Tensor([1], [Double(1)])), try floats(1)))
        let integers = try [Int64(1000), 1001].map { Value.tensor(try Tensor([], [$0])) }
        #expect(!passes(ComparisonTests.tolerant, integers[0], integers[1]))
        let strings = try ["a", "b"].map { Value.tensor(try Tensor([1], strings: [$0])) }
        #expect(passes(ComparisonTests.tolerant, strings[0], strings[0]))
        #expect(!passes(ComparisonTests.tolerant, strings[0], strings[1]))
    }

    @Test func sequencesAndOptionals() throws {
        let (type, one) = (ValueType.tensor(.float32, nil), try floats(1))
        #expect(passes(ComparisonTests.exact, .sequence([one], of: type), .sequence([one], of: type)))
        #expect(!passes(ComparisonTests.exact, .sequence([one, one], of: type), .sequence([one], of: type)))
        #expect(!passes(ComparisonTests.exact, .optional(nil, of: type), .optional(one, of: type)))
        #expect(!passes(ComparisonTests.exact, .optional(one, of: type), one))
    }

    @Test func draws() throws {
        let type = try Tensor([1000], [Float](repeating: 0.5, count: 1000))
        let half = try Tensor([1000], (0..<1000).map { Float($0 % 2) })
        let none = try Tensor([1000], [Float](repeating: 0, count: 1000))
        let (given, expected) = ([Value.tensor(type)], [Value.tensor(half)])
        #expect(throws: Never.self) { try RandomCheck.bernoulli.check([.tensor(half)], expected, given) }
        #expect(throws: Difference.self) { try RandomCheck.bernoulli.check([.tensor(none)], expected, given) }
        #expect(throws: Difference.self) { try RandomCheck.bernoulli.check(given, expected, given) }
        #expect(throws: Never.self) { try RandomCheck.dropout(ratio: 0.5).check([.tensor(half)], expected, given) }
        #expect(throws: Difference.self) { try RandomCheck.dropout(ratio: 0.25).check([.tensor(half)], expected, given) }
        #expect(throws: Difference.self) { try RandomCheck.dropout(ratio: 0.5).check([.tensor(none)], expected, given) }
    }

    @Test func exactOperators() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, [2]))
        let y = try graph.apply(Op.Neg(), x)
        #expect(Comparison.isExact(graph))
        _ = try graph.apply(Op.Exp(), y)
        #expect(!Comparison.isExact(graph))
        #expect(Comparison.exactOperators.allSatisfy { OperatorRegistry.standard[$0] != nil })
    }
}

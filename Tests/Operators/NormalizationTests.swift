import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct NormalizationTests {
    static let cases = OperatorCase.family("normalization").filter { !isRandom($0) }
    static let randomCases = OperatorCase.family("normalization").filter(isRandom)

    static func isRandom(_ testCase: OperatorCase) -> Bool {
        testCase.name.contains("training_dropout") && !testCase.name.contains("zero_ratio")
    }

    @Test func caseCount() {
        #expect(NormalizationTests.cases.count == 77)
        #expect(NormalizationTests.randomCases.count == 4)
    }

    @Test(arguments: cases) func agreesWithONNX(_ testCase: OperatorCase) throws { try testCase.check() }

    @Test(arguments: randomCases) func dropsWithTheRatio(_ testCase: OperatorCase) throws {
        let ratio = try testCase.inputs[1]?.tensor?.array(of: Float.self).first.map(Double.init) ?? 0.5
        let x = try Tensor([10_000], (1...10_000).map(Float.init))
        func run(_ seed: Int) throws -> (y: [Float], mask: [Bool8]) {
            let arguments = Arguments([.tensor(x)] + testCase.inputs.dropFirst(), outputCount: 2)
            let results = try Op.Dropout(seed: seed).evaluate(arguments)
            return (try results[0].tensor?.array(of: Float.self) ?? [], try results[1].tensor?.array(of: Bool8.self) ?? [])
        }
        let (y, mask) = try run(1)
        #expect(y.indices.allSatisfy { y[$0] == (mask[$0].value ? Float(Double($0 + 1) / (1 - ratio)) : 0) })
        let deviation = (10_000 * ratio * (1 - ratio)).squareRoot()
        #expect(abs(Double(mask.count { $0.value }) - 10_000 * (1 - ratio)) < 5 * deviation)
        #expect(try run(1) == (y, mask))
        #expect(try run(2).mask != mask && run(1 << 40).mask != mask)
    }

    @Test func statisticsOfBatches() throws {
        let x = try Tensor([2, 1, 2], [Float(1), 2, 3, 6])
        let parameters = try [Float(1), 0, 10, 20].map { Value.tensor(try Tensor([1], [$0])) }
        let op = Op.BatchNormalization(epsilon: 0, momentum: 0.75, isTraining: true)
        let results = try op.evaluate(Arguments([.tensor(x)] + parameters, outputCount: 3)).compactMap(\.tensor)
        #expect(try results[1].array(of: Float.self) == [8.25] && results[2].array(of: Float.self) == [15.875])
        #expect(throws: ModelError.self) {
            try Op.BatchNormalization().evaluate(Arguments([.tensor(x)] + parameters, outputCount: 3))
        }
    }

    @Test func dropoutIsIdentityUnlessTraining() throws {
        let x = Fact(.float32, [2])
        let (no, yes) = (try Tensor([], [Bool8(false)]), try Tensor([], [Bool8(true)]))
        let ratio = Fact(constant: try Tensor([], [Float(0.5)]))
        #expect(Op.Dropout().isIdentity(Facts([x])))
        #expect(Op.Dropout().isIdentity(Facts([x, ratio, Fact(constant: no)])))
        #expect(!Op.Dropout().isIdentity(Facts([x, ratio, Fact(constant: yes)])))
        #expect(!Op.Dropout().isIdentity(Facts([x, ratio, Fact(.bool, [])])))
    }

    @Test func refusesWhatDoesNotFit() throws {
        let x = Fact(.float32, [2, 6, 4])
        #expect(
            failure(Op.GroupNormalization(groupCount: 4), [x, Fact(.float32, [6]), Fact(.float32, [6])])
                == "attribute 'num_groups': 6 channels cannot be split in 4")
        #expect(
            failure(Op.InstanceNormalization(), [x, Fact(.float32, [5]), Fact(.float32, [6])])
                == "input 1 has 5 elements, expected one for each of 6 channels")
        #expect(
            failure(Op.LayerNormalization(), [x, Fact(.float32, [2, 2, 6, 4])])
                == "input 1 of shape [2, 2, 6, 4] cannot be broadcast to shape [2, 6, 4]")
        #expect(failure(Op.Softmax(axis: 3), [x]) == "attribute 'axis': found 3, expected -3 to 2")
        #expect(
            failure(Op.Softmax(), [Fact(.int32, [2])])
                == "input 0 holds int32, expected one of bfloat16, float16, float32, float64")
    }

    @Test func emptyTensorsStayEmpty() throws {
        let empty = try Tensor([0, 4], [Float]())
        for op in [Op.Softmax(), Op.LogSoftmax(), Op.Hardmax(), Op.LpNormalization()] as [any Operator] {
            #expect(try op.evaluate(Arguments([.tensor(empty)])).first?.tensor?.shape == [0, 4])
        }
        let none = try Tensor([4, 0], [Float]())
        #expect(try Op.Softmax().evaluate(Arguments([.tensor(none)])).first?.tensor?.shape == [4, 0])
    }
}

/// The text of the error that a type rule gives, nil when it gives none.
func failure(_ op: any Operator, _ inputs: [Fact?]) -> String? {
    do throws(ModelError) {
        _ = try op.infer(Facts(inputs, outputCount: 1))
        return nil
    } catch { return error.description }
}

/// The elements of the one result of an operator on tensors.
func elements<T: Scalar>(_ op: any Operator, _ inputs: Tensor..., of type: T.Type = T.self) throws -> [T] {
    let results = try op.evaluate(Arguments(inputs.map { .tensor($0) }))
    return try #require(results.first?.tensor).array(of: T.self)
}

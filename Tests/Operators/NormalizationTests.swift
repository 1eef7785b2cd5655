import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct NormalizationTests {
    static let cases = OperatorCase.family("normalization").filter { !isTraining($0) }
    static let trainingCases = OperatorCase.family("normalization").filter(isTraining)

    static func isTraining(_ testCase: OperatorCase) -> Bool {
        testCase.name.contains("training") && !testCase.name.contains("zero_ratio")
    }

    @Test func caseCount() {
        #expect(NormalizationTests.cases.count == 75)
        #expect(NormalizationTests.trainingCases.count == 6)
    }

    @Test(arguments: cases) func agreesWithONNX(_ testCase: OperatorCase) throws { try testCase.check() }

    @Test(arguments: trainingCases) func refusesTraining(_ testCase: OperatorCase) throws {
        let error = try #require(throws: ModelError.self) {
            let op = try OperatorRegistry.standard.make(testCase.op, testCase.attributes)
            _ = try op.evaluate(Arguments(testCase.inputs, outputCount: testCase.outputs.count))
        }
        #expect(error.code == .unsupported)
        #expect(error.description.contains("as in training; export it in evaluation mode"))
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

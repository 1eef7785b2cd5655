import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Tensors without elements or dimensions, element types that are only moved, and values that ask for the impossible.
@Suite struct MovementEdgeTests {
    private static func ints(_ values: Int...) -> Tensor? { try? Tensor([values.count], values.map(Int64.init)) }
    private static func scalar(_ value: Int) -> Tensor? { try? Tensor([], [Int64(value)]) }

    private static func floats(_ shape: [Int]) -> Tensor? {
        try? Tensor(shape, (0..<shape.reduce(1, *)).map(Float.init))
    }

    private static func run(_ op: any Operator, _ inputs: Tensor?...) throws -> Tensor {
        let values = try op.evaluate(Arguments(inputs.map { $0.map(Value.tensor) }, outputCount: 1))
        return try #require(values.first?.tensor)
    }

    // MARK: Nothing there

    @Test func emptyTensors() throws {
        let run = MovementEdgeTests.run
        let (floats, ints) = (MovementEdgeTests.floats, MovementEdgeTests.ints)
        #expect(try run(Op.Transpose(), floats([0, 3])).shape == [3, 0])
        #expect(try run(Op.Reshape(), floats([0, 3, 4]), ints(0, -1)).shape == [0, 12])
        #expect(try run(Op.Reshape(), floats([3, 0, 4]), ints(0, 0, 2, -1)).shape == [3, 0, 2, 2])
        #expect(try run(Op.Reshape(allowsZero: true), floats([0, 3]), ints(5, 0)).shape == [5, 0])
        #expect(try run(Op.Flatten(), floats([0, 3, 4])).shape == [0, 12])
        #expect(try run(Op.Concat(axis: 0), floats([0, 3]), floats([2, 3])).shape == [2, 3])
        #expect(try run(Op.Slice(), floats([0]), ints(-1), ints(.min), ints(0), ints(-1)).shape == [0])
        #expect(try run(Op.Tile(), floats([2, 2]), ints(0, 3)).shape == [0, 6])
        #expect(try run(Op.Pad(), floats([0, 2]), ints(1, 0, 1, 0)).array(of: Float.self) == [0, 0, 0, 0])
        #expect(try run(Op.Gather(axis: 1), floats([2, 3]), ints()).shape == [2, 0])
        #expect(try run(Op.ScatterND(), floats([3]), Tensor(zeros: .int64, [0, 1]), floats([0])).shape == [3])
        #expect(try run(Op.TopK(), floats([2, 3]), ints(0)).shape == [2, 0])
        #expect(try run(Op.NonZero(), floats([0, 4])).shape == [2, 0])
        #expect(try run(Op.Unique(), floats([0])).shape == [0])
        #expect(try run(Op.Resize(), floats([1, 0]), nil, nil, ints(1, 0)).shape == [1, 0])
        #expect(
            try run(Op.Range(), MovementEdgeTests.scalar(3), MovementEdgeTests.scalar(1), MovementEdgeTests.scalar(1)).shape == [
                0
            ])
    }

    @Test func scalars() throws {
        let run = MovementEdgeTests.run
        let one = MovementEdgeTests.floats([])
        #expect(try run(Op.Transpose(), one).shape == [])
        #expect(try run(Op.Flatten(axis: 0), one).shape == [1, 1])
        #expect(try run(Op.Tile(), one, MovementEdgeTests.ints()).shape == [])
        #expect(try run(Op.Expand(), one, MovementEdgeTests.ints(2, 2)).shape == [2, 2])
        #expect(try run(Op.Squeeze(), one).shape == [])
        #expect(try run(Op.ConstantOfShape(), MovementEdgeTests.ints()).shape == [])
        #expect(try run(Op.NonZero(), one).shape == [0, 0])
        #expect(try run(Op.Gather(), MovementEdgeTests.floats([3]), MovementEdgeTests.scalar(-1)).array(of: Float.self) == [2])
    }

    // MARK: Element types

    @Test(arguments: ElementType.allCases) func everyElementTypeMoves(_ type: ElementType) throws {
        let run = MovementEdgeTests.run
        let data: Tensor
        if type == .string {
            data = try Tensor([2, 3], strings: ["a", "", "c", "\u{e9}", "e\u{301}", "f"])
        } else {
            let storage = try Storage(byteCount: 6 * type.byteWidth)
            for index in storage.bytes.indices { storage.bytes[index] = UInt8(truncatingIfNeeded: index * 7 + 1) }
            data = try Tensor(type, [2, 3], storage: storage)
        }
        func pick(_ tensor: Tensor, _ order: [Int]) throws -> Bool {
            let flat = try run(Op.Gather(), try data.reshaped([6]), try Tensor([order.count], order.map(Int64.init)))
            return try flat.reshaped(tensor.shape).isIdentical(to: tensor)
        }
        let ints = MovementEdgeTests.ints
        #expect(try pick(run(Op.Transpose(), data), [0, 3, 1, 4, 2, 5]))
        #expect(try pick(run(Op.Slice(), data, ints(2), ints(-9), ints(1), ints(-2)), [2, 0, 5, 3]))
        #expect(try pick(run(Op.Concat(axis: 1), data, data), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]))
        #expect(try pick(run(Op.Tile(), data, ints(1, 2)), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]))
        #expect(try pick(run(Op.Pad(mode: .reflect), data, ints(0, 1, 0, 1)), [1, 0, 1, 2, 1, 4, 3, 4, 5, 4]))
        #expect(try pick(run(Op.GatherElements(axis: 1), data, Tensor([2, 1], [Int64(-1), 0])), [2, 3]))
        #expect(
            try pick(
                run(Op.Resize(coordinates: .asymmetric, rounding: .floor), data, nil, nil, ints(2, 6)),
                [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]))
        let padded = try run(Op.Pad(), data, ints(1, 0, 0, 0))
        #expect(try run(Op.Slice(), padded, ints(0), ints(1)).isIdentical(to: try Tensor(zeros: type, [1, 3])))
    }

    @Test func topKOrdersTiesAndNaN() throws {
        let data = try Tensor([6], [1, .nan, 3, -0.0, 3, 0] as [Float])
        func order(_ takesLargest: Bool) throws -> [Int]? {
            let k = MovementEdgeTests.ints(6).map(Value.tensor)
            return try Op.TopK(takesLargest: takesLargest).evaluate(Arguments([.tensor(data), k]))[1].tensor?.integers
        }
        #expect(try order(true) == [1, 2, 4, 0, 3, 5])
        #expect(try order(false) == [3, 5, 0, 2, 4, 1])
    }

    @Test func scatterReductionsKeepTheirType() throws {
        for (reduction, expected) in [(ScatterReduction.add, 250), (.mul, 250), (.max, 255), (.min, 251), (.none, 255)] {
            let op = Op.ScatterElements(reduction: reduction)
            let data = try Tensor([2], [UInt8(251), 9])
            let result = try MovementEdgeTests.run(op, data, MovementEdgeTests.ints(0), try Tensor([1], [UInt8(255)]))
            let wrapped = reduction == .mul ? Int(UInt8(251) &* 255) : expected
            #expect(result.integers == [wrapped, 9])
        }
    }

    // MARK: The impossible

    struct Refusal: Sendable, CustomTestStringConvertible {
        var op: any Operator
        var inputs: [Tensor?]
        var message: String

        init(_ op: any Operator, _ inputs: Tensor?..., message: String) {
            self.op = op
            self.inputs = inputs
            self.message = message
        }

        var testDescription: String { "\(op.name): \(message)" }
    }

    static let refusals: [Refusal] = [
        Refusal(Op.Reshape(), floats([2, 3]), ints(4, -1), message: "shape [2, 3] cannot be reshaped to [4, -1]"),
        Refusal(
            Op.Reshape(), floats([2, 3]), ints(.max, .max),
            message: "shape [2, 3] cannot be reshaped to [9223372036854775807, 9223372036854775807]"),
        Refusal(Op.Reshape(), floats([2, 3]), ints(-1, -1), message: "shape [2, 3] cannot be reshaped to [-1, -1]"),
        Refusal(Op.Reshape(), floats([2, 3]), ints(6, 1, 0), message: "the shape copies dimension 2 of an input of rank 2"),
        Refusal(Op.Flatten(axis: .min), floats([2, 3]), message: "found -9223372036854775808, expected -2 to 1"),
        Refusal(Op.Squeeze(), floats([2, 1]), ints(0), message: "dimension 0 is 2, expected 1"),
        Refusal(Op.Unsqueeze(), floats([2]), ints(0, 0), message: "an axis is given twice in [0, 0]"),
        Refusal(Op.Transpose(permutation: [0, 0]), floats([2, 3]), message: "found [0, 0], expected each axis of rank 2 once"),
        Refusal(Op.Concat(axis: 2), floats([2, 3]), message: "found 2, expected -2 to 1"),
        Refusal(
            Op.Concat(axis: 0), floats([2, 3]), floats([2, 2]),
            message: "shape [2, 2] cannot be concatenated to [2, 3] along axis 0"),
        Refusal(
            Op.Split(), floats([2]), ints(.max, .max),
            message: "dimension 2 cannot be split into 1 parts of [9223372036854775807, 9223372036854775807]"),
        Refusal(Op.Split(partCount: .max), floats([2]), message: "found 9223372036854775807, the node has 1 outputs"),
        Refusal(Op.Slice(), floats([4]), ints(0), ints(4), ints(0), ints(0), message: "a step is 0"),
        Refusal(Op.Slice(), floats([4]), ints(0, 0), ints(4), message: "found [2, 1, 2] starts, ends and steps for 2 axes"),
        Refusal(
            Op.Expand(), floats([2, 1]), ints(.max, .max),
            message: "shapes [2, 1] and [9223372036854775807, 9223372036854775807] cannot be broadcast to each other"),
        Refusal(Op.Expand(), floats([1]), ints(.max), message: "the size of shape [9223372036854775807] overflows"),
        Refusal(
            Op.Tile(), floats([2]), ints(.max),
            message: "shape [9223372036854775807, 2] has a negative dimension or more elements than can be counted"),
        Refusal(Op.Tile(), floats([2]), ints(-1), message: "found repeats [-1] for shape [2]"),
        Refusal(Op.Pad(), floats([2]), ints(.max, .max), message: "the padding of axis 0 is too large"),
        Refusal(Op.Pad(), floats([2]), ints(.min, 0), message: "more elements are taken from axis 0 than its 2"),
        Refusal(Op.Pad(mode: .wrap), floats([0]), ints(1, 1), message: "axis 0 is empty: there is nothing to pad it with"),
        Refusal(
            Op.Pad(mode: .edge), floats([1]), ints(1 << 40, 0),
            message: "a tensor of 4398046511108 bytes was asked for, at most 17179869184 are allowed"),
        Refusal(
            Op.Range(), scalar(.min), scalar(.max), scalar(1), message: "a range of 18446744073709551615 elements is too large"),
        Refusal(Op.Range(), scalar(0), scalar(1), scalar(0), message: "the delta of a range is 0"),
        Refusal(
            Op.ConstantOfShape(), ints(-1), message: "shape [-1] has a negative dimension or more elements than can be counted"),
        Refusal(
            Op.ConstantOfShape(), ints(1 << 40),
            message: "a tensor of 4398046511104 bytes was asked for, at most 17179869184 are allowed"),
        Refusal(Op.EyeLike(elementType: .string), floats([2, 2]), message: "string has no number 1"),
        Refusal(
            Op.DepthToSpace(blockSize: .max), floats([1, 4, 1, 1]),
            message: "found 9223372036854775807, expected a positive block size"),
        Refusal(Op.DepthToSpace(blockSize: 0), floats([1, 4, 1, 1]), message: "found 0, expected a positive block size"),
        Refusal(Op.ReverseSequence(), floats([2, 2]), ints(1, 3), message: "expected 2 lengths of at most 2, found [1, 3] of 2"),
        Refusal(Op.Gather(), floats([3]), ints(3), message: "index 3 is out of range for an axis of size 3"),
        Refusal(
            Op.Gather(), floats([3]), ints(.min), message: "index -9223372036854775808 is out of range for an axis of size 3"),
        Refusal(Op.Gather(), floats([]), ints(0), message: "found 0, the tensor has no axes"),
        Refusal(Op.GatherElements(), floats([2, 2]), ints(0), message: "indices of shape [1] do not fit data of shape [2, 2]"),
        Refusal(Op.GatherND(), floats([2, 2]), ints(0, 2), message: "index 2 is out of range for an axis of size 2"),
        Refusal(
            Op.GatherND(batchAxisCount: .max), floats([2, 2]), ints(0),
            message: "found 9223372036854775807 for data of rank 2 and indices of rank 1"),
        Refusal(
            Op.ScatterElements(), floats([2]), ints(-3), floats([1]), message: "index -3 is out of range for an axis of size 2"),
        Refusal(
            Op.ScatterND(), floats([2]), ints(.max), floats([]),
            message: "index 9223372036854775807 is out of range for an axis of size 2"),
        Refusal(Op.TopK(), floats([3]), ints(4), message: "[4] elements are asked for along an axis of size 3"),
        Refusal(
            Op.TopK(), floats([3]), ints(.min), message: "[-9223372036854775808] elements are asked for along an axis of size 3"),
        Refusal(Op.OneHot(), ints(0), scalar(-1), floats([2]), message: "the depth must be one number that is not negative"),
        Refusal(Op.OneHot(), ints(0), scalar(.max), floats([2]), message: "the size of shape [1, 9223372036854775807] overflows"),
        Refusal(
            Op.Compress(axis: 0), floats([1]), try? Tensor([2], [Bool8(true), true]),
            message: "index 1 is out of range for an axis of size 1"),
        Refusal(
            Op.Resize(), floats([2]), nil, nil, ints(.max), message: "axis 0 of size 2 cannot be resized to 9.223372036854776e+18"
        ),
        Refusal(
            Op.Resize(), floats([2]), nil, try? Tensor([1], [Float.infinity]),
            message: "found scales [inf] and sizes [] for 1 axes"),
        Refusal(Op.Resize(), floats([2]), nil, nil, nil, message: "exactly one of scales and sizes must be given"),
    ]

    @Test func refusalCount() { #expect(MovementEdgeTests.refusals.count == 46) }

    @Test(arguments: refusals) func isRefused(_ refusal: Refusal) throws {
        let error = #expect(throws: ModelError.self) {
            try refusal.op.evaluate(Arguments(refusal.inputs.map { $0.map(Value.tensor) }))
        }
        #expect(error?.message == refusal.message)
        let facts = refusal.inputs.map { $0.map(Fact.init(constant:)) }
        let inferred = try? refusal.op.infer(Facts(facts))
        #expect(inferred?.isEmpty != true)
    }
}

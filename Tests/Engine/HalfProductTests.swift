import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Products with weights of 16-bit floats, which stay in 16 bits.
@Suite struct HalfProductTests {
    @Test(arguments: [ElementType.float16, .bfloat16], [(130, 150), (600, 70), (1, 20_000), (33_000, 1)])
    func givesTheBitsOfTheDefinition(_ type: ElementType, _ size: (k: Int, n: Int)) throws {
        let (k, n) = size
        var numbers = Numbers()
        let weight = try numbers.tensor([k, n]).converted(to: type), turned = try numbers.tensor([n, k]).converted(to: type)
        let bias = try numbers.tensor([n]).converted(to: type)
        for form in 0..<3 {
            var graph = Graph()
            let x = try graph.addInput("x", .tensor(type, ["rows", .fixed(k)]))
            let w = try graph.addConstant(form == 1 ? turned : weight), b = try graph.addConstant(bias)
            let op: any Operator = form == 0 ? Op.MatMul() : Op.Gemm(transposesB: form == 1)
            try graph.addOutput(try graph.append(op, inputs: form == 0 ? [x, w] : [x, w, b])[0], name: "y")
            let program = try Program(graph)
            let context = program.makeContext(), shared = program.makeContext(sharing: try WorkPool(threads: 2), leastWork: 0)
            for rows in [1, 13] {
                let input = try numbers.tensor([rows, k]).converted(to: type)
                let expected = try Interpreter.run(graph, [.tensor(input)]).compactMap(\.tensor)[0]
                #expect(try context.run([input])[0].isIdentical(to: expected))
                #expect(try shared.run([input])[0].isIdentical(to: expected))
            }
            // The weight packed in 16 bits, and no copy of it in 32.
            #expect(program.packedByteCount == k * ((n + 15) / 16 * 16) * 2)
            if k == 130 { #expect(context.byteCount < 131_072) }
        }
    }
}

public import SeptumIR
public import SeptumTensor

extension Op {
    /// Runs a subgraph on the items of sequences, one position after another.
    ///
    /// Inputs: a sequence, further sequences of the same length or tensors that every run gets, captures. Outputs: a sequence
    /// for each output of the body.
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#SequenceMap
    public struct SequenceMap: Operator {
        public static let name = "SequenceMap"
        public static let inputCount = 1...Int.max
        public static let outputCount = 1...Int.max

        public var body: Graph
        /// How many of the inputs, counted from the last, are captures.
        public var captureCount: Int

        public init(body: Graph, captureCount: Int = 0) {
            self.body = body
            self.captureCount = captureCount
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            body = try AttributeReader.require(try attributes.graph("body"), "body")
            captureCount = try attributes.int("captures") ?? 0
        }

        public var attributes: Attributes { [("body", .graph(body)), ("captures", .int(captureCount))] }
        public var subgraphs: [Graph] { [body] }
        public var isDeterministic: Bool { body.isDeterministic }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.sequenceElement(0)
            let mapped = try mappedCount(inputs.count)
            let given: [ValueType?] = try inputs.types(from: 0).enumerated().map { index, type in
                if case .sequence(let element) = type, index < mapped { element } else { type }
            }
            return try body.outputTypes(given).map { Fact(.sequence($0)) }
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let count = try inputs.sequence(0).items.count
            let (values, mapped) = (try inputs.values(from: 0), try mappedCount(inputs.count))
            var results = Array(repeating: [Value](), count: body.outputs.count)
            for position in 0..<count {
                var given: [Value] = []
                for (index, value) in values.enumerated() {
                    guard case .sequence(let items, _) = value, index < mapped else { given.append(value); continue }
                    guard items.count == count else {
                        throw ModelError(.invalidInput, "input \(index) has \(items.count) items, input 0 has \(count)")
                    }
                    given.append(items[position])
                }
                let outputs = try inputs.run(body, given)
                guard outputs.count == results.count else {
                    throw ModelError(.invalidModel, "the body gave \(outputs.count) results, expected \(results.count)")
                }
                for (index, output) in outputs.enumerated() { results[index].append(output) }
            }
            return zip(results, body.outputs).map { items, id in
                let type = body.type(id)
                return .sequence(items, of: type.tensor.map { .tensor($0.elementType, nil) } ?? type)
            }
        }

        private func mappedCount(_ inputCount: Int) throws(ModelError) -> Int {
            guard captureCount >= 0, captureCount < inputCount else {
                throw ModelError(.invalidModel, "found \(captureCount) for \(inputCount) inputs", attribute: "captures")
            }
            return inputCount - captureCount
        }
    }
}

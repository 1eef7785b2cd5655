public import SeptumIR
public import SeptumTensor

extension Op {
    /// Runs one of two subgraphs.
    ///
    /// Inputs: condition, then what the branches capture; both branches take exactly the captures as their inputs.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#If
    public struct If: Operator {
        public static let name = "If"
        public static let inputCount = 1...Int.max
        public static let outputCount = 1...Int.max

        public var thenBranch: Graph
        public var elseBranch: Graph

        public init(thenBranch: Graph, elseBranch: Graph) {
            self.thenBranch = thenBranch
            self.elseBranch = elseBranch
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            thenBranch = try AttributeReader.require(try attributes.graph("then_branch"), "then_branch")
            elseBranch = try AttributeReader.require(try attributes.graph("else_branch"), "else_branch")
        }

        public var attributes: Attributes { [("then_branch", .graph(thenBranch)), ("else_branch", .graph(elseBranch))] }
        public var subgraphs: [Graph] { [thenBranch, elseBranch] }
        public var isDeterministic: Bool { subgraphs.allSatisfy(\.isDeterministic) }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            guard try inputs.tensor(0).elementType == .bool else {
                throw ModelError(.invalidModel, "the condition is \(try inputs.tensor(0)), expected bool")
            }
            guard thenBranch.outputs.count == elseBranch.outputs.count else {
                throw ModelError(
                    .invalidModel, "the branches have \(thenBranch.outputs.count) and \(elseBranch.outputs.count) outputs")
            }
            let given = try inputs.types(from: 1)
            let types = (try thenBranch.outputTypes(given), try elseBranch.outputTypes(given))
            if let isTrue = inputs.integers(0)?.first { return (isTrue != 0 ? types.0 : types.1).map { Fact($0) } }
            var facts: [Fact] = []
            for (a, b) in zip(types.0, types.1) { facts.append(Fact(try a.merged(with: b))) }
            return facts
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let isTrue = try inputs.truth(try inputs.tensor(0))
            return try inputs.run(isTrue ? thenBranch : elseBranch, try inputs.values(from: 1))
        }
    }
}

extension Facts {
    /// The types of the inputs from `start` on, which must all be there.
    func types(from start: Int) throws(ModelError) -> [ValueType] {
        var types: [ValueType] = []
        for index in start..<max(start, count) {
            guard let type = self[index]?.type else { throw ModelError(.invalidModel, "input \(index) is required") }
            types.append(type)
        }
        return types
    }
}

extension Arguments {
    /// The inputs from `start` on, which must all be there.
    func values(from start: Int) throws(ModelError) -> [Value] {
        var values: [Value] = []
        for index in start..<max(start, count) {
            guard let value = self[index] else { throw ModelError(.invalidInput, "input \(index) is required") }
            values.append(value)
        }
        return values
    }

    /// The only element of a boolean tensor.
    func truth(_ tensor: Tensor) throws(ModelError) -> Bool {
        guard tensor.elementType == .bool, tensor.count == 1, let byte = tensor.bytes.first else {
            throw ModelError(
                .invalidInput, "a condition is \(tensor.elementType)\(tensor.shape), expected one element of bool")
        }
        return byte != 0
    }
}

public import SeptumIR
public import SeptumTensor

extension Op {
    /// Runs a subgraph again and again, a number of times or while a condition holds.
    ///
    /// Inputs: largest number of runs, condition (either may be omitted), carried values, captures. The body takes the
    /// number of the run, the condition, carried values, captures; it gives the condition, carried values, scan outputs.
    /// Outputs: carried values, then each scan output stacked along a new first axis. A body may take an optional value and
    /// give what it holds: then a run gets the value wrapped, and the loop gives it unwrapped.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Loop
    public struct Loop: Operator {
        public static let name = "Loop"
        public static let inputCount = 0...Int.max
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
            for (index, type) in [ElementType.int64, .bool].enumerated() where inputs[index] != nil {
                guard try inputs.tensor(index).elementType == type else {
                    throw ModelError(.invalidModel, "input \(index) is \(try inputs.tensor(index)), expected \(type)")
                }
            }
            let carried = try carriedCount(inputs.count)
            let given: [ValueType?] = [nil, nil] + (try inputs.types(from: 2)).map { $0 }
            let types = try body.repeatedTypes(given, carried: 2..<2 + carried, firstResult: 1)
            var facts = types.prefix(carried).map { Fact($0) }
            for type in types.dropFirst(carried) {
                guard let tensor = type.tensor else {
                    throw ModelError(.invalidModel, "a scan output is \(type), expected a tensor")
                }
                facts.append(Fact(tensor.elementType, tensor.shape.map { [.unknown] + $0 }))
            }
            return facts
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let given = try inputs.values(from: 2)
            let count = try carriedCount(inputs.count)
            let (captures, scanCount) = (given.suffix(captureCount), body.outputs.count - 1 - count)
            guard body.inputs.count == 2 + given.count, scanCount >= 0 else {
                throw ModelError(.invalidModel, "the body has \(body.inputs.count) inputs and \(body.outputs.count) outputs")
            }
            let limits = inputs[0] == nil ? [] : try inputs.integers(0)
            guard inputs[0] == nil || limits.count == 1 else {
                throw ModelError(.invalidInput, "the number of runs must be one number")
            }
            let limit = limits.first ?? .max
            var isTrue = inputs[1] == nil ? true : try inputs.truth(try inputs.tensor(1))
            var carried = Array(given.prefix(count))
            var scans = Array(repeating: Gathered(), count: scanCount)
            var run = 0
            while isTrue, run < limit {
                let number = try Tensor([], [Int64(run)]).ranked(as: body.type(body.inputs[0]))
                let condition = try Tensor([], [Bool8(isTrue)]).ranked(as: body.type(body.inputs[1]))
                for (index, id) in body.inputs[2..<2 + count].enumerated() {
                    carried[index] = carried[index].carried(as: body.type(id))
                }
                let results = try inputs.run(body, [.tensor(number), .tensor(condition)] + carried + captures)
                guard results.count == 1 + count + scanCount, let next = results[0].tensor else {
                    throw ModelError(.invalidModel, "the body gave \(results.count) results, the first must be the condition")
                }
                isTrue = try inputs.truth(next)
                carried = Array(results[1..<1 + count])
                for index in scans.indices { try scans[index].append(results[1 + count + index]) }
                run += 1
            }
            for (index, id) in body.outputs[1..<1 + count].enumerated() {
                carried[index] = try carried[index].leaving(as: body.type(id))
            }
            for (index, scan) in scans.enumerated() {
                guard let type = body.type(body.outputs[1 + count + index]).tensor else {
                    throw ModelError(.invalidModel, "scan output \(index) is no tensor")
                }
                carried.append(.tensor(try Tensor(stacking: scan.tensors, axis: 0, like: type)))
            }
            return carried
        }

        private func carriedCount(_ inputCount: Int) throws(ModelError) -> Int {
            guard captureCount >= 0, captureCount <= max(inputCount - 2, 0) else {
                throw ModelError(.invalidModel, "found \(captureCount) for \(inputCount) inputs", attribute: "captures")
            }
            return max(inputCount - 2, 0) - captureCount
        }
    }
}

extension Value {
    /// The value as an input of the next run: wrapped where that is optional.
    fileprivate func carried(as input: ValueType) -> Value {
        if case .optional = self { return self }
        if case .optional(let type) = input { return .optional(self, of: type) }
        return self
    }

    /// The value after the last run, which may be none where the body gives no optional.
    fileprivate func leaving(as result: ValueType) throws(ModelError) -> Value {
        if case .optional = result { return self }
        guard case .optional(let wrapped, _) = self else { return self }
        guard let wrapped else { throw ModelError(.invalidInput, "a loop without a run was given an empty optional value") }
        return wrapped
    }
}

extension Tensor {
    /// A scalar as the tensor of one element that a subgraph declares.
    fileprivate func ranked(as type: ValueType) throws(ModelError) -> Tensor {
        guard let rank = type.tensor?.shape?.count, rank > 0, rank <= 8 else { return self }
        return try reshaped(Array(repeating: 1, count: rank))
    }
}

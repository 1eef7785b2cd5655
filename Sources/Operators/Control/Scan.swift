public import SeptumIR
public import SeptumTensor

extension Op {
    /// Runs a subgraph on one slice of its sequences after another, carrying state along.
    ///
    /// Inputs: states, sequences, captures; the body takes states, one slice a sequence, captures, and gives states and
    /// one slice for each output sequence.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Scan
    public struct Scan: Operator {
        public static let name = "Scan"
        public static let inputCount = 1...Int.max
        public static let outputCount = 1...Int.max

        public var body: Graph
        public var sequenceCount: Int
        /// How many of the inputs, counted from the last, are captures.
        public var captureCount: Int
        /// One axis for each sequence; empty means 0 for all.
        public var inputAxes: [Int]
        public var outputAxes: [Int]
        /// Whether each sequence is read, or written, from its end; empty means none.
        public var inputIsReversed: [Bool]
        public var outputIsReversed: [Bool]

        public init(
            body: Graph, sequenceCount: Int, captureCount: Int = 0, inputAxes: [Int] = [], outputAxes: [Int] = [],
            inputIsReversed: [Bool] = [], outputIsReversed: [Bool] = []
        ) {
            self.body = body
            self.sequenceCount = sequenceCount
            self.captureCount = captureCount
            self.inputAxes = inputAxes
            self.outputAxes = outputAxes
            self.inputIsReversed = inputIsReversed
            self.outputIsReversed = outputIsReversed
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            body = try AttributeReader.require(try attributes.graph("body"), "body")
            sequenceCount = try AttributeReader.require(try attributes.int("num_scan_inputs"), "num_scan_inputs")
            captureCount = try attributes.int("captures") ?? 0
            inputAxes = try attributes.ints("scan_input_axes") ?? []
            outputAxes = try attributes.ints("scan_output_axes") ?? []
            inputIsReversed = (try attributes.ints("scan_input_directions") ?? []).map { $0 != 0 }
            outputIsReversed = (try attributes.ints("scan_output_directions") ?? []).map { $0 != 0 }
        }

        public var attributes: Attributes {
            [
                ("body", .graph(body)), ("num_scan_inputs", .int(sequenceCount)), ("captures", .int(captureCount)),
                ("scan_input_axes", .ints(inputAxes)), ("scan_output_axes", .ints(outputAxes)),
                ("scan_input_directions", .ints(inputIsReversed.map { $0 ? 1 : 0 })),
                ("scan_output_directions", .ints(outputIsReversed.map { $0 ? 1 : 0 })),
            ]
        }

        public var subgraphs: [Graph] { [body] }
        public var isDeterministic: Bool { body.isDeterministic }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let stateCount = try stateCount(inputs.count)
            var given: [ValueType?] = try inputs.types(from: 0).map { $0 }
            var length = Dimension.unknown
            for index in 0..<sequenceCount {
                let type = try inputs.tensor(stateCount + index)
                guard var shape = type.shape else { given[stateCount + index] = .tensor(type.elementType, nil); continue }
                let axis = try normalizedAxis(inputAxes[checked: index] ?? 0, rank: shape.count, "scan_input_axes")
                length = try .unified(length, shape.remove(at: axis))
                given[stateCount + index] = .tensor(type.elementType, shape)
            }
            let types = try body.repeatedTypes(given, carried: 0..<stateCount, firstResult: 0)
            var facts = types.prefix(stateCount).map { Fact($0) }
            for (index, type) in types.dropFirst(stateCount).enumerated() {
                guard let tensor = type.tensor else {
                    throw ModelError(.invalidModel, "a scan output is \(type), expected a tensor")
                }
                var shape = tensor.shape
                if let rank = shape?.count {
                    let axis = try normalizedAxis(outputAxes[checked: index] ?? 0, rank: rank + 1, "scan_output_axes")
                    shape?.insert(length, at: axis)
                }
                facts.append(Fact(tensor.elementType, shape))
            }
            return facts
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let given = try inputs.values(from: 0)
            let stateCount = try stateCount(inputs.count)
            let scanCount = body.outputs.count - stateCount
            guard body.inputs.count == given.count, scanCount >= 0 else {
                throw ModelError(.invalidModel, "the body has \(body.inputs.count) inputs and \(body.outputs.count) outputs")
            }
            var states = Array(given.prefix(stateCount))
            let captures = given.suffix(captureCount)
            var sequences: [(tensor: Tensor, axis: Int, isReversed: Bool)] = []
            for index in 0..<sequenceCount {
                let tensor = try inputs.tensor(stateCount + index)
                let axis = try normalizedAxis(inputAxes[checked: index] ?? 0, rank: tensor.shape.count, "scan_input_axes")
                sequences.append((tensor, axis, inputIsReversed[checked: index] ?? false))
            }
            let lengths = sequences.map { $0.tensor.shape[$0.axis] }
            guard let length = lengths.first, Set(lengths).count == 1 else {
                throw ModelError(.invalidInput, "the sequences have lengths \(lengths), expected equal ones")
            }
            var scans = Array(repeating: Gathered(), count: scanCount)
            for step in 0..<length {
                var slices: [Value] = []
                for (tensor, axis, isReversed) in sequences {
                    let slice = try tensor.taking([isReversed ? length - 1 - step : step], shape: [], axis: axis)
                    slices.append(.tensor(slice))
                }
                let results = try inputs.run(body, states + slices + captures)
                guard results.count == stateCount + scanCount else {
                    throw ModelError(.invalidModel, "the body gave \(results.count) results")
                }
                states = Array(results.prefix(stateCount))
                for index in scans.indices { try scans[index].append(results[stateCount + index]) }
            }
            for (index, scan) in scans.enumerated() {
                guard let type = body.type(body.outputs[stateCount + index]).tensor else {
                    throw ModelError(.invalidModel, "scan output \(index) is no tensor")
                }
                let parts = outputIsReversed[checked: index] ?? false ? scan.tensors.reversed() : scan.tensors
                states.append(.tensor(try Tensor(stacking: parts, axis: outputAxes[checked: index] ?? 0, like: type)))
            }
            return states
        }

        private func stateCount(_ inputCount: Int) throws(ModelError) -> Int {
            guard sequenceCount > 0, captureCount >= 0, sequenceCount <= inputCount, captureCount <= inputCount - sequenceCount
            else {
                throw ModelError(
                    .invalidModel, "found \(sequenceCount) sequences and \(captureCount) captures for \(inputCount) inputs",
                    attribute: "num_scan_inputs")
            }
            return inputCount - sequenceCount - captureCount
        }
    }
}

extension Array {
    fileprivate subscript(checked index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

import SeptumIR
public import SeptumTensor

/// What recurrent layers share: direction, activations, clipping and layout.
public struct Recurrence: Sendable, Equatable {
    public enum Direction: String, Sendable, CaseIterable { case forward, reverse, bidirectional }

    public var direction: Direction
    /// The number of hidden units; nil when it follows from the weights.
    public var hiddenSize: Int?
    /// Those of the first direction, then those of the second; empty for the layer's defaults.
    public var activations: [RecurrentActivation]
    /// What goes into an activation is limited to `-clip ... clip`.
    public var clip: Float?
    /// Whether batch comes before time in inputs and outputs.
    public var isBatchFirst: Bool

    public init(
        direction: Direction = .forward, hiddenSize: Int? = nil, activations: [RecurrentActivation] = [], clip: Float? = nil,
        isBatchFirst: Bool = false
    ) {
        self.direction = direction
        self.hiddenSize = hiddenSize
        self.activations = activations
        self.clip = clip
        self.isBatchFirst = isBatchFirst
    }

    public var directionCount: Int { direction == .bidirectional ? 2 : 1 }

    init(_ attributes: inout AttributeReader) throws(ModelError) {
        direction = try attributes.choice("direction") ?? .forward
        hiddenSize = try attributes.int("hidden_size")
        clip = try attributes.float("clip")
        isBatchFirst = try attributes.bool("layout") ?? false
        activations = []
        let names = try attributes.strings("activations") ?? []
        var alphas = (try attributes.floats("activation_alpha") ?? [])[...]
        var betas = (try attributes.floats("activation_beta") ?? [])[...]
        for name in names {
            activations.append(try RecurrentActivation(name, alphas: &alphas, betas: &betas))
        }
    }

    var attributes: Attributes {
        var attributes: Attributes = [("direction", .string(direction.rawValue))]
        if let hiddenSize { attributes.append(("hidden_size", .int(hiddenSize))) }
        if !activations.isEmpty {
            attributes.append(("activations", .strings(activations.map(\.kind.rawValue))))
            let alphas = activations.filter { $0.kind.defaults.alpha != nil }.map(\.alpha)
            let betas = activations.filter { $0.kind.defaults.beta != nil }.map(\.beta)
            if !alphas.isEmpty { attributes.append(("activation_alpha", .floats(alphas))) }
            if !betas.isEmpty { attributes.append(("activation_beta", .floats(betas))) }
        }
        if let clip { attributes.append(("clip", .float(clip))) }
        attributes.append(("layout", .int(isBatchFirst ? 1 : 0)))
        return attributes
    }

    /// The activations of one direction.
    ///
    /// - Throws: `invalidModel` when the list does not have one for each gate and direction.
    public func activations(_ direction: Int, defaults: [RecurrentActivation]) throws(ModelError) -> [RecurrentActivation] {
        if activations.isEmpty { return defaults }
        guard activations.count == defaults.count * directionCount else {
            throw ModelError(
                .invalidModel, "found \(activations.count) activations, expected \(defaults.count * directionCount)",
                attribute: "activations")
        }
        return Array(activations[(direction * defaults.count)..<((direction + 1) * defaults.count)])
    }

    /// The types of the outputs: the whole sequence, then `stateCount` last states.
    ///
    /// - Throws: `invalidModel` when shapes or attributes do not fit.
    func infer(_ inputs: Facts, gates: Int, stateCount: Int, activationCount: Int) throws(ModelError) -> [Fact] {
        let type = try inputs.tensor(0, of: ElementType.arithmeticFloats).elementType
        for index in [1, 2] { _ = try inputs.tensor(index, of: [type]) }
        for index in [3, 5] { _ = try inputs.optionalTensor(index, of: [type]) }
        _ = try inputs.optionalTensor(4, of: [.int32])
        let fallback = [RecurrentActivation](repeating: .tanh, count: activationCount)
        _ = try activations(0, defaults: fallback)
        if let clip, !(clip > 0) { throw ModelError(.invalidModel, "found \(clip), expected more than 0", attribute: "clip") }
        if let hiddenSize, hiddenSize < 1 {
            throw ModelError(.invalidModel, "found \(hiddenSize), expected at least 1", attribute: "hidden_size")
        }
        let x = try inputs.shape(0, rank: 3) ?? [.unknown, .unknown, .unknown]
        let w = try inputs.shape(1, rank: 3) ?? [.unknown, .unknown, .unknown]
        let r = try inputs.shape(2, rank: 3) ?? [.unknown, .unknown, .unknown]
        let hidden = try sharedDimension(hiddenSize.map(Dimension.fixed) ?? .unknown, r[2], "hidden_size and the weights")
        let batch = x[isBatchFirst ? 0 : 1]
        let directions = Dimension.fixed(directionCount)
        _ = try sharedDimension(w[2], x[2], "the features of the input and the weights")
        for (found, expected) in [
            (w[0], directions), (w[1], hidden * .fixed(gates)), (r[0], directions), (r[1], hidden * .fixed(gates)),
        ] {
            _ = try sharedDimension(found, expected, "the weights")
        }
        let state = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
        try check(inputs, 3, [directions, hidden * .fixed(2 * gates)], "the biases")
        try check(inputs, 4, [batch], "sequence_lens")
        for index in 0..<stateCount { try check(inputs, 5 + index, state, "the initial state") }
        let sequence = isBatchFirst ? [batch, x[1], directions, hidden] : [x[0], directions, batch, hidden]
        return [Fact(type, sequence)] + [Fact](repeating: Fact(type, state), count: stateCount)
    }

    func check(_ inputs: Facts, _ index: Int, _ expected: [Dimension], _ what: String) throws(ModelError) {
        guard let found = try inputs.shape(index, rank: expected.count) else { return }
        for (a, b) in zip(found, expected) { _ = try sharedDimension(a, b, what) }
    }
}

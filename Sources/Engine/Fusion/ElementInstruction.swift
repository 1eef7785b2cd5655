import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// One elementwise operation on float32 that the kernels have.
struct ElementInstruction {
    enum Kind {
        case unary(UnaryKernel)
        case binary(BinaryOperation)
        /// The first operand, of bools, chooses between the others.
        case select
    }

    let kind: Kind
    /// The places of the operands among the node's inputs.
    let operands: [Int]

    /// What a node does; nil when it is something else.
    init?(_ node: Graph.Node, _ near: Neighbourhood) {
        guard let shape = near.shape(node.outputs.first ?? nil), shape.count <= BroadcastWalk.rankLimit, node.outputs.count == 1
        else { return nil }
        if type(of: node.op) == Op.Where.self {
            guard case let condition?? = node.inputs.first, near.graph.type(condition).tensor?.shape != nil,
                node.inputs.dropFirst().allSatisfy({ near.shape($0) != nil })
            else { return nil }
            self.init(.select, [0, 1, 2])
            return
        }
        guard near.shape(node.inputs.first ?? nil) != nil else { return nil }
        switch node.op.lowered?.elementwise {
        case .unary(let kernel):
            self.init(.unary(kernel), [0])
            return
        case .binary(let kernel), .variadic(let kernel):
            guard node.inputs.count == 2, near.shape(node.inputs[1]) != nil else { return nil }
            self.init(.binary(kernel), [0, 1])
            return
        case nil: break
        }
        switch node.op {
        case Op.Gelu.self:
            guard let op = node.op.cast(Op.Gelu.self) else { return nil }
            self.init(.unary(UnaryKernel(op.approximate == .none ? .gelu : .geluTanh)), [0])
        case Op.Swish.self:
            guard let op = node.op.cast(Op.Swish.self), op.alpha == 1 else { return nil }
            self.init(.unary(UnaryKernel(.silu)), [0])
        case Op.Clip.self:
            var limits: [Float] = [-.infinity, .infinity]
            for index in 1..<max(1, node.inputs.count) {
                guard let id = node.inputs[index] else { continue }
                guard let value = near.scalar(id) else { return nil }
                limits[index - 1] = value
            }
            guard limits[0] <= limits[1] else { return nil }
            self.init(.unary(UnaryKernel(.clip, limits[0], limits[1])), [0])
        // The square of a float32 is exact in float64, so that both ways round once.
        case Op.Pow.self where near.scalar(node.inputs[1]) == 2: self.init(.binary(.multiply), [0, 0])
        default: return nil
        }
    }

    private init(_ kind: Kind, _ operands: [Int]) {
        self.kind = kind
        self.operands = operands
    }
}

/// Elementwise operations one after another, on parts of fused operators.
struct ElementCode {
    struct Line {
        let kind: ElementInstruction.Kind
        let operands: [FusedPart.Source]
    }

    /// Line i computes the part `firstPart + i`.
    let firstPart: Int
    var lines: [Line] = []
}

/// Collects the inputs and the parts of a fused operator.
struct FusedAssembly {
    private(set) var inputs: [Graph.ValueID] = []
    private(set) var parts: [FusedPart] = []
    private var results: [(value: Graph.ValueID, part: Int)] = []

    /// Where a value is found; those that no part computes become inputs.
    mutating func source(_ id: Graph.ValueID) -> FusedPart.Source {
        if let result = results.last(where: { $0.value == id }) { return .part(result.part) }
        if let known = inputs.firstIndex(of: id) { return .input(known) }
        inputs.append(id)
        return .input(inputs.count - 1)
    }

    /// Adds a node as the next part, or the parts that it has itself.
    mutating func add(_ node: Graph.Node) {
        let sources = node.inputs.map { id -> FusedPart.Source? in
            guard let id else { return nil }
            return source(id)
        }
        let first = parts.count
        if let fused = node.op.lowered?.parts, !fused.isEmpty {
            for part in fused {
                let inputs = part.inputs.map { source -> FusedPart.Source? in
                    switch source {
                    case .input(let index): sources[index]
                    case .part(let index): .part(first + index)
                    case nil: nil
                    }
                }
                parts.append(FusedPart(op: part.op, inputs: inputs))
            }
        } else {
            parts.append(FusedPart(op: node.op, inputs: sources))
        }
        if case let output?? = node.outputs.first { results.append((output, parts.count - 1)) }
    }

    /// Adds an elementwise node as the next part and line.
    mutating func add(_ node: Graph.Node, _ instruction: ElementInstruction, to code: inout ElementCode) {
        add(node)
        let sources = parts[parts.count - 1].inputs
        code.lines.append(.init(kind: instruction.kind, operands: instruction.operands.compactMap { sources[$0] }))
    }
}

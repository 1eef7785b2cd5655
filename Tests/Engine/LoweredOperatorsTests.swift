import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// The list of lowered operators, and the answers of operators about themselves, say what the runtime says of their types.
@Suite struct LoweredOperatorsTests {
    static let kinds = OperatorRegistry.standard.names.compactMap { OperatorRegistry.standard[$0] }

    @Test func listsEveryLoweredOperator() {
        #expect(Self.kinds.count > 150)
        let listed = Set(LoweredOperators.all.map { ObjectIdentifier($0) })
        #expect(listed.count == LoweredOperators.all.count, "an operator is listed twice")
        for kind in Self.kinds {
            #expect(listed.contains(ObjectIdentifier(kind)) == (kind is any LoweredOperator.Type), "\(kind.name)")
        }
        // All others are the engine's own.
        let registered = Set(Self.kinds.map { ObjectIdentifier($0) })
        for kind in LoweredOperators.all where !registered.contains(ObjectIdentifier(kind)) {
            #expect(kind is any FusedOperator.Type, "\(kind.name)")
        }
    }

    @Test func findsEveryListedOperator() throws {
        #expect(LoweredOperators.find(Op.Relu()) is Op.Relu)
        #expect(LoweredOperators.find(Op.MatMul()) is Op.MatMul)
        #expect(LoweredOperators.find(Op.Reshape()) == nil)
        #expect(LoweredOperators.find(Op.NonZero()) == nil)
    }

    @Test func knowsFamilies() {
        for kind in Self.kinds {
            #expect((kind.family == .unary) == (kind is any UnaryOperator.Type), "\(kind.name)")
            #expect((kind.family == .binary) == (kind is any BinaryOperator.Type), "\(kind.name)")
            #expect((kind.family == .variadic) == (kind is any VariadicOperator.Type), "\(kind.name)")
            #expect((kind.family == .comparison) == (kind is any ComparisonOperator.Type), "\(kind.name)")
            #expect((kind.family == .reduction) == (kind is any ReductionOperator.Type), "\(kind.name)")
        }
    }

    @Test func asksForPassThrough() {
        let passing: [any Operator] = [Op.Identity(), Op.Reshape(), Op.Transpose(permutation: nil), Op.Concat(axis: 0)]
        for op in passing { #expect(op.passThrough != nil && op is any PassThroughOperator, "\(op.name)") }
        for op in [Op.Neg(), Op.MatMul(), Op.Relu()] as [any Operator] { #expect(op.passThrough == nil, "\(op.name)") }
    }
}

package import SeptumIR
package import SeptumTensor

extension ElementTypeSet {
    package static let floats: ElementTypeSet = [.float16, .bfloat16, .float32, .float64]
    package static let integers: ElementTypeSet = [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64]
    package static let numbers: ElementTypeSet = floats.union(integers)
    package static let bool: ElementTypeSet = [.bool]

    /// Refuses an element type that is not in the set.
    ///
    /// - Throws: `invalidModel` naming the input and the types that it may have.
    package func admit(_ type: ElementType, input: Int) throws(ModelError) {
        guard !contains(type) else { return }
        let known = types.map(\.name).sorted().joined(separator: ", ")
        throw ModelError(.invalidModel, "input \(input) holds \(type), expected \(types.count == 1 ? "" : "one of ")\(known)")
    }

    /// Refuses an element type that an attribute asks for.
    ///
    /// - Throws: `invalidModel` naming the attribute and the types that it may give.
    package func admit(_ type: ElementType, attribute: String) throws(ModelError) {
        guard !contains(type) else { return }
        let known = types.map(\.name).sorted().joined(separator: ", ")
        throw ModelError(.invalidModel, "found \(type), expected one of \(known)", attribute: attribute)
    }
}

extension Facts {
    /// The element type that all tensor inputs given share.
    ///
    /// - Throws: `invalidModel` when an input is missing, of another type, or not in `admitted`.
    package func commonElementType(_ admitted: ElementTypeSet) throws(ModelError) -> ElementType {
        let common = try tensor(0).elementType
        try admitted.admit(common, input: 0)
        for index in inputs.indices.dropFirst() where self[index] != nil {
            let other = try tensor(index).elementType
            guard other == common else {
                throw ModelError(.invalidModel, "input \(index) holds \(other), expected \(common) as input 0 does")
            }
        }
        return common
    }
}

extension Arguments {
    /// The facts that evaluation may rely on: the types of the inputs.
    package var facts: Facts { Facts(inputs.map { $0.map { Fact($0.type) } }, outputCount: outputCount) }
}

package import SeptumTensor

extension Tensor {
    /// Numbers that compare as the elements do: equal for equal elements, zeros of either sign and all NaNs; NaN is largest.
    ///
    /// Strings compare by their UTF-8 bytes.
    ///
    /// - Throws: `invalidInput` for elements without an order, `limit` when there are too many.
    package func orderKeys() throws(ModelError) -> [UInt64] {
        guard count <= 1 << 30 else { throw ModelError(.limit, "\(count) elements are too many to be sorted") }
        if elementType == .string { return stringKeys() }
        return try elementType.dispatch(KeyVisitor(tensor: self))
    }

    private func stringKeys() -> [UInt64] {
        let words = strings
        let order = words.indices.sorted { words[$0].utf8.lexicographicallyPrecedes(words[$1].utf8) }
        var keys = [UInt64](repeating: 0, count: words.count)
        for (previous, next) in zip(order, order.dropFirst()) {
            keys[next] = keys[previous] + (words[previous].utf8.elementsEqual(words[next].utf8) ? 0 : 1)
        }
        return keys
    }
}

private struct KeyVisitor: ElementVisitor {
    let tensor: Tensor
    private static let sign: UInt64 = 1 << 63

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> [UInt64] where T.Wide == Double {
        try tensor.withElements(of: type) { elements in
            elements.map { element in
                let value = element.wide
                if value.isNaN { return .max }
                let bits = value == 0 ? 0 : value.bitPattern
                return bits & KeyVisitor.sign == 0 ? bits | KeyVisitor.sign : ~bits
            }
        }
    }

    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> [UInt64] where T.Wide == Int64 {
        try tensor.withElements(of: type) { $0.map { UInt64(bitPattern: $0.wide) ^ KeyVisitor.sign } }
    }

    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> [UInt64] where T.Wide == UInt64 {
        try tensor.withElements(of: type) { $0.map(\.wide) }
    }
}

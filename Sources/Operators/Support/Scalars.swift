package import SeptumIR
package import SeptumTensor

extension Facts {
    /// The one element of an integer input as an expression; unknown when omitted or not known.
    ///
    /// - Throws: `invalidModel` when the input does not hold one integer.
    package func scalar(_ index: Int) throws(ModelError) -> Dimension {
        guard self[index] != nil else { return .unknown }
        let type = try tensor(index, of: [.int32, .int64])
        guard (type.shape ?? []).allSatisfy({ !$0.isProvablyDifferent(from: 1) }) else {
            throw ModelError(.invalidModel, "input \(index) is \(type), expected one integer")
        }
        return elements(index)?.first ?? .unknown
    }

    /// One integer as in `scalar(_:)`; a known one is checked against the least that it may be.
    ///
    /// - Throws: `invalidModel` when it is less, and as `scalar(_:)` does.
    package func scalar(_ index: Int, atLeast least: Int) throws(ModelError) -> Dimension {
        let value = try scalar(index)
        if let number = value.number, number < least {
            throw ModelError(.invalidModel, "input \(index) is \(number), expected at least \(least)")
        }
        return value
    }

    /// The elements of an input that holds a shape, unknown where they are not known; nil when the rank is not known.
    ///
    /// - Throws: `invalidModel` when the input is no list of integers, or one of them is less than `least`.
    package func sizes(_ index: Int, atLeast least: Int = 0) throws(ModelError) -> [Dimension]? {
        let type = try tensor(index, of: [.int32, .int64])
        if let rank = type.shape?.count, rank != 1 {
            throw ModelError(.invalidModel, "input \(index) has rank \(rank), expected a list of sizes")
        }
        guard let sizes = elements(index) ?? Facts.unknownShape(elementCount(index)) else { return nil }
        for case let number? in sizes.map(\.number) where number < least {
            throw ModelError(.invalidModel, "input \(index) holds the size \(number), expected at least \(least)")
        }
        return sizes
    }
}

extension Arguments {
    /// The one element of an integer input that must be there.
    ///
    /// - Throws: `invalidInput` when the input does not hold one integer.
    package func scalar(_ index: Int) throws(ModelError) -> Int {
        let values = try integers(index)
        guard values.count == 1 else {
            throw ModelError(.invalidInput, "input \(index) has \(values.count) elements, expected 1")
        }
        return values[0]
    }

    /// The one element of an input of real numbers; nil when the input is omitted.
    ///
    /// - Throws: `invalidInput` when the input does not hold one number.
    package func realScalar(_ index: Int) throws(ModelError) -> Double? {
        guard self[index] != nil else { return nil }
        let values = try tensor(index).doubles
        guard values.count == 1 else {
            throw ModelError(.invalidInput, "input \(index) has \(values.count) elements, expected 1")
        }
        return values[0]
    }
}

import SeptumTensor

/// Checks results that are drawn at random: their types and shapes, and whether the draws are likely.
enum RandomCheck {
    /// Zeros and ones, ones with the probabilities that input 0 holds.
    case bernoulli
    /// Elements of input 0, scaled by `1 / (1 - ratio)` or zero, and where asked for, the mask of those that stay.
    case dropout(ratio: Double)

    static let cases: [String: RandomCheck] = [
        "test_bernoulli": .bernoulli,
        "test_bernoulli_double": .bernoulli,
        "test_bernoulli_double_expanded": .bernoulli,
        "test_bernoulli_expanded": .bernoulli,
        "test_bernoulli_seed": .bernoulli,
        "test_bernoulli_seed_expanded": .bernoulli,
        "test_training_dropout": .dropout(ratio: 0.75),
        "test_training_dropout_default": .dropout(ratio: 0.5),
        "test_training_dropout_default_mask": .dropout(ratio: 0.5),
        "test_training_dropout_mask": .dropout(ratio: 0.75),
    ]

    func check(_ results: [Value], _ expected: [Value], _ inputs: [Value]) throws(Difference) {
        for (result, expected) in zip(results, expected) where result.type != expected.type {
            throw Difference("found \(result.type), expected \(expected.type)")
        }
        guard let given = inputs.first?.tensor?.reals, let drawn = results.first?.tensor?.reals else {
            throw Difference("found no tensor")
        }
        switch self {
        case .bernoulli:
            guard drawn.allSatisfy({ $0 == 0 || $0 == 1 }) else { throw Difference("found \(drawn), expected zeros and ones") }
            try checkCount(drawn.count { $0 == 1 }, given)
        case .dropout(let ratio):
            for (x, y) in zip(given, drawn) where y != 0 && abs(y * (1 - ratio) - x) > 1e-6 * abs(x) {
                throw Difference("found \(y), expected 0 or \(x / (1 - ratio))")
            }
            try checkCount(drawn.count { $0 != 0 }, given.map { _ in 1 - ratio })
            guard results.count > 1 else { return }
            guard let mask = try? results[1].tensor?.array(of: Bool8.self), mask == drawn.map({ Bool8($0 != 0) }) else {
                throw Difference("the mask is not that of the elements that stay")
            }
        }
    }

    /// A count of ones within five standard deviations of what the probabilities of each make likely.
    private func checkCount(_ count: Int, _ probabilities: [Double]) throws(Difference) {
        let mean = probabilities.reduce(0, +)
        let deviation = probabilities.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
        guard abs(Double(count) - mean) <= 5 * deviation else {
            throw Difference("\(count) of \(probabilities.count) are drawn, expected about \(mean)")
        }
    }
}

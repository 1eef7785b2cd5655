import SeptumIR
import SeptumOperators
import SeptumTensor

/// What comes before the first and after the last tree: base score and division, in the accumulation type.
struct ForestEnds<Sum: BinaryFloatingPoint & Scalar>: Sendable {
    private let first: [Sum]
    private let divisor: Sum?
    private let last: [Sum]?

    /// - Throws: nothing in practice; the forest was checked when it was made.
    init(_ forest: Op.Forest) throws(ModelError) {
        let rules = forest.rules
        let neutral: Sum =
            switch rules.aggregation {
            case .sum: 0
            case .minimum: .infinity
            case .maximum: -.infinity
            }
        let base = try forest.baseScore?.array(of: Sum.self)
        let without = [Sum](repeating: neutral, count: forest.outputCount)
        first = rules.baseScoreOrder == .beforeTrees ? base ?? without : without
        last = rules.baseScoreOrder == .afterTrees ? base : nil
        divisor = rules.divisor == 1 ? nil : Sum(rules.divisor)
    }

    /// Puts into rows of scores what sums start from.
    func start(_ scores: UnsafeMutablePointer<Sum>, _ rows: Int) {
        for row in 0..<rows { for column in first.indices { scores[row * first.count + column] = first[column] } }
    }

    /// Divides rows of sums and adds the base score that comes last.
    func finish(_ scores: UnsafeMutablePointer<Sum>, _ rows: Int) {
        guard divisor != nil || last != nil else { return }
        for row in 0..<rows {
            for column in first.indices {
                let index = row * first.count + column
                if let divisor { scores[index] /= divisor }
                if let last { scores[index] += last[column] }
            }
        }
    }
}

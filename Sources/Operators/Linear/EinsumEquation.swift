import SeptumIR
package import SeptumTensor

/// An einsum equation: the index letters of each operand and of the output.
package struct EinsumEquation {
    /// One index: a letter, or a dimension of the ellipsis counted from its end.
    package enum Index: Hashable {
        case letter(Character)
        case ellipsis(fromEnd: Int)
    }

    /// The letters of an operand; nil stands for the ellipsis.
    private(set) var operands: [[Character?]] = []
    private(set) var output: [Character?]

    /// - Throws: `invalidModel` when the equation is not well formed.
    package init(_ equation: String) throws(ModelError) {
        let text = equation.filter { $0 != " " }
        let sides = text.split(separator: ">", omittingEmptySubsequences: false)
        guard sides.count <= 2, sides.count == 1 || sides[0].hasSuffix("-") else { throw EinsumEquation.malformed(equation) }
        let left = sides.count == 1 ? sides[0] : sides[0].dropLast()
        for operand in left.split(separator: ",", omittingEmptySubsequences: false) {
            operands.append(try EinsumEquation.indices(operand, of: equation))
        }
        let used = operands.flatMap { $0 }
        if sides.count == 2 {
            output = try EinsumEquation.indices(sides[1], of: equation)
            guard Set(output).count == output.count, output.allSatisfy({ $0 == nil || used.contains($0) }) else {
                throw EinsumEquation.malformed(equation)
            }
        } else {
            let letters = Set(used.compactMap { $0 }).filter { letter in used.filter { $0 == letter }.count == 1 }
            output = (used.contains(nil) ? [nil] : []) + letters.sorted()
        }
    }

    private static func indices(_ text: Substring, of equation: String) throws(ModelError) -> [Character?] {
        var indices: [Character?] = []
        var rest = text
        while let first = rest.first {
            if rest.hasPrefix("...") {
                indices.append(nil)
                rest = rest.dropFirst(3)
            } else {
                guard first.isASCII, first.isLetter else { throw malformed(equation) }
                indices.append(first)
                rest = rest.dropFirst()
            }
        }
        guard indices.filter({ $0 == nil }).count <= 1 else { throw malformed(equation) }
        return indices
    }

    private static func malformed(_ equation: String) -> ModelError {
        ModelError(
            .invalidModel, "found '\(equation)', expected letters and at most one '...' an operand, such as 'bij,bjk->bik'",
            attribute: "equation")
    }
}

extension EinsumEquation {
    /// An equation whose indices have sizes.
    package struct Bound {
        package var operands: [[Index]]
        package var output: [Index]
        /// The indices that are summed over, in order of first appearance.
        package var summed: [Index]
        package var sizes: [Index: Dimension]

        var outputShape: [Dimension] { output.map { sizes[$0] ?? .unknown } }

        /// The strides of an operand along given indices: 0 along those that it lacks or repeats.
        package func strides(_ operand: Int, _ shape: [Int], _ indices: [Index]) -> [Int] {
            let own = rowMajorStrides(shape)
            return indices.map { index in
                operands[operand].indices.reduce(0) { sum, axis in
                    operands[operand][axis] == index && (shape[axis] != 1 || sizes[index] == 1) ? sum &+ own[axis] : sum
                }
            }
        }
    }

    /// Gives the indices the sizes of the operands' dimensions.
    ///
    /// - Throws: `invalidModel` when ranks or sizes do not fit.
    package func bound(to shapes: [[Dimension]]) throws(ModelError) -> Bound {
        var bound = Bound(operands: [], output: [], summed: [], sizes: [:])
        var ellipsisRank = 0
        for (letters, shape) in zip(operands, shapes) {
            let named = letters.filter { $0 != nil }.count
            guard letters.contains(nil) ? shape.count >= named : shape.count == named else {
                throw ModelError(
                    .invalidModel, "an operand of rank \(shape.count) has \(named) letters", attribute: "equation")
            }
            let indices = EinsumEquation.expanded(letters, ellipsisRank: shape.count - named)
            if letters.contains(nil) { ellipsisRank = max(ellipsisRank, shape.count - named) }
            for (index, dimension) in zip(indices, shape) {
                guard let size = bound.sizes[index] else { bound.sizes[index] = dimension; continue }
                if size == 1 {
                    bound.sizes[index] = dimension
                } else if dimension != 1 {
                    bound.sizes[index] = try sharedDimension(size, dimension, "an index of the equation")
                }
            }
            bound.operands.append(indices)
        }
        bound.output = EinsumEquation.expanded(output, ellipsisRank: ellipsisRank)
        var seen = Set(bound.output)
        for index in bound.operands.joined() where seen.insert(index).inserted { bound.summed.append(index) }
        return bound
    }

    private static func expanded(_ letters: [Character?], ellipsisRank: Int) -> [Index] {
        letters.flatMap { letter in
            letter.map { [.letter($0)] } ?? (0..<ellipsisRank).reversed().map { .ellipsis(fromEnd: $0) }
        }
    }
}

import SeptumTensor

/// A regular expression as a list of instructions that all possible matches walk side by side.
///
/// The time of a match is proportional to the length of the text times that of the list, whatever the pattern.
///
/// Source: https://swtch.com/~rsc/regexp/regexp2.html
struct RegularExpression: Sendable {
    /// What a pattern consists of.
    indirect enum Node: Sendable {
        case empty
        case scalar(ScalarSet)
        case assertion(Assertion)
        case sequence([Node])
        case choice([Node])
        case `repeat`(Node, atLeast: Int, atMost: Int?)
    }

    enum Assertion: Sendable { case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary }

    private enum Instruction: Sendable {
        case scalar(ScalarSet)
        case assertion(Assertion)
        /// Goes on at both places.
        case fork(Int, Int)
        case end
    }

    private var instructions: [Instruction] = []
    private static let instructionLimit = 100_000

    /// - Throws: `invalidModel` when the pattern is wrong, `unsupported` for what is not known, `limit` when it is too long.
    init(_ pattern: String) throws(ModelError) {
        var parser = RegularExpressionParser(pattern)
        try append(try parser.parse())
        instructions.append(.end)
    }

    // MARK: Compiling

    private mutating func append(_ node: Node) throws(ModelError) {
        switch node {
        case .empty: try emit(.fork(instructions.count + 1, instructions.count + 1))
        case .scalar(let set): try emit(.scalar(set))
        case .assertion(let assertion): try emit(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try append(node) }
        case .choice(let nodes):
            var exits: [Int] = []
            for node in nodes.dropLast() {
                let fork = instructions.count
                try emit(.fork(fork + 1, 0))
                try append(node)
                exits.append(instructions.count)
                try emit(.fork(0, 0))
                instructions[fork] = .fork(fork + 1, instructions.count)
            }
            try append(nodes.last ?? .empty)
            for exit in exits { instructions[exit] = .fork(instructions.count, instructions.count) }
        case .repeat(let node, let atLeast, let atMost):
            try emit(.fork(instructions.count + 1, instructions.count + 1))
            for _ in 0..<atLeast { try append(node) }
            var forks: [Int] = []
            for _ in 0..<(atMost.map { $0 - atLeast } ?? 1) {
                forks.append(instructions.count)
                try emit(.fork(0, 0))
                try append(node)
            }
            if atMost == nil, let fork = forks.first { try emit(.fork(fork, fork)) }
            for fork in forks { instructions[fork] = .fork(fork + 1, instructions.count) }
        }
    }

    private mutating func emit(_ instruction: Instruction) throws(ModelError) {
        guard instructions.count < RegularExpression.instructionLimit else {
            throw ModelError(.limit, "the regular expression is too long once repetitions are written out", attribute: "pattern")
        }
        instructions.append(instruction)
    }

    // MARK: Matching

    /// Whether the whole text matches.
    func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var reached = [Int](repeating: -1, count: instructions.count)
        var current: [Int] = []
        follow([0], at: 0, scalars, &reached, &current)
        for position in scalars.indices {
            var next: [Int] = []
            for place in current {
                if case .scalar(let set) = instructions[place], set.contains(scalars[position]) { next.append(place + 1) }
            }
            if next.isEmpty { return false }
            current = []
            follow(next, at: position + 1, scalars, &reached, &current)
        }
        return current.contains { if case .end = instructions[$0] { true } else { false } }
    }

    /// Adds to `result` the places that are reached from others without a further character.
    private func follow(
        _ places: [Int], at position: Int, _ text: [Unicode.Scalar], _ reached: inout [Int], _ result: inout [Int]
    ) {
        var waiting = places
        while let place = waiting.popLast() {
            guard reached[place] != position else { continue }
            reached[place] = position
            switch instructions[place] {
            case .fork(let a, let b): waiting += [b, a]
            case .assertion(let assertion): if assertion.holds(at: position, text) { waiting.append(place + 1) }
            case .scalar, .end: result.append(place)
            }
        }
    }
}

extension RegularExpression.Assertion {
    fileprivate func holds(at position: Int, _ text: [Unicode.Scalar]) -> Bool {
        let (before, after) = (position > 0 ? text[position - 1] : nil, position < text.count ? text[position] : nil)
        let isBoundary = before.map(ScalarSet.word.contains) ?? false != after.map(ScalarSet.word.contains) ?? false
        return switch self {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: after == nil || after == "\n"
        case .wordBoundary: isBoundary
        case .noWordBoundary: !isBoundary
        }
    }
}

import SeptumTensor

/// Reads the syntax of RE2: what it does not know is refused by name.
///
/// Unknown are names of scripts (`\p{Greek}`) and single bytes (`\C`); like RE2 it has no back references and no look-around.
///
/// Source: https://github.com/google/re2/wiki/Syntax
struct RegularExpressionParser {
    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
    }

    private let text: [Unicode.Scalar]
    private var position = 0
    private var flags = Flags()
    private var depth = 0
    private static let depthLimit = 200
    private static let repeatLimit = 1000

    init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

    mutating func parse() throws(ModelError) -> RegularExpression.Node {
        let node = try parseChoice()
        guard position == text.count else { throw wrong("')' without '('") }
        return node
    }

    // MARK: Structure

    /// Branches up to the end of the group; flags that are set within hold to its end.
    private mutating func parseChoice() throws(ModelError) -> RegularExpression.Node {
        depth += 1
        guard depth <= RegularExpressionParser.depthLimit else {
            throw ModelError(
                .limit, "groups are nested deeper than \(RegularExpressionParser.depthLimit)", attribute: "pattern")
        }
        let outer = flags
        var branches: [RegularExpression.Node] = []
        repeat { branches.append(try parseSequence()) } while take("|")
        flags = outer
        depth -= 1
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func parseSequence() throws(ModelError) -> RegularExpression.Node {
        var nodes: [RegularExpression.Node] = []
        while let next = peek, next != "|", next != ")" {
            if take("\\Q") {
                while position < text.count, !take("\\E") { nodes.append(literal(try advance())) }
            } else if take("(") {
                if let group = try parseGroup() { nodes.append(group) }
            } else if let bounds = try parseRepetition() {
                guard let last = nodes.popLast() else { throw wrong("nothing to repeat") }
                guard try parseRepetition() == nil else { throw wrong("a repetition of a repetition") }
                nodes.append(.repeat(last, atLeast: bounds.atLeast, atMost: bounds.atMost))
            } else {
                nodes.append(try parseAtom())
            }
        }
        return nodes.isEmpty ? .empty : .sequence(nodes)
    }

    /// What follows an opening parenthesis; nil when that only sets flags for the rest of the group around it.
    private mutating func parseGroup() throws(ModelError) -> RegularExpression.Node? {
        let outer = flags
        if take("?") {
            if take("P<") || peek == "<" && !["=", "!"].contains(peek(1)) && take("<") {
                try parseGroupName()
            } else if try parseFlags() {
                return nil
            }
        }
        let node = try parseChoice()
        guard take(")") else { throw wrong("'(' without ')'") }
        flags = outer
        return node
    }

    private mutating func parseGroupName() throws(ModelError) {
        var name = ""
        while let next = peek, ScalarSet.word.contains(next) || !next.isASCII { name.unicodeScalars.append(try advance()) }
        guard !name.isEmpty, take(">") else { throw wrong("a bad name of a group") }
    }

    /// Returns whether the parenthesis is closed at once.
    private mutating func parseFlags() throws(ModelError) -> Bool {
        var isOn = true
        var isComplete = true
        while true {
            switch try advance() {
            case "i": (flags.ignoresCase, isComplete) = (isOn, true)
            case "m": (flags.isMultiline, isComplete) = (isOn, true)
            case "s": (flags.dotMatchesNewline, isComplete) = (isOn, true)
            case "U": isComplete = true
            case "-" where isOn: (isOn, isComplete) = (false, false)
            case ":" where isComplete: return false
            case ")" where isComplete: return true
            default: throw wrong("a group that RE2 does not have")
            }
        }
    }

    /// The bounds of a repetition; nil, and nothing read, when there is none.
    private mutating func parseRepetition() throws(ModelError) -> (atLeast: Int, atMost: Int?)? {
        let start = position
        var bounds: (atLeast: Int, atMost: Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else {
            guard take("{"), let least = takeNumber() else { position = start; return nil }
            bounds = (least, least)
            if take(",") { bounds.atMost = peek == "}" ? nil : takeNumber() ?? -1 }
            guard bounds.atMost != -1, take("}") else { position = start; return nil }
            guard max(least, bounds.atMost ?? 0) <= RegularExpressionParser.repeatLimit, least <= bounds.atMost ?? least else {
                throw wrong("a repetition beyond \(RegularExpressionParser.repeatLimit), or with bounds in the wrong order")
            }
        }
        _ = take("?")
        return bounds
    }

    /// A number of at most nine digits without leading zeros.
    private mutating func takeNumber() -> Int? {
        let start = position
        while let next = peek, ScalarSet.digit.contains(next) { position += 1 }
        let digits = text[start..<position]
        guard let first = digits.first, digits.count == 1 || first != "0", digits.count < 10 else { return nil }
        return Int(String(String.UnicodeScalarView(digits)))
    }

    // MARK: Characters

    private mutating func parseAtom() throws(ModelError) -> RegularExpression.Node {
        switch try advance() {
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case ".": return .scalar(flags.dotMatchesNewline ? ScalarSet("\0"..."\u{10ffff}") : ScalarSet("\n"..."\n").negated)
        case "[": return .scalar(try parseClass())
        case "\\":
            if take("A") { return .assertion(.textStart) }
            if take("z") { return .assertion(.textEnd) }
            if take("b") { return .assertion(.wordBoundary) }
            if take("B") { return .assertion(.noWordBoundary) }
            if var set = try parseSetEscape() {
                set.ignoresCase = flags.ignoresCase
                return .scalar(set)
            }
            return literal(try parseEscape())
        case let scalar: return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> RegularExpression.Node {
        var set = ScalarSet(scalar...scalar)
        set.ignoresCase = flags.ignoresCase
        return .scalar(set)
    }

    /// What follows an opening bracket.
    private mutating func parseClass() throws(ModelError) -> ScalarSet {
        var set = ScalarSet()
        set.isNegated = take("^")
        set.ignoresCase = flags.ignoresCase
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var isFirst = true
        while isFirst || peek != "]" {
            isFirst = false
            if take("[:") {
                let isNegated = take("^")
                var name = ""
                while let next = peek, next != ":" { name.unicodeScalars.append(try advance()) }
                guard take(":]"), let named = ScalarSet.named[name] else { throw wrong("the class '\(name)'") }
                set.parts += (isNegated ? named.negated : named).parts
            } else if peek == "\\", case let next? = peek(1), "dDsSwWpPC".unicodeScalars.contains(next) {
                position += 1
                set.parts += try parseSetEscape()?.parts ?? []
            } else {
                let first = try parseClassScalar()
                var last = first
                if peek == "-", peek(1) != "]" {
                    position += 1
                    last = try parseClassScalar()
                }
                guard first <= last else { throw wrong("a range from \(first) to \(last)") }
                ranges.append(first...last)
            }
        }
        position += 1
        if !ranges.isEmpty { set.parts.append(ScalarSet.Part(kind: .ranges(ranges))) }
        return set
    }

    private mutating func parseClassScalar() throws(ModelError) -> Unicode.Scalar {
        take("\\") ? try parseEscape() : try advance()
    }

    /// The set that a letter after a backslash stands for; nil, and nothing read, when it stands for none.
    private mutating func parseSetEscape() throws(ModelError) -> ScalarSet? {
        if take("d") { return .digit }
        if take("D") { return ScalarSet.digit.negated }
        if take("s") { return .space }
        if take("S") { return ScalarSet.space.negated }
        if take("w") { return .word }
        if take("W") { return ScalarSet.word.negated }
        guard peek == "p" || peek == "P" else { return nil }
        var isNegated = try advance() == "P"
        var name = ""
        if take("{") {
            if take("^") { isNegated.toggle() }
            while let next = peek, next != "}" { name.unicodeScalars.append(try advance()) }
            guard take("}") else { throw wrong("'{' without '}'") }
        } else {
            name.unicodeScalars.append(try advance())
        }
        if name == "Any" { name = "" }
        guard name.isEmpty || Unicode.GeneralCategory.patternCodes.contains(name) else {
            throw ModelError(.unsupported, "found '\\p{\(name)}', only general categories are known", attribute: "pattern")
        }
        let set = ScalarSet(.category(name))
        return isNegated ? set.negated : set
    }

    /// The character that follows a backslash, or that it stands for.
    private mutating func parseEscape() throws(ModelError) -> Unicode.Scalar {
        let next = try advance()
        switch next {
        case "a": return "\u{7}"
        case "f": return "\u{c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{b}"
        case "x":
            let isBraced = take("{")
            let digits = takeDigits(16, atMost: isBraced ? 8 : 2)
            guard isBraced ? take("}") : digits.count == 2 else { throw wrong("'\\x'") }
            return try scalar(digits, radix: 16)
        case "0"..."7":
            let digits = takeDigits(8, atMost: 2)
            guard next == "0" || !digits.isEmpty else { throw wrong("the back reference '\\\(next)'") }
            return try scalar([next] + digits, radix: 8)
        case "C": throw ModelError(.unsupported, "found '\\C', single bytes are not known", attribute: "pattern")
        default:
            guard next.isASCII, next == "_" || !ScalarSet.word.contains(next) else { throw wrong("'\\\(next)'") }
            return next
        }
    }

    private mutating func takeDigits(_ radix: Int, atMost limit: Int) -> [Unicode.Scalar] {
        var digits: [Unicode.Scalar] = []
        while digits.count < limit, let next = peek, next.isASCII, Int(String(next), radix: radix) != nil {
            digits.append(next)
            position += 1
        }
        return digits
    }

    private func scalar(_ digits: [Unicode.Scalar], radix: Int) throws(ModelError) -> Unicode.Scalar {
        let text = String(String.UnicodeScalarView(digits))
        guard let code = UInt32(text, radix: radix), let scalar = Unicode.Scalar(code) else {
            throw wrong("the character '\(text)'")
        }
        return scalar
    }

    // MARK: Reading

    private var peek: Unicode.Scalar? { peek(0) }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        position + distance < text.count ? text[position + distance] : nil
    }

    private mutating func take(_ expected: String) -> Bool {
        guard text[position...].starts(with: expected.unicodeScalars) else { return false }
        position += expected.unicodeScalars.count
        return true
    }

    private mutating func advance() throws(ModelError) -> Unicode.Scalar {
        guard let next = peek else { throw wrong("its end too early") }
        position += 1
        return next
    }

    private func wrong(_ found: String) -> ModelError {
        ModelError(
            .invalidModel, "found \(found) at character \(position) of the regular expression", remedy: "use the syntax of RE2",
            attribute: "pattern")
    }
}

extension Dimension {
    /// Reads back what `description` prints, such as `3*batch+1` or `floor(length, 2)`; nil when it is not of that form.
    public init?(parsing text: String) {
        // What most dimensions are: a number, or a name of plain letters, digits and lines.
        let bytes = text.utf8
        if bytes.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) {
            self = .fixed(number)
            return
        }
        if let first = bytes.first, !(0x30...0x39).contains(first), bytes.allSatisfy(DimensionParser.isPlain) {
            self = .symbol(text)
            return
        }
        var parser = DimensionParser(text)
        guard let dimension = parser.sum(depth: 0), parser.isAtEnd else { return nil }
        self = dimension
    }
}

/// Recursive descent over `sum := product (('+'|'-') product)*`, `product := factor ('*' factor)*`.
private struct DimensionParser {
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    var isAtEnd: Bool { rest.allSatisfy { $0 == " " } }

    mutating func sum(depth: Int) -> Dimension? {
        guard depth < 16 else { return nil }
        let isNegative = take("-")
        guard let first = product(depth: depth) else { return nil }
        var result = isNegative ? 0 - first : first
        while true {
            if take("+") {
                guard let next = product(depth: depth) else { return nil }
                result = result + next
            } else if take("-") {
                guard let next = product(depth: depth) else { return nil }
                result = result - next
            } else {
                return result
            }
        }
    }

    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39, UInt8(ascii: "_"): true
        default: false
        }
    }

    private mutating func product(depth: Int) -> Dimension? {
        guard var result = factor(depth: depth) else { return nil }
        while take("*") {
            guard let next = factor(depth: depth) else { return nil }
            result = result * next
        }
        return result
    }

    private mutating func factor(depth: Int) -> Dimension? {
        if take("?") { return .unknown }
        if take("`") {
            guard let end = rest.firstIndex(of: "`") else { return nil }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            return .symbol(name)
        }
        let word = String(String.UnicodeScalarView(rest.prefix { !" +-*(),`".unicodeScalars.contains($0) }))
        rest = rest.dropFirst(word.unicodeScalars.count)
        if let number = Int(word) { return .fixed(number) }
        guard Polynomial.isIdentifier(word) else { return nil }
        guard word == "floor" || word == "max", take("(") else { return .symbol(word) }
        guard let a = sum(depth: depth + 1), take(","), let b = sum(depth: depth + 1), take(")") else { return nil }
        return word == "floor" ? a.dividedRoundingDown(by: b) : .maximum(a, b)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        rest = rest.drop { $0 == " " }
        guard rest.first == scalar else { return false }
        rest = rest.dropFirst()
        return true
    }
}

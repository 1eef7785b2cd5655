import SeptumTensor

/// The cut of a category: a formula over names, as TTreeFormula reads it.
///
/// Read are numbers, names, `+ - * /`, comparisons, `&& || !`, parentheses, and the functions abs, fabs, TMath::Abs, sqrt, log,
/// exp, min, max and pow.
///
/// Source: https://root.cern/doc/master/classTTreeFormula.html, https://root.cern/doc/master/classTFormula.html
indirect enum Formula {
    case number(Double)
    case name(String)
    case unary(String, Formula)
    case binary(String, Formula, Formula)
    case call(String, [Formula])

    static let depthLimit = 64
    static let functions = ["abs": 1, "fabs": 1, "TMath::Abs": 1, "sqrt": 1, "log": 1, "exp": 1, "min": 2, "max": 2, "pow": 2]

    init(_ text: String) throws(ModelError) {
        guard text.utf8.count <= 4096 else { throw ModelError(.limit, "a formula of \(text.utf8.count) characters is too long") }
        var parser = FormulaParser(text)
        self = try parser.whole()
    }
}

private struct FormulaParser {
    private let text: String
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0

    /// Operators from the weakest to the strongest; longer ones first.
    private static let levels = [["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/"]]

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    private func error(_ what: String) -> ModelError {
        ModelError(.unsupported, "the formula '\(text.prefix(80))': \(what) at character \(place + 1)")
    }

    mutating func whole() throws(ModelError) -> Formula {
        let result = try expression(0)
        skip()
        guard place == bytes.count else { throw error("found something that is not read") }
        return result
    }

    private mutating func skip() {
        while place < bytes.count, bytes[place] == 0x20 || (0x09...0x0d).contains(bytes[place]) { place += 1 }
    }

    private mutating func takes(_ word: String) -> Bool {
        skip()
        guard bytes[place...].starts(with: word.utf8) else { return false }
        place += word.utf8.count
        return true
    }

    private mutating func expression(_ level: Int) throws(ModelError) -> Formula {
        guard level < FormulaParser.levels.count else { return try primary() }
        var left = try expression(level + 1)
        while let sign = FormulaParser.levels[level].first(where: { takes($0) }) {
            left = .binary(sign, left, try expression(level + 1))
        }
        return left
    }

    private mutating func primary() throws(ModelError) -> Formula {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Formula.depthLimit else { throw error("parentheses nest too deeply") }
        if takes("(") {
            let inner = try expression(0)
            guard takes(")") else { throw error("a parenthesis is not closed") }
            return inner
        }
        for sign in ["!", "-", "+"] where takes(sign) { return .unary(sign, try primary()) }
        skip()
        guard place < bytes.count else { throw error("the formula ends too early") }
        let start = place
        if isDigit(bytes[place]) || bytes[place] == UInt8(ascii: ".") {
            while place < bytes.count, isDigit(bytes[place]) || bytes[place] == UInt8(ascii: ".") || isExponent() { place += 1 }
            guard let value = Double(String(decoding: bytes[start..<place], as: UTF8.self)), value.isFinite else {
                throw error("found no number")
            }
            return .number(value)
        }
        while place < bytes.count, isLetter(bytes[place]) || place > start && isDigit(bytes[place]) { place += 1 }
        guard place > start else { throw error("found a character that is not read") }
        let name = String(decoding: bytes[start..<place], as: UTF8.self)
        guard takes("(") else { return .name(name) }
        guard let count = Formula.functions[name] else { throw error("the function '\(name.prefix(40))' is not known") }
        var arguments = [try expression(0)]
        while takes(",") { arguments.append(try expression(0)) }
        guard takes(")"), arguments.count == count else { throw error("'\(name)' takes \(count) arguments") }
        return .call(name, arguments)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    /// The letter of an exponent, or its sign.
    private func isExponent() -> Bool {
        let byte = bytes[place]
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") { return true }
        guard byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"), place > 0 else { return false }
        return bytes[place - 1] == UInt8(ascii: "e") || bytes[place - 1] == UInt8(ascii: "E")
    }
}

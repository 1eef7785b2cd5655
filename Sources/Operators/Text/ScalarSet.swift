/// A set of characters: ranges and general categories of Unicode.
struct ScalarSet: Sendable {
    enum Kind: Sendable {
        case ranges([ClosedRange<Unicode.Scalar>])
        case category(String)
    }

    /// One part of the set: characters of a kind, or all others.
    struct Part: Sendable {
        var kind: Kind
        var isNegated = false
    }

    var parts: [Part] = []
    var isNegated = false
    /// Whether a letter stands for its capital and small forms.
    var ignoresCase = false

    init() {}
    init(_ kind: Kind) { parts = [Part(kind: kind)] }
    init(_ ranges: ClosedRange<Unicode.Scalar>...) { parts = [Part(kind: .ranges(ranges))] }

    static let digit = ScalarSet("0"..."9")
    static let space = ScalarSet("\t"..."\n", "\u{c}"..."\r", " "..." ")
    static let word = ScalarSet("0"..."9", "A"..."Z", "_"..."_", "a"..."z")

    /// The classes in brackets of POSIX, all within ASCII.
    static let named: [String: ScalarSet] = [
        "alnum": ScalarSet("0"..."9", "A"..."Z", "a"..."z"), "alpha": ScalarSet("A"..."Z", "a"..."z"),
        "ascii": ScalarSet("\0"..."\u{7f}"), "blank": ScalarSet("\t"..."\t", " "..." "),
        "cntrl": ScalarSet("\0"..."\u{1f}", "\u{7f}"..."\u{7f}"), "digit": digit, "graph": ScalarSet("!"..."~"),
        "lower": ScalarSet("a"..."z"), "print": ScalarSet(" "..."~"),
        "punct": ScalarSet("!"..."/", ":"..."@", "["..."`", "{"..."~"), "space": ScalarSet("\t"..."\r", " "..." "),
        "upper": ScalarSet("A"..."Z"), "word": word, "xdigit": ScalarSet("0"..."9", "A"..."F", "a"..."f"),
    ]

    /// All other characters.
    var negated: ScalarSet {
        var copy = self
        for index in copy.parts.indices { copy.parts[index].isNegated.toggle() }
        return copy
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let variants = ignoresCase ? scalar.caseVariants : [scalar]
        return parts.contains { part in variants.contains(where: part.kind.holds) != part.isNegated } != isNegated
    }
}

extension ScalarSet.Kind {
    fileprivate func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .ranges(let ranges): ranges.contains { $0.contains(scalar) }
        case .category(let name): scalar.properties.generalCategory.code.hasPrefix(name)
        }
    }
}

extension Unicode.Scalar {
    /// The character in all its cases.
    fileprivate var caseVariants: [Unicode.Scalar] { Unicode.Scalar.variants[folded] ?? [self] }

    /// What all cases of a letter share; the dotless i is a letter of its own.
    private var folded: Unicode.Scalar { self == "\u{131}" ? self : uppercased.lowercased }

    /// The letters that have more than one case, by what those share; all lie on the first two planes.
    private static let variants: [Unicode.Scalar: [Unicode.Scalar]] = {
        let letters = (0...UInt32(0x1ffff)).lazy.compactMap(Unicode.Scalar.init)
        let cased = letters.filter { $0.properties.changesWhenCaseMapped || $0.lowercased != $0 || $0.uppercased != $0 }
        return Dictionary(grouping: cased, by: \.folded)
    }()
}

extension Unicode.GeneralCategory {
    /// The two letters that stand for the category.
    ///
    /// Source: https://www.unicode.org/reports/tr44/#General_Category_Values
    var code: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: ""
        }
    }

    /// The codes that a pattern may name: single letters, and those of RE2, which has no unassigned characters.
    static let patternCodes: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi",
        "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co",
    ]
}

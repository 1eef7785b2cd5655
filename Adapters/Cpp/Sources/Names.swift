/// Words of C++ made from words of models.
enum Names {
    private static let reserved: Set<String> = Set(
        """
        alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await co_return \
        co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do double \
        dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept \
        not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return short signed \
        sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename \
        union unsigned using virtual void volatile wchar_t while xor xor_eq std detail main errno linux unix assert NAN INFINITY \
        featureCount featureNames treeCount scoreCount Input Score
        """.split(separator: " ").map(String.init))

    /// An identifier that looks like the text and is none of the taken ones.
    static func identifier(_ text: String, taken: inout Set<String>) -> String {
        var name = ""
        for character in text.utf8 {
            let isFine =
                (0x30...0x39).contains(character) || (0x41...0x5a).contains(character) || (0x61...0x7a).contains(character)
            // Two underscores in a row belong to the compiler.
            if isFine {
                name.unicodeScalars.append(Unicode.Scalar(character))
            } else if !name.isEmpty, name.last != "_" {
                name += "_"
            }
        }
        if name.isEmpty || name.first?.isNumber == true { name = "model" + (name.isEmpty ? "" : "_" + name) }
        while name.utf8.count > 1, name.last == "_" { name.removeLast() }
        if reserved.contains(name) { name += "_value" }
        var number = 2
        let stem = name
        while !taken.insert(name).inserted {
            name = "\(stem)_\(number)"
            number += 1
        }
        return name
    }

    /// A string literal in which every byte but plain letters is an escape.
    static func literal(_ text: String) -> String {
        var result = "\""
        for byte in text.utf8 {
            let isPlain = (0x20...0x7e).contains(byte) && !"\"\\?".utf8.contains(byte)
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 8)
                result += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
            }
        }
        return result + "\""
    }

    /// Text that cannot end a comment's line or join it with the next.
    static func comment(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            result.unicodeScalars.append((0x20...0x7e).contains(scalar.value) && scalar != "\\" && scalar != "?" ? scalar : "_")
        }
        return result
    }
}

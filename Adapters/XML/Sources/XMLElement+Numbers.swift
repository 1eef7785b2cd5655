package import SeptumTensor

extension XMLElement {
    /// An attribute that is an integer.
    ///
    /// - Throws: `malformed` naming line, element and attribute.
    package func integer(_ name: String) throws(ModelError) -> Int {
        let text = try string(name)
        guard let value = Int(text) else { throw wrong(name, text, "an integer") }
        return value
    }

    /// An attribute that is a finite number, rounded once to its type.
    package func number<T: LosslessStringConvertible & BinaryFloatingPoint>(
        _ name: String, _ type: T.Type
    ) throws(ModelError) -> T {
        try number(name, bytes(name), type)
    }

    private func number<T: LosslessStringConvertible & BinaryFloatingPoint>(
        _ name: String, _ bytes: ArraySlice<UInt8>?, _ type: T.Type
    ) throws(ModelError) -> T {
        guard let bytes else { throw error("has no attribute '\(name)'") }
        guard let value = Decimal.parse(bytes, type) else {
            throw wrong(name, String(decoding: bytes, as: UTF8.self), "a finite number")
        }
        return value
    }

    /// The attributes `<stem>0`, `<stem>1` and so on, each a finite number that is rounded once to its type.
    ///
    /// - Throws: `malformed` naming line, element and the attribute that is missing or no number.
    package func numbers<T: LosslessStringConvertible & BinaryFloatingPoint>(
        named stem: String, _ count: Int, _ type: T.Type
    ) throws(ModelError) -> [T] {
        let given = attributes
        var values: [T] = []
        for index in 0..<count { values.append(try number("\(stem)\(index)", given["\(stem)\(index)"], type)) }
        return values
    }

    /// The numbers in the element's text, separated by white space, each rounded once to its type.
    ///
    /// - Throws: `malformed` when there are not as many as expected or one of them is not finite.
    package func numbers<T: LosslessStringConvertible & BinaryFloatingPoint>(
        _ count: Int, _ type: T.Type
    ) throws(ModelError) -> [T] {
        var values: [T] = []
        for word in textBytes.split(whereSeparator: { $0 == 0x20 || (0x09...0x0d).contains($0) }) {
            guard let value = Decimal.parse(word, type) else {
                throw error("holds '\(String(decoding: word.prefix(40), as: UTF8.self))', expected finite numbers")
            }
            values.append(value)
        }
        guard values.count == count else { throw error("holds \(values.count) numbers, expected \(count)") }
        return values
    }

    private func wrong(_ name: String, _ found: String, _ expected: String) -> ModelError {
        error("has the attribute '\(name)' = '\(found.prefix(40))', expected \(expected)")
    }
}

/// Numbers in decimal digits; the standard library alone would also read hexadecimal ones, and words.
enum Decimal {
    static func parse<T: LosslessStringConvertible & BinaryFloatingPoint>(_ bytes: ArraySlice<UInt8>, _ type: T.Type) -> T? {
        guard
            bytes.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
                    UInt8(ascii: "e"), UInt8(ascii: "E"):
                    true
                default: false
                }
            }), let value = T(String(decoding: bytes, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }
}

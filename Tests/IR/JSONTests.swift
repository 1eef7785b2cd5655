import SeptumIR
import SeptumTensor
import Testing

@Suite struct JSONTests {
    /// Text, and what it prints as when that is not the text itself.
    static let accepted: [(text: String, printed: String?)] = [
        ("null", nil), ("true", nil), ("false", nil), ("0", nil), ("-0", nil), ("1e5", nil), ("1E+05", nil), ("-0.10", nil),
        ("123456789012345678901234567890", nil), ("0.1000000000000000055511151231257827", nil), ("\"\"", nil), ("[]", nil),
        ("{}", nil), ("[1,2,[3]]", nil), ("{\"a\":{\"b\":[null]}}", nil), (" [ 1 ,\n2 ]\t", "[1,2]"),
        ("{ \"a\" : 1 }", "{\"a\":1}"), ("NaN", nil), ("Infinity", nil), ("-Infinity", nil), ("[NaN,-Infinity]", nil),
        ("\"\\u0041\\u00e9\"", "\"Aé\""), ("\"\\ud83d\\ude00\"", "\"😀\""), ("\"\\n\\r\\t\\\"\\\\\"", nil),
        ("\"\\b\\f\\/\"", "\"\\u0008\\u000c/\""),
        ("\"\\u0000\"", nil), ("\"\u{7f}\u{2028}ß\"", nil),
    ]

    @Test func acceptsAndPrints() throws {
        #expect(JSONTests.accepted.count == 27)
        for (text, printed) in JSONTests.accepted {
            #expect(try JSON(parsing: text).description == printed ?? text, "\(text)")
        }
    }

    @Test func keepsTheTextOfNumbers() throws {
        let json = try JSON(parsing: "[1.10, 16777217, 9223372036854775807, 9223372036854775808, 1e2, 3.4028235e38]")
        let values = try #require(json.array)
        #expect(values[0] == .number("1.10"))
        #expect(values[1].float == 16_777_216)
        #expect(values[1].double == 16_777_217)
        #expect(values[2].int == .max)
        #expect(values[3].int == nil)
        #expect(values[4].int == nil)
        #expect(values[4].double == 100)
        #expect(values[5].float == .greatestFiniteMagnitude)
        // Rounding by way of float64 would give 1.0000001 here.
        #expect(try JSON(parsing: "1.00000005960464478").float == 1.0000001)
        #expect(JSON.number("nan").description == "NaN")
        #expect(try JSON(parsing: "NaN").float?.isNaN == true)
    }

    static let refused = [
        "", " ", "nul", "tru", "[", "]", "{", "}", "[1", "[1,", "[,1]", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}",
        "{a:1}",
        "{1:1}", "\"", "\"a", "\"\\", "\"\\u12\"", "\"\\u+123\"", "\"\\u-000\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\x\"", "\"\u{1}\"", "1 2", "+1", ".5", "1.", "1e", "1e+", "-", "--1", "01", "-01", "0x10", "1_000", "nan", "inf",
        "'a'", "[1 2]",
    ]

    @Test func refusesWhatIsNoJSON() {
        #expect(JSONTests.refused.count == 45)
        for text in JSONTests.refused {
            let error = #expect(throws: ModelError.self, "\(text)") { try JSON(parsing: text) }
            #expect(error?.code == .malformed)
            #expect(error?.message.hasPrefix("JSON: ") == true)
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> JSON { try bytes.withUnsafeBytes { try JSON(parsing: $0) } }

    @Test func refusesTextThatIsNotUTF8() {
        let bytes: [UInt8] = [0x22, 0xff, 0x22]
        let error = #expect(throws: ModelError.self) { try parse(bytes) }
        #expect(error?.message == "JSON: a string is not UTF-8 at byte 3")
    }

    @Test func readsEscapes() throws {
        let texts: [(String, String)] = [
            ("\"a\\\"b\\\\c\\/d\"", "a\"b\\c/d"), ("\"\\b\\f\\n\\r\\t\"", "\u{8}\u{c}\n\r\t"),
            ("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00z\"", "A\u{e9}\u{20ac}\u{1f600}z"),
            ("\"\u{e9}\\n\u{1f600}\"", "\u{e9}\n\u{1f600}"),
            ("\"\\\\\"", "\\"), ("\"\"", ""),
        ]
        for (text, expected) in texts { #expect(try JSON(parsing: text) == .string(expected)) }
        for text in ["\"\\\"", "\"a\\", "\"\\n\u{1}\"", "\"\\u00e\"", "\"\\ud83d\\n\""] {
            #expect(throws: ModelError.self, "\(text)") { try JSON(parsing: text) }
        }
        #expect(throws: ModelError.self) { try parse([0x22, 0x5c, 0x6e, 0xff, 0x22]) }
    }

    @Test func namesTheByte() {
        let error = #expect(throws: ModelError.self) { try JSON(parsing: "{\"a\": [1, x]}") }
        #expect(error?.message == "JSON: expected a value at byte 10")
    }

    @Test func refusesEveryTruncation() throws {
        let text = "{\"a\":[1.5,-2,{\"b\":null}],\"c\\u00e9\":\"x\\ny\",\"d\":true,\"e\":{}}"
        _ = try JSON(parsing: text)
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            #expect(throws: ModelError.self, "\(count) bytes") { try parse(Array(bytes.prefix(count))) }
        }
    }

    @Test func boundsTheDepth() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try JSON(parsing: nested(200))
        for depth in [201, 100_000] {
            let error = #expect(throws: ModelError.self) { try JSON(parsing: nested(depth)) }
            #expect(error?.message.hasPrefix("JSON: nested deeper than 200") == true)
        }
        #expect(throws: ModelError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func indents() throws {
        let json = try JSON(parsing: "{\"a\":[1,{}],\"b\":[]}")
        #expect(json.indented == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")
        #expect(try JSON(parsing: json.indented) == json)
    }
}

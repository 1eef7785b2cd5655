import Foundation
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Regular expressions against RE2, which wrote `Fixtures/operators/regex.json` by the recipe beside it.
@Suite struct RegularExpressionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var pattern: String
        /// The indices of the texts that match; nil when the pattern is refused.
        var matches: [Int]?
        var testDescription: String { pattern }
    }

    static let file: JSON? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        guard let data = try? Data(contentsOf: root.appending(path: "Fixtures/operators/regex.json")) else { return nil }
        return try? JSON(parsing: String(decoding: data, as: UTF8.self))
    }()
    static let texts = (file?["texts"]?.array ?? []).compactMap(\.string)
    static let cases = (file?["cases"]?.array ?? []).compactMap { item in
        item["pattern"]?.string.map { Case(pattern: $0, matches: item["matches"]?.array?.compactMap(\.int)) }
    }

    @Test func caseCount() { #expect(RegularExpressionTests.cases.count == 268 && RegularExpressionTests.texts.count == 73) }

    @Test(arguments: cases) func matchesAsRE2(_ item: Case) throws {
        guard let matches = item.matches else {
            #expect(throws: ModelError.self) { try Op.RegexFullMatch(pattern: item.pattern) }
            return
        }
        let texts = RegularExpressionTests.texts
        let results = try Op.RegexFullMatch(pattern: item.pattern)
            .evaluate(Arguments([.tensor(try Tensor([texts.count], strings: texts))]))
        let found = try #require(results.first?.tensor?.integers)
        #expect(found.indices.filter { found[$0] == 1 } == matches)
    }

    @Test func takesTimeInProportionToTheText() throws {
        let text = String(repeating: "a", count: 4000)
        for pattern in ["(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)*(.*)*(.*)*x", "([a-z]+)*\\d", "(a?){100}b"] {
            let results = try Op.RegexFullMatch(pattern: pattern).evaluate(
                Arguments([.tensor(try Tensor([1], strings: [text]))]))
            #expect(results.first?.tensor?.integers == [0], "\(pattern)")
        }
    }

    @Test func refusesPatternsThatGrowOrNestTooFar() {
        for pattern in [
            "((a{1000}){1000}){1000}", "((){1000}){1000}", "((a{0,1000}){0,1000}){0,1000}",
            String(repeating: "(", count: 100_000),
            String(repeating: "(", count: 1000) + String(repeating: ")", count: 1000), "(?:(?:(?:)*){1000}){1000}",
        ] {
            #expect(throws: ModelError.self, "\(pattern.prefix(20))") { try Op.RegexFullMatch(pattern: pattern) }
        }
    }

    @Test func namesWhatItDoesNotKnow() {
        for (pattern, fragment) in [
            ("\\p{Greek}", "'\\p{Greek}', only general categories"), ("a\\C", "'\\C', single bytes"),
            ("\\1", "back reference '\\1'"),
            ("(?=a)", "a group that RE2 does not have"), ("a**", "a repetition of a repetition"), ("(a", "'(' without ')'"),
        ] {
            do throws(ModelError) {
                _ = try Op.RegexFullMatch(pattern: pattern)
                Issue.record("\(pattern) is accepted")
            } catch {
                #expect(error.description.contains(fragment), "\(error)")
            }
        }
    }
}

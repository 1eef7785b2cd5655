import Foundation
import SeptumFixtures
import SeptumIR
import SeptumTensor
import Testing

/// Files that are refused, each made from a good one by one edit.
@Suite struct RefusedTests {
    private static func message(_ text: String) -> String { fixtures.message(text, named: "m.weights") }

    /// The words of a file with one of them changed.
    private static func edited(_ name: String, _ word: Int, _ value: String) throws -> String {
        var words = String(decoding: try fixtures.bytes(name), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        words[word] = Substring(value)
        return words.joined(separator: " ")
    }

    @Test func refusesWords() throws {
        for (name, word, value, fragment) in [
            ("forest", 0, "x", "found 'x' as F0, expected a number"), ("forest", 0, "0x1p3", "found '0x1p3' as F0"),
            ("forest", 0, "nan", "found F0 = nan"), ("forest", 1, "0", "the shrinkage 0"), ("forest", 2, "2", "expected 0 or 1"),
            ("forest", 3, "9999999", "there are 9999999 trees, more than the file holds"),
            ("forest", 3, "99999999999999999999", "expected an integer from 0"), ("forest", 4, "5", "expected"),
            ("forest", 5, "-1", "expected an integer from 0"), ("forest", 6, "nan", "cut 0: found NaN"),
            ("forest", 5, "99999", "of which feature 99999 is cut on"),
            ("classifier", 0, "1.5", "as whether to give probabilities"), ("classifier", 13, "1", "transformed to purities"),
        ] {
            let message = RefusedTests.message(try RefusedTests.edited(name, word, value))
            #expect(message.contains(fragment) && message.contains("m.weights"), "\(name), \(word): \(message)")
        }
    }

    @Test func refusesBasf2Files() throws {
        let whole = String(decoding: try fixtures.bytes("basf2_classifier"), as: UTF8.self)
        for (old, new, fragment) in [
            ("<method>FastBDT", "<method>Python", "found the method 'Python', expected FastBDT"),
            ("<FastBDT_version>2", "<FastBDT_version>3", "found FastBDT_version 3, expected 1 or 2"),
            ("<number_feature_variables>4", "<number_feature_variables>5", "holds no <variable4>"),
            ("<number_feature_variables>4", "<number_feature_variables>3", "found 4 features"),
            ("<number_feature_variables>4", "<number_feature_variables>-4", "found -4 variables"),
            ("<FastBDT_Weightfile>", "<FastBDT_Weightfile>!", "holds the byte 33"),
            ("</signal_fraction>", "", "mismatched tag"),
            ("<method>", "<!DOCTYPE a><method>", "not well-formed"),
        ] {
            let message = RefusedTests.message(whole.replacing(old, with: new))
            #expect(message.contains(fragment) && message != "no error", "\(new): \(message)")
        }
    }

    @Test(arguments: ["classifier", "forest", "basf2_forest"])
    func survivesDamage(_ name: String) throws {
        #expect(fixtures.refusedCopies(of: try fixtures.bytes(name), named: name, rounds: 200) >= 100)
    }

    /// Stored files with fragments of their errors.
    @Test func refusesStoredFiles() throws {
        #expect(fixtures.refused.count == 7)
        for name in fixtures.refused {
            let refusal = try fixtures.refusal(name)
            #expect(refusal.isRight, "\(refusal)")
        }
    }

    @Test func recognizesItsFilesOnly() throws {
        for text in ["", "1", "1 2 3", "0.1 0.2 1 2", "tree\nversion=v3", "<MethodSetup Method=\"BDT::B\">"] {
            #expect(try !fixtures.recognizes(text))
        }
    }
}

import Foundation
import SeptumFixtures
import SeptumIR
import SeptumTensor
import Testing

/// Files that are refused, each made from a good one by one edit.
@Suite struct RefusedTests {
    private static func message(_ bytes: [UInt8]) -> String { fixtures.message(bytes, named: "m.tl") }

    /// Where an array or a number stands in `xgb_logistic`, a file of format 4 whose head is 22 bytes of types and counts.
    @Test func refusesHeads() throws {
        let whole = try fixtures.bytes("xgb_logistic")
        for (place, value, fragment) in [
            (0, UInt8(2), "found a checkpoint of treelite 2."), (0, 5, "found a checkpoint of treelite 5."),
            (12, 1, "found the types 1 and 2"), (13, 3, "found the types 2 and 3"),
            (16, 200, "trees, more than the file can hold"),
            (25, 255, "features"), (26, 9, "found the task 9"), (27, 7, "as whether trees are averaged, expected 0 or 1"),
            (28, 3, "found 1 numbers of classes for 3 targets"), (32, 0, "long"), (39, 255, "is"),
        ] {
            var edited = whole
            edited[place] = value
            let message = RefusedTests.message(edited)
            #expect(message.contains(fragment) && message.contains("m.tl"), "byte \(place): \(message)")
        }
        #expect(RefusedTests.message(whole + [0]).contains("the file goes on after its last tree"))
        #expect(RefusedTests.message(Array(whole.dropLast())).contains("the file ends within"))
        #expect(RefusedTests.message([]).contains("the file ends within the version"))
    }

    /// Trees that are none, made by changing the numbers of the first tree of a file.
    @Test func refusesTrees() throws {
        let whole = try fixtures.bytes("xgb_logistic")
        let model = try fixtures.load("xgb_logistic")
        #expect(model.metadata["postprocessor"] == "sigmoid")
        // The first tree starts after "{}" as attributes, or more, and the count of optional fields.
        let start = try #require(RefusedTests.firstTree(whole))
        let count = Int(whole[start])
        let types = start + 5 + 8
        let left = types + count + 8
        let right = left + 4 * count + 8
        let feature = right + 4 * count + 8
        for (place, value, fragment) in [
            (types, UInt8(9), "found a node of type 9"), (types, 0, "no error"), (left, 0, "node"), (left, 99, "99"),
            (left + 3, 255, "node"), (right, 1, "node"), (feature, 50, "it tests feature 50, the model has 5"),
            (feature + 3, 255, "it tests feature -"), (start, 200, "long, expected 200"), (start + 3, 255, "nodes"),
        ] {
            var edited = whole
            edited[place] = value
            let message = RefusedTests.message(edited)
            #expect(message.contains(fragment), "byte \(place - start): \(message)")
        }
        // A threshold that is NaN.
        var edited = whole
        let defaults = feature + 4 * count + 8
        let threshold = defaults + count + 8 + 4 * count + 8
        edited.replaceSubrange(threshold..<threshold + 4, with: [0, 0, 0xc0, 0x7f])
        #expect(RefusedTests.message(edited).contains("node 0: found the threshold nan"))
    }

    /// After the head: the arrays of classes, shape, targets and classes, two strings and the base scores.
    private static func firstTree(_ bytes: [UInt8]) -> Int? {
        var place = 32
        func length(_ place: Int) -> Int { Int(bytes[place]) + Int(bytes[place + 1]) << 8 }
        for size in [4, 4, 4, 4, 1] { place += 8 + length(place) * size }
        place += 8
        for size in [8, 1] { place += 8 + length(place) * size }
        return place + 4 < bytes.count ? place + 4 : nil
    }

    @Test(arguments: ["xgb_softprob", "lgb_categorical", "rf_classifier", "v3_lgb_categorical"])
    func survivesDamage(_ name: String) throws {
        #expect(fixtures.refusedCopies(of: try fixtures.bytes(name), named: name, rounds: 200) >= 100)
    }

    /// Stored files with fragments of their errors.
    @Test func refusesStoredFiles() throws {
        #expect(fixtures.refused.count == 10)
        for name in fixtures.refused {
            let refusal = try fixtures.refusal(name)
            #expect(refusal.isRight, "\(refusal)")
        }
    }

    @Test func recognizesItsFilesOnly() throws {
        for bytes in [[], [4, 0, 0, 0], Array("tree\nversion=v3".utf8), [UInt8](repeating: 4, count: 40)] as [[UInt8]] {
            #expect(try !fixtures.recognizes(bytes))
        }
    }
}

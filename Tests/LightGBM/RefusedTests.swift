import Foundation
import SeptumFixtures
import SeptumIR
import SeptumTensor
import Testing

/// Files that are refused, each made from a good one by one edit.
@Suite struct RefusedTests {
    private static func text(_ name: String) throws -> String { try fixtures.text(name + "/model.txt") }

    private static func message(_ text: String) -> String { fixtures.message(text, named: "model.txt") }

    /// The first line that starts with a key.
    private static func line(_ key: String, _ text: String) -> String {
        text.split(separator: "\n").first { $0.hasPrefix(key) }.map(String.init) ?? ""
    }

    static let edits: [(file: String, key: String, line: String, fragment: String)] = [
        ("binary", "version=", "version=v1", "found version v1 of the text form, expected v2, v3 or v4"),
        ("binary", "version=", "version=v4\nversion=v4", "the line 'version' is given twice in the head"),
        ("binary", "version=", "version=v4\nsurprise=1", "found the line 'surprise' in the head"),
        ("binary", "objective=", "objective=binary slope:1", "found 'slope:1' in the objective 'binary'"),
        ("binary", "objective=", "objective=binary sigmoid:0", "found 'sigmoid:0' in the objective 'binary'"),
        ("binary", "objective=", "objective=binary :", "found ':' in the objective 'binary'"),
        ("binary", "leaf_value=", "leaf_value=0X1p3", "found '0X1p3', expected finite numbers"),
        ("binary", "objective=", "objective=mine", "found the objective 'mine'"),
        ("binary", "max_feature_idx=", "max_feature_idx=-1", "found -1 as last feature"),
        ("binary", "max_feature_idx=", "max_feature_idx=99999999999999999999", "found '99999999999999999999', expected integers"),
        ("binary", "max_feature_idx=", "max_feature_idx=7", "found 6 names of features, the model has 8"),
        ("binary", "num_tree_per_iteration=", "num_tree_per_iteration=5", "expected as many for each of the 5 outputs"),
        ("binary", "num_tree_per_iteration=", "num_tree_per_iteration=0", "found 5 as last feature and 0 trees"),
        ("binary", "feature_names=", "", "the line 'feature_names=' is missing in the head"),
        ("binary", "num_leaves=", "num_leaves=0", "line 'leaf_value=' of the tree 0: found '15', expected 0"),
        ("binary", "num_leaves=", "num_leaves=-3", "expected -3"),
        ("binary", "split_feature=", "split_feature=1 2", "line 'split_feature=' of the tree 0: found '2', expected 14 integers"),
        ("binary", "leaf_value=", "leaf_value=nan", "line 'leaf_value=' of the tree 0: found 'nan', expected finite numbers"),
        ("binary", "leaf_value=", "leaf_value=0x1p3", "found '0x1p3', expected finite numbers"),
        ("binary", "num_cat=", "num_cat=0\nmystery=0", "found the line 'mystery' in the tree 0"),
        ("binary", "end of trees", "", "the file ends before the line 'end of trees'"),
        ("binary", "end of parameters", "", "the file ends before the line 'end of parameters'"),
        ("categorical", "cat_boundaries=", "cat_boundaries=0 99", "the sets of categories of the tree"),
        ("categorical", "cat_boundaries=", "cat_boundaries=", "the sets of categories of the tree"),
        ("categorical", "cat_threshold=", "cat_threshold=-1", "the sets of categories of the tree"),
        ("linear_tree", "num_features=", "num_features=0", "line 'num_features=' of the tree"),
        ("linear_tree", "leaf_features=", "leaf_features=9 9", "line 'leaf_coeff=' of the tree"),
    ]

    @Test(arguments: edits) func refuses(_ edit: (file: String, key: String, line: String, fragment: String)) throws {
        let whole = try RefusedTests.text(edit.file)
        let old = RefusedTests.line(edit.key, whole)
        #expect(!old.isEmpty)
        let place = try #require(whole.range(of: old))
        let message = RefusedTests.message(whole.replacingCharacters(in: place, with: edit.line))
        #expect(message.contains(edit.fragment) && message.contains("model.txt"), "\(message)")
    }

    /// Nodes that make no tree, found by the builder.
    @Test func refusesWhatIsNoTree() throws {
        let whole = try RefusedTests.text("binary")
        for (key, numbers, fragment) in [
            ("left_child=", "0", "node"), ("left_child=", "99", "99"), ("right_child=", "-99", "-99"),
            ("split_feature=", "6", "it tests feature 6, the model has 6"), ("decision_type=", "16", "found decision_type 16"),
            ("decision_type=", "14", "found decision_type 14"), ("decision_type=", "1", "of categories, there are 0"),
        ] {
            let old = RefusedTests.line(key, whole)
            var parts = old.dropFirst(key.count).split(separator: " ").map(String.init)
            parts[0] = numbers
            let message = RefusedTests.message(whole.replacing(old, with: key + parts.joined(separator: " "), maxReplacements: 1))
            #expect(message.contains(fragment), "\(key)\(numbers): \(message)")
        }
    }

    @Test(arguments: ["binary", "categorical", "linear_tree", "rf_classes"])
    func survivesDamage(_ name: String) throws {
        #expect(fixtures.refusedCopies(of: try fixtures.bytes(name), named: name, rounds: 200) > 100)
    }

    @Test func recognizesItsFilesOnly() throws {
        for text in ["", "tree", "tree\nversion=3", "trees\nversion=v3", "{\"tree\"}", "version=v3\ntree"] {
            #expect(try !fixtures.recognizes(text))
        }
        #expect(try fixtures.recognizes("tree\r\nversion=v3\r\n"))
    }

    /// Line ends of another system change nothing.
    @Test func readsOtherLineEnds() throws {
        let text = try RefusedTests.text("binary").replacing("\n", with: "\r\n")
        #expect(RefusedTests.message(text) == "no error")
    }

    @Test func namesAndCategoriesAreKept() throws {
        let model = try fixtures.load("pandas")
        #expect(model.contract?.inputs.first?.features.map(\.name) == ["pt", "abs_eta", "phi", "charge", "mass", "kind"])
        #expect(model.metadata["pandas_categorical"]?.hasPrefix("[[\"k0\"") == true)
        #expect(try fixtures.load("binary").contract == nil)
    }
}

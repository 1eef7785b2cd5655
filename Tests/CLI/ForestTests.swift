import Foundation
import Septum
import Testing

/// What `inspect` says of forests, and the page that draws them.
@Suite struct ForestTests {
    private let named = Command.fixtures + "/xgboost/named_features/model.json"

    @Test func countsWhatTheFileHolds() throws {
        let json = try Command.succeed("inspect", named, "--json").json()
        let forest = try #require(json["forests"]?.array?.first)
        let source = try JSON(parsing: String(contentsOfFile: named, encoding: .utf8))
        let trees = try #require(source["learner"]?["gradient_booster"]?["model"]?["trees"]?.array)
        var (splits, leaves): (Int, Int) = (0, 0)
        var (gain, cover, uses): ([Int: Double], [Int: Double], [Int: Int]) = ([:], [:], [:])
        for tree in trees {
            let left = try #require(tree["left_children"]?.array).compactMap(\.int)
            for (node, child) in left.enumerated() {
                if child < 0 { leaves += 1; continue }
                splits += 1
                let feature = try #require(tree["split_indices"]?.array?[node].int)
                uses[feature, default: 0] += 1
                gain[feature, default: 0] += Double(try #require(tree["loss_changes"]?.array?[node].float))
                cover[feature, default: 0] += Double(try #require(tree["sum_hessian"]?.array?[node].float))
            }
        }
        #expect(forest["trees"]?.int == trees.count && forest["splits"]?.int == splits && forest["leaves"]?.int == leaves)
        #expect(try #require(forest["treesByDepth"]?.array).compactMap(\.int).reduce(0, +) == trees.count)
        let used = try #require(forest["used"]?.array)
        #expect(used.count == uses.count)
        for use in used {
            let feature = try #require(use["index"]?.int)
            #expect(use["splits"]?.int == uses[feature] && use["gain"]?.double == gain[feature])
            #expect(use["cover"]?.double == cover[feature])
        }
        let gains = used.compactMap { $0["gain"]?.double }
        #expect(gains == gains.sorted(by: >) && gains.count == used.count)
        let names = Set(used.compactMap { $0["name"]?.string })
        #expect(names.isSubset(of: ["pt", "|eta|", "é ∂", "a\"b\\c", "m\tjet", "x5"]) && names.count == used.count)
    }

    /// The binary form keeps what training left, summed here as the library sums it.
    @Test(arguments: ["binary_0_90_logistic", "binary_0_90_pruned", "binary_1_7_dart", "binary_1_7_softprob"])
    func readsStatisticsOfTheBinaryForm(name: String) throws {
        let folder = Command.fixtures + "/xgboost/\(name)/"
        let used = try #require(
            try Command.succeed("inspect", folder + "model.bin", "--json").json()["forests"]?.array?.first?["used"]?.array)
        let expected = try JSON(parsing: String(contentsOfFile: folder + "importance.json", encoding: .utf8))
        #expect(used.count == 6)
        for use in used {
            let feature = "f\(try #require(use["index"]?.int))"
            #expect(use["splits"]?.double == (try #require(expected["weight"]?[feature]?.double)))
            for (own, kind) in [("gain", "total_gain"), ("cover", "total_cover")] {
                let sum = try #require(expected[kind]?[feature]?.double)
                // The library adds in float32.
                #expect(abs(try #require(use[own]?.double) - sum) <= 1e-5 * sum, "\(feature) \(own)")
            }
        }
    }

    @Test func tellsDepthsAndImportance() throws {
        let text = try Command.succeed("inspect", Command.fixtures + "/lightgbm/binary/model.txt").output
        #expect(text.contains("\ntrees     ") && text.contains(" of depth "))
        #expect(text.contains("\nfeature    splits  gain"))
        let plain = try Command.succeed("inspect", Command.fixtures + "/onnx/autoencoder/model.onnx").output
        #expect(!plain.contains("splits"))
        // Loading without being asked keeps nothing.
        #expect(try Model.load(named).metadata["forest.gain"] == nil)
    }

    @Test func drawsAPage() throws {
        let folder = try TemporaryFolder()
        for (name, count) in [("named_features", 4), ("categorical", 8), ("vector_leaves", 6), ("no_trees", 0)] {
            let page = folder(name + ".html")
            _ = try Command.succeed("inspect", Command.fixtures + "/xgboost/\(name)/model.json", "--html", page)
            let html = try String(contentsOfFile: page, encoding: .utf8)
            #expect(html.hasPrefix("<!doctype html>") && html.hasSuffix("</html>\n") && !html.contains("http://www.w3.org/1999"))
            let start = try #require(html.range(of: "<script id=\"data\" type=\"application/json\">")).upperBound
            let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)).lowerBound
            let data = try JSON(parsing: String(html[start..<end]))
            #expect(data["trees"]?.array?.count == count && data["count"]?.int == count)
        }
        #expect(
            try Command("inspect", Command.fixtures + "/onnx/autoencoder/model.onnx", "--html", folder("no.html")).status == 1)
        #expect(!folder.names.contains("no.html"))
    }

    /// Names from a file neither end the script nor become tags.
    @Test func escapesNames() throws {
        let folder = try TemporaryFolder()
        let evil = "</script><img src=x onerror=alert(1)>&\\\"'<!--"
        let text = try String(contentsOfFile: named, encoding: .utf8).replacing("|eta|", with: evil)
        let page = folder("evil.html")
        _ = try Command.succeed("inspect", try folder.write("<b>.json", Array(text.utf8)), "--html", page)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(!html.contains("<img") && !html.contains("<b>") && !html.contains("<!--"))
        #expect(html.components(separatedBy: "</script>").count == 3)
        #expect(html.contains("&lt;img src=x onerror=alert(1)&gt;"))
    }
}

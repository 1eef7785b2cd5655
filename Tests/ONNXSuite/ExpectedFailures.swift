import Foundation

/// The failures that `expected-failures.txt` lists, with reasons: a line is `VARIANT CASE REASON`, a variant `all` stands for each.
struct ExpectedFailures {
    private(set) var reasons: [Variant: [String: String]] = [:]

    init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "expected-failures.txt")
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[0] == "all" || Variant(rawValue: parts[0]) != nil else {
                throw Difference("expected-failures.txt: '\(line)' is not 'VARIANT CASE REASON'")
            }
            for variant in Variant.allCases where parts[0] == "all" || parts[0] == variant.rawValue {
                guard reasons[variant, default: [:]].updateValue(parts[2], forKey: parts[1]) == nil else {
                    throw Difference("expected-failures.txt: \(variant) \(parts[1]) is listed twice")
                }
            }
        }
    }
}

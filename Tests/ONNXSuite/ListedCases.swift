import Foundation

/// What a file lists with reasons: a line is `KIND CASE REASON`, a kind `all` stands for each.
struct ListedCases<Kind: RawRepresentable<String> & CaseIterable & Hashable> {
    private(set) var reasons: [Kind: [String: String]] = [:]

    init(_ file: String) throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: file)
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[0] == "all" || Kind(rawValue: parts[0]) != nil else {
                throw Difference("\(file): '\(line)' is not 'KIND CASE REASON'")
            }
            for kind in Kind.allCases where parts[0] == "all" || parts[0] == kind.rawValue {
                guard reasons[kind, default: [:]].updateValue(parts[2], forKey: parts[1]) == nil else {
                    throw Difference("\(file): \(kind) \(parts[1]) is listed twice")
                }
            }
        }
    }
}

typealias ExpectedFailures = ListedCases<Variant>

extension ExpectedFailures {
    init() throws { try self.init("expected-failures.txt") }
}

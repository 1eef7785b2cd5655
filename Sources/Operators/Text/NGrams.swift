import SeptumIR
import SeptumTensor

/// A list of n-grams: single words first, then pairs, and so on, with the column of the result that each belongs to.
public struct NGrams: Sendable {
    /// The words of all n-grams, one list of which is empty.
    public let integers: [Int]
    public let strings: [String]
    /// Where the n-grams of each length start among the words.
    public let starts: [Int]
    /// One entry for each n-gram.
    public let columns: [Int]

    /// - Throws: `invalidModel` when the lists do not fit each other.
    init(_ attributes: inout AttributeReader) throws(ModelError) {
        integers = try attributes.ints("pool_int64s") ?? []
        strings = try attributes.strings("pool_strings") ?? []
        starts = try AttributeReader.require(try attributes.ints("ngram_counts"), "ngram_counts")
        columns = try AttributeReader.require(try attributes.ints("ngram_indexes"), "ngram_indexes")
        guard integers.isEmpty != strings.isEmpty else {
            throw ModelError(.invalidModel, "expected either 'pool_int64s' or 'pool_strings'", attribute: "pool_int64s")
        }
        guard !columns.isEmpty, columns.allSatisfy({ (0..<1 << 31).contains($0) }) else {
            throw ModelError(.invalidModel, "found none, or one outside 0 to \(1 << 31 - 1)", attribute: "ngram_indexes")
        }
        let total = max(integers.count, strings.count)
        var count = 0
        for (index, (start, end)) in zip(starts, starts.dropFirst() + [total]).enumerated() {
            guard start >= 0, start <= end, end <= total, (end - start) % (index + 1) == 0 else {
                throw ModelError(
                    .invalidModel, "found \(start) to \(end) of \(total) words for n-grams of length \(index + 1)",
                    attribute: "ngram_counts")
            }
            count += (end - start) / (index + 1)
        }
        guard count == columns.count else {
            throw ModelError(.invalidModel, "found \(columns.count) for \(count) n-grams", attribute: "ngram_indexes")
        }
    }

    var attributes: Attributes {
        [
            integers.isEmpty ? ("pool_strings", .strings(strings)) : ("pool_int64s", .ints(integers)),
            ("ngram_counts", .ints(starts)), ("ngram_indexes", .ints(columns)),
        ]
    }

    var columnCount: Int { (columns.max() ?? -1) + 1 }

    var elementTypes: [ElementType] { integers.isEmpty ? [.string] : [.int32, .int64] }

    /// Words as numbers: themselves, or the place of a string among those of the list; -1 for a string that is not there.
    func numbers(of tensor: Tensor) throws(ModelError) -> [Int] {
        guard integers.isEmpty else { return tensor.integers ?? [] }
        let places = NGrams.places(strings)
        return tensor.strings.map { places[Array($0.utf8)] ?? -1 }
    }

    private static func places(_ strings: [String]) -> [[UInt8]: Int] {
        Dictionary(strings.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A tree whose edges are words, with the n-gram that ends at each node.
    struct Trie: Sendable {
        var children: [[Int: Int]] = [[:]]
        var grams: [Int?] = [nil]
    }

    /// The n-grams of the given lengths.
    ///
    /// - Throws: `invalidModel` when one is there twice.
    func trie(_ lengths: ClosedRange<Int>) throws(ModelError) -> Trie {
        let places = NGrams.places(strings)
        let words = integers.isEmpty ? strings.map { places[Array($0.utf8)] ?? -1 } : integers
        var trie = Trie()
        var gram = 0
        for (index, (start, end)) in zip(starts, starts.dropFirst() + [words.count]).enumerated() {
            for first in stride(from: start, to: end, by: index + 1) {
                defer { gram += 1 }
                guard lengths.contains(index + 1) else { continue }
                var node = 0
                for word in words[first...first + index] {
                    if let next = trie.children[node][word] { node = next; continue }
                    trie.children[node][word] = trie.children.count
                    node = trie.children.count
                    trie.children.append([:])
                    trie.grams.append(nil)
                }
                guard trie.grams[node] == nil else {
                    throw ModelError(.invalidModel, "n-gram \(gram) is there twice", attribute: "ngram_counts")
                }
                trie.grams[node] = gram
            }
        }
        return trie
    }
}

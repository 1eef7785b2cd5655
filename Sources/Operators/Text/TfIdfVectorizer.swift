public import SeptumIR
public import SeptumTensor

extension Op {
    /// How often each of a list of n-grams occurs in a sequence, whose members may lie apart by a fixed number of others.
    ///
    /// - Shape: `(n) -> (columns)`, `(batch, n) -> (batch, columns)`.
    /// - Element types: int32, int64 or string -> float32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#TfIdfVectorizer,
    /// https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/nn/tfidfvectorizer.cc
    public struct TfIdfVectorizer: Operator {
        public static let name = "TfIdfVectorizer"
        public static let inputCount = 1...1

        /// Counts, weights of what occurs, or counts times weights.
        public enum Mode: String, CaseIterable, Sendable {
            case counts = "TF"
            case weights = "IDF"
            case weightedCounts = "TFIDF"
        }

        public let mode: Mode
        /// The lengths of the n-grams that are counted.
        public let lengths: ClosedRange<Int>
        public let skipLimit: Int
        public let grams: NGrams
        public let weights: [Float]
        private let trie: NGrams.Trie

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            mode = try AttributeReader.require(try attributes.choice("mode"), "mode")
            let shortest = try AttributeReader.require(try attributes.int("min_gram_length"), "min_gram_length")
            let longest = try AttributeReader.require(try attributes.int("max_gram_length"), "max_gram_length")
            skipLimit = try AttributeReader.require(try attributes.int("max_skip_count"), "max_skip_count")
            grams = try NGrams(&attributes)
            weights = try attributes.floats("weights") ?? []
            guard shortest > 0, shortest <= longest, longest <= grams.starts.count else {
                throw ModelError(
                    .invalidModel, "found lengths \(shortest) to \(longest), the pool has 1 to \(grams.starts.count)",
                    attribute: "max_gram_length")
            }
            guard skipLimit >= 0, skipLimit < .max else {
                throw ModelError(.invalidModel, "found \(skipLimit), expected at least 0", attribute: "max_skip_count")
            }
            guard weights.isEmpty || weights.count == grams.columns.count else {
                throw ModelError(
                    .invalidModel, "found \(weights.count) for \(grams.columns.count) n-grams", attribute: "weights")
            }
            lengths = shortest...longest
            trie = try grams.trie(lengths)
        }

        public var attributes: Attributes {
            [
                ("mode", .string(mode.rawValue)), ("min_gram_length", .int(lengths.lowerBound)),
                ("max_gram_length", .int(lengths.upperBound)), ("max_skip_count", .int(skipLimit)),
            ] + grams.attributes + (weights.isEmpty ? [] : [("weights", .floats(weights))])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let x = try inputs.tensor(0, of: grams.elementTypes)
            guard let shape = x.shape else { return [Fact(.float32, nil)] }
            guard shape.count <= 2 else {
                throw ModelError(.invalidModel, "the sequence has rank \(shape.count), expected 1, or 2 for a batch")
            }
            return [Fact(.float32, shape.count == 2 ? [shape[0], .fixed(grams.columnCount)] : [.fixed(grams.columnCount)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let x = try inputs.tensor(0)
            let rows = x.shape.count == 2 ? x.shape[0] : 1
            let words = try grams.numbers(of: x)
            let columns = grams.columnCount
            let length = rows == 0 ? 0 : words.count / rows
            let result = try Tensor(shape) { (target: UnsafeMutableBufferPointer<Float>) in
                for row in 0..<rows {
                    count(words[row * length..<(row + 1) * length]) { gram in
                        let place = row * columns + grams.columns[gram]
                        let weight = weights.isEmpty || mode == .counts ? 1 : weights[gram]
                        target[place] = mode == .weights ? weight : target[place] + weight
                    }
                }
            }
            return [.tensor(result)]
        }

        /// Calls `found` with the n-gram of each occurrence; single words are counted once, whatever may be skipped.
        private func count(_ words: ArraySlice<Int>, _ found: (Int) -> Void) {
            for distance in 1...(lengths.upperBound == 1 ? 1 : max(1, min(skipLimit + 1, words.count))) {
                for start in words.indices {
                    var (node, length, position) = (0, 0, start)
                    while position < words.endIndex, let next = trie.children[node][words[position]] {
                        (node, length, position) = (next, length + 1, position + distance)
                        if let gram = trie.grams[node], length > 1 || distance == 1 { found(gram) }
                    }
                }
            }
        }
    }
}

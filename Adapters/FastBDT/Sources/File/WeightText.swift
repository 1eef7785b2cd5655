import SeptumTensor

/// What FastBDT writes: a forest alone (versions 3 and 4), or a classifier with its settings around two forests (version 5).
///
/// Source: https://github.com/thomaskeck/FastBDT/blob/master/include/FastBDT_IO.h (readForestFromStream, readTreeFromStream),
/// https://github.com/thomaskeck/FastBDT/blob/master/include/Classifier.h (Classifier(std::istream&))
struct WeightText {
    enum Form {
        case forest, classifier
    }

    /// One cut; values at or above `value` go right.
    struct Cut {
        let feature: Int
        let value: Float
        /// An answer is found at the node itself where its cut is not valid.
        let isValid: Bool
    }

    /// Node 1 is the root; below node `n` are `2 n` and `2 n + 1`, and nodes beyond the cuts are leaves.
    struct Tree {
        let cuts: [Cut]
        /// What each node answers, those with cuts included.
        let weights: [Float]
    }

    let initial: Double
    let shrinkage: Double
    let givesProbability: Bool
    let trees: [Tree]
    /// The number of features, which a forest alone does not tell.
    let featureCount: Int?

    /// Reads one form; without one that which the first word tells.
    init(_ bytes: UnsafeRawBufferPointer, form: Form?) throws(ModelError) {
        var reader = TokenReader(bytes)
        let first = try TokenReader.first(bytes)
        guard (form ?? (first == "1" ? .classifier : .forest)) == .classifier else {
            featureCount = nil
            (initial, shrinkage, givesProbability, trees) = try WeightText.forest(&reader)
            try reader.expectEnd()
            return
        }
        guard try reader.integer("the version") == 1 else {
            throw ModelError(.unsupported, "found a classifier of another version than 1")
        }
        try reader.skip(2, "the number of trees and their depth")
        try reader.skip(try reader.size("binnings"), "a binning")
        try reader.skip(4, "the settings of the training")
        var isPurity = false
        for _ in 0..<(try reader.size("purity transformations")) {
            if try reader.flag("a purity transformation") { isPurity = true }
        }
        guard !isPurity else {
            throw ModelError(
                .unsupported, "features are transformed to purities", remedy: "train with purityTransformation switched off")
        }
        try reader.skip(1, "whether to give probabilities")
        for _ in 0..<(try reader.size("feature binnings")) {
            try reader.skip(1, "the levels of a binning")
            try reader.skip(try reader.size("bins"), "a bin")
        }
        guard try reader.size("purity binnings") == 0 else {
            throw ModelError(.unsupported, "features are transformed to purities")
        }
        featureCount = try reader.integer("the number of features")
        try reader.skip(2, "the numbers of features")
        guard try reader.flag("whether the fast forest is used") else {
            throw ModelError(.unsupported, "the forest works on bins of features", remedy: "train without purity transformation")
        }
        (initial, shrinkage, givesProbability, trees) = try WeightText.forest(&reader)
        // The other forest is empty; its parameters are whatever was in memory.
        try reader.skip(4, "the second forest")
        try reader.expectEnd()
    }

    private static func forest(_ reader: inout TokenReader) throws(ModelError) -> (Double, Double, Bool, [Tree]) {
        let initial: Double = try reader.number("F0")
        let shrinkage: Double = try reader.number("the shrinkage")
        guard initial.isFinite, shrinkage.isFinite, shrinkage != 0 else {
            throw ModelError(.malformed, "found F0 = \(initial) and the shrinkage \(shrinkage)")
        }
        let givesProbability = try reader.flag("whether to give probabilities")
        var trees: [Tree] = []
        for index in 0..<(try reader.size("trees")) {
            do throws(ModelError) {
                trees.append(try tree(&reader))
            } catch {
                throw error.atNode("tree \(index)", operator: "FastBDT")
            }
        }
        return (initial, shrinkage, givesProbability, trees)
    }

    private static func tree(_ reader: inout TokenReader) throws(ModelError) -> Tree {
        var cuts: [Cut] = []
        for _ in 0..<(try reader.size("cuts")) {
            let feature = try reader.integer("the feature of a cut")
            let value: Float = try reader.number("a cut")
            let isValid = try reader.flag("whether a cut is valid")
            try reader.skip(1, "the gain of a cut")
            guard !isValid || !value.isNaN else { throw ModelError(.malformed, "cut \(cuts.count): found NaN") }
            cuts.append(Cut(feature: feature, value: value, isValid: isValid))
        }
        var weights: [Float] = []
        for _ in 0..<(try reader.size("boost weights")) { weights.append(try reader.number("a boost weight")) }
        guard weights.count == 2 * cuts.count + 1, weights.allSatisfy(\.isFinite) else {
            throw ModelError(.malformed, "found \(weights.count) boost weights, expected \(2 * cuts.count + 1) finite ones")
        }
        try reader.skip(try reader.size("purities"), "a purity")
        try reader.skip(try reader.size("numbers of entries"), "a number of entries")
        return Tree(cuts: cuts, weights: weights)
    }
}

extension TokenReader {
    static func first(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> String {
        let head = String(decoding: bytes.prefix(80), as: UTF8.self)
        guard let word = head.split(whereSeparator: \.isWhitespace).first else {
            throw ModelError(.malformed, "the file holds no numbers")
        }
        return String(word)
    }
}

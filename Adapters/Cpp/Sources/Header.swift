import SeptumIR
import SeptumOperators
import SeptumTensor

/// The text of a header.
struct Header {
    /// More nodes make a file that compilers take minutes for.
    private static let nodeLimit = 1 << 22

    private(set) var text = ""
    let reading: ForestReading
    private var forest: Op.Forest { reading.forest }

    /// Whether some split has one of these flags.
    private let flags: Op.Forest.Flags
    private let isLinear: Bool

    init(_ reading: ForestReading, file: String, provenance: Provenance) throws(ModelError) {
        self.reading = reading
        isLinear = reading.linearLeaves != nil
        let layout = reading.forest.layout
        var flags = Op.Forest.Flags()
        for flag in try layout.flags.array(of: UInt8.self) { flags.formUnion(Op.Forest.Flags(rawValue: flag)) }
        self.flags = flags
        let count = layout.splitCount + layout.leafValue.count
        guard count <= Header.nodeLimit else {
            throw ModelError(
                .limit, "the forest has \(count) nodes, a header holds at most \(Header.nodeLimit)",
                remedy: "keep the model as .septum")
        }
        var taken: Set<String> = []
        let stem = file.split(separator: ".").first.map(String.init) ?? file
        let space = Names.identifier(stem, taken: &taken)
        opening(space, provenance)
        try tables()
        decision()
        scores()
        text += "\n}  // namespace detail\n"
        var names: Set<String> = []
        for output in reading.outputs { add(output, Names.identifier(output.name, taken: &names)) }
        text += "\n}  // namespace \(space)\n\n#endif\n"
    }

    // MARK: Types

    private func name(_ type: ElementType) -> String { type == .float64 ? "double" : "float" }
    private var input: String { name(reading.inputType) }
    private var score: String { name(isLinear ? .float64 : forest.rules.accumulationType) }
    /// What values are rounded to before they are compared.
    private var feature: String { forest.rules.featureType == .float32 ? "float" : input }
    /// What is compared; widening changes nothing.
    private var value: String { forest.layout.threshold.elementType == .float64 ? "double" : feature }
    private var width: Int { forest.layout.leafWidth }

    // MARK: Parts

    private mutating func opening(_ space: String, _ provenance: Provenance) {
        let source = [provenance.sourceName, provenance.producer].filter { !$0.isEmpty }.joined(separator: ", ")
        let guardName = "SEPTUM_MODEL_\(space.uppercased())_HPP"
        text = """
            // \(forest.layout.treeCount) trees over \(forest.featureCount) features\(source.isEmpty ? "" : ", from " + Names.comment(source)); \
            written by Septum.
            //
            // Every function takes one row of featureCount values; NaN is a missing value. Scores have Septum's bits
            // unless the compiler may reorder sums (-ffast-math)\(isLinear ? " or fuse products with sums: use -ffp-contract=off" : "").
            #ifndef \(guardName)
            #define \(guardName)

            #include <cmath>
            #include <cstddef>
            #include <cstdint>
            #include <limits>

            namespace \(space) {

            using Input = \(input);
            using Score = \(score);
            inline constexpr std::size_t featureCount = \(forest.featureCount);
            inline constexpr std::size_t treeCount = \(forest.layout.treeCount);
            inline constexpr std::size_t scoreCount = \(forest.outputCount);

            """
        if let names = reading.featureNames {
            text += "inline constexpr const char* featureNames[featureCount] = {\n"
            for name in names { text += "    \(Names.literal(name)),\n" }
            text += "};\n"
        }
        text += "\nnamespace detail {\n\n"
    }

    private mutating func tables() throws(ModelError) {
        let layout = forest.layout
        add("std::int32_t", "root", try layout.root.array(of: Int32.self))
        add("std::int32_t", "feature", try layout.feature.array(of: Int32.self))
        add(name(layout.threshold.elementType), "threshold", numbers: try layout.threshold.realNumbers())
        add("std::int32_t", "left", try layout.left.array(of: Int32.self))
        add("std::int32_t", "right", try layout.right.array(of: Int32.self))
        add("std::uint8_t", "flags", try layout.flags.array(of: UInt8.self))
        if flags.contains(.category), let sets = layout.categorySet, let starts = layout.categoryStart,
            let words = layout.categoryWords
        {
            add("std::int32_t", "categorySet", try sets.array(of: Int32.self))
            add("std::size_t", "categoryStart", try starts.array(of: Int32.self))
            add("std::uint32_t", "categoryWords", try words.array(of: UInt32.self))
        }
        if let linear = reading.linearLeaves {
            add("std::size_t", "leafStart", try linear.leafStart.array(of: Int32.self))
            add("std::size_t", "leafLabel", try layout.leafLabel.array(of: Int32.self))
            add("double", "constant", numbers: try linear.constant.array())
            add("double", "fallback", numbers: try linear.fallback.array())
            add("std::size_t", "termStart", try linear.termStart.array(of: Int32.self))
            add("std::int32_t", "termFeature", try linear.feature.array(of: Int32.self))
            add("double", "coefficient", numbers: try linear.coefficient.array())
            return
        }
        // Weights are multiplied in, rounded as they are at each run otherwise.
        var values: [Double] = []
        values.reserveCapacity(layout.leafValue.count)
        let weights = try layout.weight?.realNumbers()
        let leaves = try layout.leafValue.realNumbers()
        var start: [Int32] = []
        if let weights {
            // A leaf's place does not tell its tree, so leaves are written tree by tree in the order they are met.
            values = leaves
            for (tree, members) in try leavesOfTrees().enumerated() {
                for leaf in members {
                    for place in leaf * width..<(leaf + 1) * width {
                        values[place] =
                            forest.rules.accumulationType == .float64
                            ? weights[tree] * leaves[place] : Double(Float(weights[tree]) * Float(leaves[place]))
                    }
                }
            }
        } else {
            values = leaves
        }
        add(score, "leafValue", numbers: values)
        if forest.outputCount > 1 {
            start = try layout.output.array()
            add("std::size_t", "output", start)
        }
        if let base = forest.baseScore { add(score, "base", numbers: try base.realNumbers()) }
    }

    /// The leaves of each tree.
    private func leavesOfTrees() throws(ModelError) -> [[Int]] {
        let (left, right) = (try forest.layout.left.array(of: Int32.self), try forest.layout.right.array(of: Int32.self))
        var result: [[Int]] = []
        for root in try forest.layout.root.array(of: Int32.self) {
            var (pending, leaves): ([Int32], [Int]) = ([root], [])
            while let node = pending.popLast() {
                if node < 0 { leaves.append(Int(~node)) } else { pending += [left[Int(node)], right[Int(node)]] }
            }
            result.append(leaves)
        }
        return result
    }

    private mutating func decision() {
        let (isZeroMissing, isNothingMissing) = (flags.contains(.zeroIsMissing), flags.contains(.nothingIsMissing))
        text += "// Whether a value passes the test of a split.\ninline bool goesLeft(\(feature) given, std::size_t split) {\n"
        text += "  const unsigned flag = flags[split];\n"
        text += isNothingMissing ? "  \(value) x = given;\n" : "  const \(value) x = given;\n"
        if isZeroMissing {
            text +=
                "  if ((flag & 16u) != 0u) {\n    if (std::isnan(x) || std::fabs(x) <= 1e-35f) return (flag & 1u) != 0u;\n  } else "
        } else {
            text += "  "
        }
        if isNothingMissing {
            text += "if (std::isnan(x)) {\n    if ((flag & 32u) == 0u) return (flag & 1u) != 0u;\n    x = 0;\n  }\n"
        } else {
            text += "if (std::isnan(x)) {\n    return (flag & 1u) != 0u;\n  }\n"
        }
        if flags.contains(.equality) { text += "  if ((flag & 2u) != 0u) return x == threshold[split];\n" }
        if flags.contains(.category) {
            let isAllowed = forest.rules.categoryRule == .truncate ? "x > -1" : "x >= 0"
            text += """
                  if ((flag & 4u) != 0u) {
                    const std::size_t set = static_cast<std::size_t>(categorySet[split]);
                    const std::size_t words = categoryStart[set + 1] - categoryStart[set];
                    if (!(\(isAllowed) && x < static_cast<\(value)>(words * 32u))) return (flag & 8u) != 0u;
                    const std::size_t category = static_cast<std::size_t>(x < 0 ? 0 : x);
                    return ((categoryWords[categoryStart[set] + category / 32u] >> (category % 32u)) & 1u) != 0u;
                  }

                """
        }
        text += "  return x \(forest.rules.comparison == .less ? "<" : "<=") threshold[split];\n}\n\n"
    }

    private mutating func scores() {
        let rounded = input == feature ? "x[feature[split]]" : "static_cast<\(feature)>(x[feature[split]])"
        text += """
            // The leaf of a tree that a row reaches.
            inline std::size_t leaf(const Input* x, std::size_t tree) {
              std::int32_t node = root[tree];
              while (node >= 0) {
                const std::size_t split = static_cast<std::size_t>(node);
                node = goesLeft(\(rounded), split) ? left[split] : right[split];
              }
              return static_cast<std::size_t>(~node);
            }

            inline void scores(const Input* \(isLinear ? "given" : "x"), Score* result) {

            """
        if isLinear { linearScores() } else { sums() }
        text += "}\n"
    }

    private mutating func linearScores() {
        text += """
              Input x[featureCount];
              for (std::size_t k = 0; k < featureCount; ++k) x[k] = std::fabs(given[k]) <= 1e-35f ? 0 : given[k];
              for (std::size_t k = 0; k < scoreCount; ++k) result[k] = 0;
              for (std::size_t tree = 0; tree < treeCount; ++tree) {
                const std::size_t place = leafStart[tree] + leafLabel[leaf(x, tree)];
                double value = constant[place];
                for (std::size_t term = termStart[place]; term < termStart[place + 1]; ++term) {
                  const double factor = x[termFeature[term]];
                  if (std::isnan(factor)) {
                    value = fallback[place];
                    break;
                  }
                  const double product = coefficient[term] * factor;
                  value += product;
                }
                result[tree % scoreCount] += value;
              }

            """
    }

    private mutating func sums() {
        let rules = forest.rules
        let hasBase = forest.baseScore != nil
        let start =
            switch rules.aggregation {
            case .sum: hasBase && rules.baseScoreOrder == .beforeTrees ? "base[k]" : "0"
            case .minimum: "std::numeric_limits<Score>::infinity()"
            case .maximum: "-std::numeric_limits<Score>::infinity()"
            }
        text += "  for (std::size_t k = 0; k < scoreCount; ++k) result[k] = \(start);\n"
        text += "  for (std::size_t tree = 0; tree < treeCount; ++tree) {\n"
        text += "    const Score* values = leafValue + leaf(x, tree)\(width == 1 ? "" : " * \(width)u");\n"
        let first = forest.outputCount > 1 ? "output[tree]" : "0"
        let place = width == 1 ? "result[\(first)]" : "result[\(first) + k]"
        let value = width == 1 ? "values[0]" : "values[k]"
        text += width == 1 ? "    " : "    for (std::size_t k = 0; k < \(width)u; ++k) "
        switch rules.aggregation {
        case .sum: text += "\(place) += \(value);\n"
        case .minimum: text += "if (\(value) < \(place)) \(place) = \(value);\n"
        case .maximum: text += "if (\(value) > \(place)) \(place) = \(value);\n"
        }
        text += "  }\n"
        if rules.divisor != 1 { text += "  for (std::size_t k = 0; k < scoreCount; ++k) result[k] /= \(rules.divisor);\n" }
        if hasBase, rules.baseScoreOrder == .afterTrees {
            text += "  for (std::size_t k = 0; k < scoreCount; ++k) result[k] += base[k];\n"
        }
    }
}

// MARK: Outputs

extension Header {
    private mutating func add(_ output: ForestReading.Output, _ function: String) {
        let isIndex = output.link == .mostLikelyClass
        let count = isIndex ? 1 : output.isPair ? 2 : forest.outputCount
        let type = name(output.elementType)
        text += "\n// \(Names.comment(output.name)): \(count) value\(count == 1 ? "" : "s")\(Header.explain(output)).\n"
        text += "inline void \(function)(const Input* x, \(type)* result) {\n  Score s[scoreCount];\n  detail::scores(x, s);\n"
        if output.divisor != 1 {
            text += "  for (std::size_t k = 0; k < scoreCount; ++k) s[k] /= \(Header.number(output.divisor, score));\n"
        }
        let body: String
        switch output.link {
        case .identity: body = "s[k]"
        case .sigmoid(let steepness):
            let power = steepness == 1 ? "-s[k]" : "\(Header.number(-steepness, score)) * s[k]"
            body = "1 / (1 + std::exp(\(power)))"
        case .symmetricSigmoid(let steepness): body = "2 / (1 + std::exp(\(Header.number(-steepness, score)) * s[k])) - 1"
        case .exponential: body = "std::exp(s[k])"
        case .softplus: body = "s[k] > 0 ? s[k] + std::log1p(std::exp(-s[k])) : std::log1p(std::exp(s[k]))"
        case .signedSquare: body = "s[k] * std::fabs(s[k])"
        case .step: body = "s[k] > 0 ? 1 : 0"
        case .softmax:
            text += """
                  Score largest = s[0];
                  for (std::size_t k = 1; k < scoreCount; ++k) largest = s[k] > largest ? s[k] : largest;
                  Score sum = 0;
                  for (std::size_t k = 0; k < scoreCount; ++k) sum += s[k] = std::exp(s[k] - largest);

                """
            body = "s[k] / sum"
        case .mostLikelyClass:
            text += """
                  std::size_t best = 0;
                  for (std::size_t k = 1; k < scoreCount; ++k) best = s[k] > s[best] ? k : best;

                """
            body = "best"
        }
        if isIndex {
            text += "  result[0] = static_cast<\(type)>(best);\n"
        } else if output.isPair {
            text += "  const std::size_t k = 0;\n  const Score p = \(body);\n"
            text += "  result[0] = static_cast<\(type)>(1 - p);\n  result[1] = static_cast<\(type)>(p);\n"
        } else {
            text += "  for (std::size_t k = 0; k < scoreCount; ++k) result[k] = static_cast<\(type)>(\(body));\n"
        }
        text += "}\n"
        guard count == 1 else { return }
        text +=
            "inline \(type) \(function)(const Input* x) {\n  \(type) result;\n  \(function)(x, &result);\n  return result;\n}\n"
    }

    private static func explain(_ output: ForestReading.Output) -> String {
        let link =
            switch output.link {
            case .identity: "the score"
            case .sigmoid: "sigmoid of the score"
            case .symmetricSigmoid: "twice the sigmoid of the score, less 1"
            case .exponential: "exponential of the score"
            case .softplus: "log(1 + exp(score))"
            case .softmax: "softmax of the scores"
            case .signedSquare: "square of the score with its sign"
            case .step: "whether the score is positive"
            case .mostLikelyClass: "the number of the largest score"
            }
        return ", " + link + (output.isPair ? ", after 1 minus it" : "")
    }
}

// MARK: Tables

extension Header {
    private mutating func add<T: FixedWidthInteger>(_ type: String, _ name: String, _ values: [T]) {
        add(type, name, values.lazy.map { String($0) })
    }

    private mutating func add(_ type: String, _ name: String, numbers: [Double]) {
        add(type, name, numbers.lazy.map { Header.number($0, type) })
    }

    /// The shortest digits that the type reads back exactly.
    fileprivate static func number(_ value: Double, _ type: String) -> String {
        let limits = "std::numeric_limits<\(type)>::"
        if value.isNaN { return limits + "quiet_NaN()" }
        if value.isInfinite { return (value < 0 ? "-" : "") + limits + "infinity()" }
        return type == "float" ? "\(Float(value))f" : "\(value)"
    }

    private mutating func add(_ type: String, _ name: String, _ words: some Sequence<String>) {
        text += "inline constexpr \(type) \(name)[] = {"
        var (column, isEmpty) = (200, true)
        for word in words {
            if column + word.utf8.count > 118 {
                text += "\n   "
                column = 3
            }
            text += " \(word),"
            column += word.utf8.count + 2
            isEmpty = false
        }
        // An array has at least one element.
        text += isEmpty ? "0};\n" : "\n};\n"
    }
}

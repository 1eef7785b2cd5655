public import SeptumIR
public import SeptumTensor

extension Op {
    /// The class of each row by the votes of one support vector machine for each pair of classes, and what those say.
    ///
    /// A pair's score is positive for its first class; of classes with equally many votes the first wins. Scores become
    /// probabilities as in libsvm where there are parameters for that. Everything is computed in float64 and rounded once.
    ///
    /// - Shape: rows `(batch, features)`, support vectors `(vectors, features)`, coefficients `(classes - 1, vectors)` ->
    ///   classes `(batch)`, scores `(batch, pairs)` or probabilities `(batch, classes)`.
    /// - Element types: float32 -> int64, float32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators-ml.md#ai.onnx.ml.SVMClassifier,
    /// https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/svmclassifier.cc
    public struct SVMClassifier: Operator {
        public static let name = "SVMClassifier"
        public static let inputCount = 3...3
        public static let outputCount = 1...2

        public enum Kernel: String, CaseIterable, Sendable {
            case linear = "LINEAR"
            case polynomial = "POLY"
            case radial = "RBF"
            case sigmoid = "SIGMOID"
        }

        public let kernel: Kernel
        /// Gamma, offset and degree.
        public let parameters: [Float]
        /// How many of the support vectors belong to each class, class after class.
        public let vectorCounts: [Int]
        /// What is added to the score of each pair.
        public let offsets: [Float]
        /// Slope and offset of the logistic function for each pair; empty for no probabilities.
        public let slopes: [Float]
        public let shifts: [Float]

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            kernel = try attributes.choice("kernel_type") ?? .linear
            parameters = try attributes.floats("kernel_params") ?? [0, 0, 0]
            vectorCounts = try AttributeReader.require(try attributes.ints("vectors_per_class"), "vectors_per_class")
            offsets = try AttributeReader.require(try attributes.floats("rho"), "rho")
            slopes = try attributes.floats("prob_a") ?? []
            shifts = try attributes.floats("prob_b") ?? []
            let classes = vectorCounts.count
            guard (2...4096).contains(classes), vectorCounts.allSatisfy({ (0..<1 << 31).contains($0) }) else {
                throw ModelError(
                    .invalidModel, "found \(classes) classes, expected 2 to 4096, with 0 or more vectors each",
                    attribute: "vectors_per_class")
            }
            let pairs = classes * (classes - 1) / 2
            for (name, count) in [("rho", offsets.count), ("prob_a", slopes.count), ("prob_b", shifts.count)] {
                guard count == pairs || count == 0 && slopes.count == shifts.count && name != "rho" else {
                    throw ModelError(.invalidModel, "found \(count) numbers, expected \(pairs)", attribute: name)
                }
            }
            guard parameters.count == 3 else {
                throw ModelError(.invalidModel, "found \(parameters.count) numbers, expected 3", attribute: "kernel_params")
            }
        }

        public var attributes: Attributes {
            [
                ("kernel_type", .string(kernel.rawValue)), ("kernel_params", .floats(parameters)),
                ("vectors_per_class", .ints(vectorCounts)), ("rho", .floats(offsets)), ("prob_a", .floats(slopes)),
                ("prob_b", .floats(shifts)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            for index in 0..<3 { _ = try inputs.tensor(index, of: [.float32]) }
            let rows = try inputs.shape(0, rank: 2) ?? [.unknown, .unknown]
            let vectors = try inputs.shape(1, rank: 2) ?? [.unknown, .unknown]
            let coefficients = try inputs.shape(2, rank: 2) ?? [.unknown, .unknown]
            _ = try sharedDimension(rows[1], vectors[1], "the features of rows and vectors")
            let count = Dimension.fixed(vectorCounts.reduce(0, +))
            for found in [vectors[0], coefficients[1]] { _ = try sharedDimension(found, count, "the number of vectors") }
            _ = try sharedDimension(coefficients[0], .fixed(vectorCounts.count - 1), "the rows of coefficients")
            return [
                Fact(.int64, [rows[0]]), Fact(.float32, [rows[0], .fixed(slopes.isEmpty ? offsets.count : vectorCounts.count)]),
            ]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shapes = try outputShapes(inputs)
            guard try Tensor.elementCount(shapes[1]) <= Storage.byteLimit / 4 else {
                throw ModelError(.limit, "scores of shape \(shapes[1]) are too many")
            }
            let pairs = pairs
            let width = try inputs.tensor(0).shape[1]
            let numbers = try (0..<3).map { index throws(ModelError) in
                try inputs.tensor(index).array(of: Float.self).map(Double.init)
            }
            let (rows, vectors, coefficients) = (numbers[0], numbers[1], numbers[2])
            let count = vectorCounts.reduce(0, +)
            var labels: [Int64] = []
            var results: [Float] = []
            for row in 0..<shapes[0][0] {
                let x = rows[row * width..<(row + 1) * width]
                let alike = (0..<count).map { similarity(x, vectors[$0 * width..<($0 + 1) * width]) }
                let scores = pairScores(alike, coefficients, pairs)
                var votes = [Int](repeating: 0, count: vectorCounts.count)
                for (score, pair) in zip(scores, pairs) { votes[score > 0 ? pair.first : pair.second] += 1 }
                labels.append(Int64(votes.firstIndex(of: votes.max() ?? 0) ?? 0))
                results += (slopes.isEmpty ? scores : probabilities(scores, pairs)).map { Float($0) }
            }
            return [.tensor(try Tensor(shapes[0], labels)), .tensor(try Tensor(shapes[1], results))]
        }

        private typealias Pair = (first: Int, second: Int)

        private var pairs: [Pair] {
            vectorCounts.indices.flatMap { first in (first + 1..<max(first + 1, vectorCounts.count)).map { (first, $0) } }
        }

        private func similarity(_ x: ArraySlice<Double>, _ vector: ArraySlice<Double>) -> Double {
            let (gamma, offset, degree) = (Double(parameters[0]), Double(parameters[1]), Double(parameters[2]))
            if kernel == .radial {
                return Elementary.exp(-gamma * zip(x, vector).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
            }
            let product = zip(x, vector).reduce(0) { $0 + $1.0 * $1.1 }
            return switch kernel {
            case .polynomial: Elementary.pow(gamma * product + offset, degree)
            case .sigmoid: Elementary.tanh(gamma * product + offset)
            default: product
            }
        }

        /// For each pair, the vectors of the first class with their coefficients against the second, and the other way round.
        private func pairScores(_ alike: [Double], _ coefficients: [Double], _ pairs: [Pair]) -> [Double] {
            var starts = [0]
            for count in vectorCounts { starts.append(starts[starts.count - 1] + count) }
            return zip(pairs, offsets).map { pair, offset in
                var sum = 0.0
                for (own, other) in [(pair.first, pair.second - 1), (pair.second, pair.first)] {
                    for vector in starts[own]..<starts[own + 1] {
                        sum += coefficients[other * alike.count + vector] * alike[vector]
                    }
                }
                return sum + Double(offset)
            }
        }

        /// The probabilities of the classes that fit those of the pairs best, by the iteration of libsvm.
        ///
        /// Source: https://github.com/cjlin1/libsvm/blob/v336/svm.cpp#L2017 (multiclass_probability)
        private func probabilities(_ scores: [Double], _ pairs: [Pair]) -> [Double] {
            let count = vectorCounts.count
            var pairwise = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
            for (index, pair) in pairs.enumerated() {
                let logit = scores[index] * Double(slopes[index]) + Double(shifts[index])
                let probability = min(max(1 / (1 + Elementary.exp(logit)), 1e-7), 1 - 1e-7)
                pairwise[pair.first][pair.second] = probability
                pairwise[pair.second][pair.first] = 1 - probability
            }
            var matrix = pairwise
            for row in 0..<count {
                for column in 0..<count where column != row { matrix[row][column] *= -pairwise[column][row] }
                matrix[row][row] = (0..<count).reduce(0) { $0 + pairwise[$1][row] * pairwise[$1][row] }
            }
            var result = [Double](repeating: 1 / Double(count), count: count)
            for _ in 0..<max(100, count) {
                var products = matrix.map { row in zip(row, result).reduce(0) { $0 + $1.0 * $1.1 } }
                var form = zip(result, products).reduce(0) { $0 + $1.0 * $1.1 }
                if products.allSatisfy({ abs($0 - form) < 0.005 / Double(count) }) { break }
                for index in 0..<count {
                    let step = (form - products[index]) / matrix[index][index]
                    result[index] += step
                    form = (form + step * (step * matrix[index][index] + 2 * products[index])) / (1 + step) / (1 + step)
                    for other in 0..<count {
                        products[other] = (products[other] + step * matrix[index][other]) / (1 + step)
                        result[other] /= 1 + step
                    }
                }
            }
            return result
        }
    }
}

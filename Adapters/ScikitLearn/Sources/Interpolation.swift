import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// An isotonic regression: a function that is linear between points, and constant before the first and behind the last.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/isotonic.py (`IsotonicRegression._transform`),
/// https://github.com/numpy/numpy/blob/v2.2.0/numpy/_core/src/multiarray/compiled_base.c (`arr_interp`)
struct Interpolation {
    private let x: [Double]
    private let y: [Double]
    private let bounds: [Double]

    init(_ line: PlainValue, _ owner: Estimator) throws(ModelError) {
        guard line["x"]?.tensor?.elementType == .float64, line["y"]?.tensor?.elementType == .float64 else {
            throw owner.error(
                "its isotonic regression was fitted in another type than float64", "calibrators", code: .unsupported)
        }
        x = try owner.array(line["x"] ?? .none, "X_thresholds_").array(of: Double.self)
        y = try owner.array(line["y"] ?? .none, "y_thresholds_").array(of: Double.self)
        bounds = (line["bounds"]?.list ?? []).compactMap(\.float)
        guard !x.isEmpty, x.count == y.count, bounds.count == 2, (x + y + bounds).allSatisfy(\.isFinite),
            zip(x, x.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw owner.error("found \(x.count) places and \(y.count) values, expected ascending numbers", "X_thresholds_")
        }
    }

    /// Shape: float64 [batch, 1] -> [batch, 1].
    ///
    /// A tree finds the last point that is not above the value, and the slope behind it.
    func build(_ value: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        func number(_ value: Double) throws(ModelError) -> Graph.ValueID { try graph.addConstant(try Tensor([], [value])) }
        let clipped = try graph.apply(Op.Clip(), value, try number(bounds[0]), try number(bounds[1]))
        let found = try graph.apply(try tree(), clipped)
        let distance = try graph.apply(Op.Sub(), clipped, try graph.columns([0], of: found))
        let rise = try graph.apply(Op.Mul(), try graph.columns([2], of: found), distance)
        return try graph.apply(Op.Add(), rise, try graph.columns([1], of: found))
    }

    private func tree() throws(ModelError) -> Op.Forest {
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: .less, featureType: .float64, accumulationType: .float64),
            thresholdType: .float64, featureCount: 1, outputCount: 3, leafWidth: 3)
        // A node stands for the points `first..<end`; its children follow in the order in which they are listed.
        var pending = [(first: 0, end: x.count)]
        var node = 0
        while node < pending.count {
            let (first, end) = pending[node]
            if end - first == 1 {
                let slope = end < x.count ? (y[end] - y[first]) / (x[end] - x[first]) : 0
                try builder.addLeaf(node, [x[first], y[first], slope])
            } else {
                let middle = (first + end) / 2
                try builder.addSplit(
                    node, feature: 0, test: .threshold(x[middle]), missing: .nan(goesLeft: false), left: pending.count,
                    right: pending.count + 1)
                pending += [(first, middle), (middle, end)]
            }
            node += 1
        }
        try builder.endTree()
        return try builder.forest()
    }
}

import SeptumIR
import SeptumOperators
import SeptumTensor

extension Importer {
    /// Each variable by its cumulative distribution, then, unless it stays uniform, by the quantile of the normal distribution.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/VariableGaussTransform.cxx (Transform),
    /// PDF.cxx (GetVal); https://github.com/root-project/root/blob/master/hist/hist/src/TAxis.cxx (FindBin)
    func distributed(
        _ x: Graph.ValueID, _ tables: [CumulativeTable], isFlat: Bool, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let count = Double(CumulativeTable.binCount)
        func row(_ values: [Double], _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
            try graph.addConstant(try Tensor([1, tables.count], values))
        }
        let value = try wide(x, &graph)
        let (low, width) = (try row(tables.map(\.low), &graph), try row(tables.map { ($0.high - $0.low) / count }, &graph))
        let range = try row(tables.map { $0.high - $0.low }, &graph)
        // The bin, from zero; what is below the range is in the first, what is not below its end in the last, NaN too.
        let part = try graph.apply(
            Op.Div(), name: "part",
            try graph.apply(
                Op.Mul(), name: "stretched", try number(count, &graph), try graph.apply(Op.Sub(), name: "above", value, low)),
            range)
        let isInside = try graph.apply(Op.Less(), name: "is_inside", value, try row(tables.map(\.high), &graph))
        let kept = try graph.apply(Op.Where(), name: "kept", isInside, part, try number(count - 1, &graph))
        let bin = try graph.apply(
            Op.Clip(), name: "bin", try graph.apply(Op.Floor(), name: "whole", kept), try number(0.0, &graph),
            try number(count - 1, &graph))
        let centre = try middle(of: bin, low, width, &graph)
        // The line goes on to the next bin to the right, or to the left.
        let isRight = try graph.apply(
            Op.Or(), name: "is_right",
            try graph.apply(
                Op.And(), name: "is_between", try graph.apply(Op.Greater(), name: "is_beyond", value, centre),
                try graph.apply(Op.Less(), name: "is_not_last", bin, try number(count - 1, &graph))),
            try graph.apply(Op.Equal(), name: "is_first", bin, try number(0.0, &graph)))
        let step = try graph.apply(Op.Where(), name: "step", isRight, try number(1.0, &graph), try number(-1.0, &graph))
        let next = try graph.apply(Op.Add(), name: "next", bin, step)
        let all = tables.flatMap(\.contents)
        let contents = try graph.addConstant(try Tensor([all.count], all))
        let (own, other) = (try content(bin, contents, tables.count, &graph), try content(next, contents, tables.count, &graph))
        let dx = try graph.apply(Op.Sub(), name: "dx", centre, try middle(of: next, low, width, &graph))
        let rise = try graph.apply(
            Op.Mul(), name: "rise", try graph.apply(Op.Sub(), name: "distance", value, centre),
            try graph.apply(Op.Sub(), name: "dy", own, other))
        let line = try graph.apply(Op.Add(), name: "line", own, try graph.apply(Op.Div(), name: "slope", rise, dx))
        // A comparison with NaN fails, and the bound takes its place.
        let smallest = try number(CumulativeTable.smallest, &graph)
        let isLarge = try graph.apply(Op.GreaterOrEqual(), name: "is_large", line, smallest)
        let positive = try graph.apply(Op.Where(), name: "positive", isLarge, line, smallest)
        let share = try graph.apply(
            Op.Clip(), name: "share", positive, try number(10e-10, &graph), try number(1 - 10e-10, &graph))
        return isFlat ? try narrow(share, &graph) : try narrow(try quantile(share, &graph), &graph)
    }

    private func middle(
        of bin: Graph.ValueID, _ low: Graph.ValueID, _ width: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let half = try graph.apply(Op.Add(), name: "half", bin, try number(0.5, &graph))
        return try graph.apply(Op.Add(), name: "centre", low, try graph.apply(Op.Mul(), name: "offset", half, width))
    }

    private func content(
        _ bin: Graph.ValueID, _ contents: Graph.ValueID, _ count: Int, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let starts = (0..<count).map { Int64($0 * CumulativeTable.binCount) }
        let index = try graph.apply(
            Op.Add(), name: "place", try graph.apply(Op.Cast(to: .int64), name: "bin_number", bin),
            try graph.addConstant(try Tensor([1, count], starts)))
        return try graph.apply(Op.Gather(axis: 0), name: "content", contents, index)
    }

    /// `1.414213562 * erf^-1(2 p - 1)`, the argument kept within 0.99999999 of zero.
    ///
    /// Half of the argument is what is asked of the normal quantile, whose rational approximations are good to the last digits
    /// of float64: near the middle in `q * q`, outside it in the root of `-log p`.
    ///
    /// Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988) 477; the function replaced is
    /// https://github.com/root-project/root/blob/master/math/mathcore/src/TMath.cxx (ErfInverse)
    private func quantile(_ p: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let twice = try graph.apply(
            Op.Sub(), name: "argument", try graph.apply(Op.Mul(), name: "twice", try number(2.0, &graph), p),
            try number(1.0, &graph))
        let bounded = try graph.apply(
            Op.Clip(), name: "bounded", twice, try number(-0.99999999, &graph), try number(0.99999999, &graph))
        let q = try graph.apply(Op.Mul(), name: "q", bounded, try number(0.5, &graph))
        let size = try graph.apply(Op.Abs(), name: "size", q)
        let square = try graph.apply(Op.Mul(), name: "square", q, q)
        let middle = try graph.apply(
            Op.Mul(), name: "middle", q,
            try ratio(
                try graph.apply(Op.Sub(), name: "rest", try number(0.180625, &graph), square), NormalQuantile.middle, &graph))
        let tail = try graph.apply(
            Op.Sqrt(), name: "root",
            try graph.apply(
                Op.Neg(), name: "positive",
                try graph.apply(Op.Log(), name: "log", try graph.apply(Op.Sub(), name: "tail", try number(0.5, &graph), size))))
        let near = try ratio(
            try graph.apply(Op.Sub(), name: "near", tail, try number(1.6, &graph)), NormalQuantile.near, &graph)
        let far = try ratio(try graph.apply(Op.Sub(), name: "far", tail, try number(5.0, &graph)), NormalQuantile.far, &graph)
        let isNear = try graph.apply(Op.LessOrEqual(), name: "is_near", tail, try number(5.0, &graph))
        let outside = try graph.apply(
            Op.Mul(), name: "outside", try graph.apply(Op.Where(), name: "size", isNear, near, far),
            try graph.apply(Op.Sign(), name: "sign", q))
        let isMiddle = try graph.apply(Op.LessOrEqual(), name: "is_middle", size, try number(0.425, &graph))
        let normal = try graph.apply(Op.Where(), name: "normal", isMiddle, middle, outside)
        // The Reader's root of two has ten digits.
        return try graph.apply(Op.Mul(), name: "gauss", normal, try number(1.414213562 / 2.0.squareRoot(), &graph))
    }

    private func ratio(
        _ r: Graph.ValueID, _ table: (above: [Double], below: [Double]), _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        func polynomial(_ coefficients: [Double]) throws(ModelError) -> Graph.ValueID {
            var value = try number(coefficients.last ?? 0, &graph)
            for coefficient in coefficients.dropLast().reversed() {
                value = try graph.apply(
                    Op.Add(), name: "polynomial", try graph.apply(Op.Mul(), name: "term", value, r),
                    try number(coefficient, &graph))
            }
            return value
        }
        return try graph.apply(Op.Div(), name: "ratio", try polynomial(table.above), try polynomial(table.below))
    }
}

/// The coefficients of AS 241, ascending.
private enum NormalQuantile {
    static let middle: (above: [Double], below: [Double]) = (
        [
            3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
            4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
        ],
        [
            1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3, 2.1213794301586595867e+4,
            3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
        ]
    )
    static let near: (above: [Double], below: [Double]) = (
        [
            1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
            1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
        ],
        [
            1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
            1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
        ]
    )
    static let far: (above: [Double], below: [Double]) = (
        [
            6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
            2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
        ],
        [
            1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
            1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
        ]
    )
}

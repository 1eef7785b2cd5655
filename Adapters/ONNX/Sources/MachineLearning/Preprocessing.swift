import SeptumIR
import SeptumTensor

// Operators that prepare tables, in terms of tensor operators.
// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators-ml.md
extension ONNX {
    /// `(x - offset) * scale`
    @Sendable static func scaler(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let offset = try form.takeFloats("offset") ?? [0]
        let scale = try form.takeFloats("scale") ?? [1]
        try form.checkEmpty()
        let input = try floats(form, &builder)
        let shifted = try builder.apply("Sub", name: form.name, [input, try builder.constant(offset)])
        try builder.finish(form, "Mul", [shifted, try builder.constant(scale)])
    }

    /// Rows divided by their largest element, or their norm; a row of zeros stays.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/normalizer.cc
    @Sendable static func normalizer(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let kind = try form.takeString("norm") ?? "MAX"
        try form.checkEmpty()
        let input = try floats(form, &builder)
        let reductions = ["MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"]
        guard let reduction = reductions[kind] else {
            throw ModelError(.invalidModel, "found '\(kind)', expected MAX, L1 or L2", attribute: "norm")
        }
        let norm = try builder.apply(reduction, name: form.name, [input, try builder.constant([-1])])
        let isZero = try builder.apply("Equal", name: form.name, [norm, try builder.constant([0], [])])
        let divisor = try builder.apply("Where", name: form.name, [isZero, try builder.constant([1], []), norm])
        try builder.finish(form, "Div", [input, divisor])
    }

    /// 1 above the threshold, otherwise 0.
    @Sendable static func binarizer(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let threshold = try form.takeFloat("threshold") ?? 0
        try form.checkEmpty()
        let input = try form.requiredInput(0)
        let isAbove = try builder.apply("Greater", name: form.name, [input, try builder.constant(threshold, like: input)])
        try builder.finish(form, "CastLike", [isAbove, input])
    }

    /// Columns by their index.
    @Sendable static func arrayFeatureExtractor(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try form.checkEmpty()
        var table = try form.requiredInput(0)
        if builder.rank(table) == 1 {
            table = try builder.apply("Unsqueeze", name: form.name, [table, try builder.constant([0])])
        }
        let columns = try builder.apply("Reshape", name: form.name, [form.input(1), try builder.constant([-1])])
        try builder.finish(form, "Gather", [table, columns], ["axis": .int(-1)])
    }

    /// Columns side by side, as float32.
    @Sendable static func featureVectorizer(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let widths = try form.takeInts("inputdimensions") ?? []
        try form.checkEmpty()
        var parts: [Graph.ValueID?] = []
        for (index, input) in form.inputs.enumerated() {
            var part = form
            part.inputs = [input]
            let table = try builder.floatTable(part)
            let known = builder.graph.type(table).tensor?.shape?.last?.number
            if index < widths.count, let known, known != widths[index] {
                throw ModelError(
                    .unsupported, "input \(index) has \(known) columns, found \(widths[index])", attribute: "inputdimensions")
            }
            parts.append(table)
        }
        try builder.finish(form, "Concat", parts, ["axis": .int(1)])
    }

    /// Values that stand for missing ones, replaced.
    @Sendable static func imputer(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let input = try form.requiredInput(0)
        let isFloat = builder.elementType(input)?.isFloatingPoint ?? true
        let values: Graph.ValueID
        let isMissing: Graph.ValueID
        if isFloat {
            values = try builder.constant(
                try AttributeReader.require(try form.takeFloats("imputed_value_floats"), "imputed_value_floats"))
            let replaced = try form.takeFloat("replaced_value_float") ?? 0
            isMissing =
                replaced.isNaN
                ? try builder.apply("IsNaN", name: form.name, [input])
                : try builder.apply("Equal", name: form.name, [input, try builder.constant(replaced, like: input)])
        } else {
            values = try builder.constant(
                try AttributeReader.require(try form.takeInts("imputed_value_int64s"), "imputed_value_int64s"))
            let replaced = try builder.constant(try form.takeInt("replaced_value_int64") ?? 0)
            isMissing = try builder.apply("Equal", name: form.name, [input, replaced])
        }
        for name in ["imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "replaced_value_int64"] {
            form.attributes[name] = nil
        }
        try form.checkEmpty()
        let typed = try builder.apply("CastLike", name: form.name, [values, input])
        try builder.finish(form, "Where", [isMissing, typed, input])
    }

    /// The columns of a table keep their place; their names go to the model's metadata.
    @Sendable static func zipMap(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let labels = try Labels.take(&form, integers: "classlabels_int64s", strings: "classlabels_strings")
        try form.checkEmpty()
        if case let output?? = form.outputs.first { builder.columns[output] = labels.names }
        try builder.finish(form, "Identity", [form.input(0)])
    }

    /// Numbers as float32, whatever their shape.
    private static func floats(_ form: NodeForm, _ builder: inout GraphBuilder) throws(ModelError) -> Graph.ValueID {
        let input = try form.requiredInput(0)
        if builder.elementType(input) == .float32 { return input }
        return try builder.apply("Cast", ["to": .int(Int(ElementType.float32.rawValue))], name: form.name, [input])
    }
}

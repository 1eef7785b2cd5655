import SeptumIR
import SeptumTensor

// One step of an optimizer, in terms of arithmetic.
// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ai.onnx.preview.training
extension ONNX {
    @Sendable static func adagrad(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let norm = try form.takeFloat("norm_coefficient") ?? 0
        let decay = try form.takeFloat("decay_factor") ?? 0
        let epsilon = try form.takeFloat("epsilon") ?? 1e-6
        try form.checkEmpty()
        try step(form, &builder, groups: 3) { parts, arithmetic throws(ModelError) in
            let count = try arithmetic.cast(form.input(1), like: parts[0])
            let slower = try arithmetic.add(try arithmetic.scale(count, decay), 1)
            let rate = try arithmetic.apply("Div", try arithmetic.cast(form.input(0), like: parts[0]), slower)
            let gradient = try arithmetic.regularized(parts[1], by: norm, parts[0])
            let squares = try arithmetic.apply("Add", parts[2], try arithmetic.apply("Mul", gradient, gradient))
            let divisor = try arithmetic.add(try arithmetic.apply("Sqrt", squares), epsilon)
            let move = try arithmetic.apply("Div", try arithmetic.apply("Mul", rate, gradient), divisor)
            return [try arithmetic.apply("Sub", parts[0], move), squares]
        }
    }

    /// What depends on the number of the step is computed in float64: for the first steps nearly everything cancels.
    @Sendable static func adam(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let norm = try form.takeFloat("norm_coefficient") ?? 0
        let normAfter = try form.takeFloat("norm_coefficient_post") ?? 0
        let (alpha, beta) = (try form.takeFloat("alpha") ?? 0.9, try form.takeFloat("beta") ?? 0.999)
        let epsilon = try form.takeFloat("epsilon") ?? 1e-6
        try form.checkEmpty()
        try step(form, &builder, groups: 4) { parts, arithmetic throws(ModelError) in
            let gradient = try arithmetic.regularized(parts[1], by: norm, parts[0])
            let mean = try arithmetic.mix(parts[2], gradient, alpha)
            let squares = try arithmetic.mix(parts[3], try arithmetic.apply("Mul", gradient, gradient), beta)
            let divisor = try arithmetic.add(try arithmetic.apply("Sqrt", squares), epsilon)
            let correction = try arithmetic.apply(
                "Div", try arithmetic.apply("Sqrt", try arithmetic.rest(beta)), try arithmetic.rest(alpha))
            let factor = try arithmetic.cast(try arithmetic.laterOr(correction, 1), like: parts[0])
            let rate = try arithmetic.apply("Mul", try arithmetic.cast(form.input(0), like: parts[0]), factor)
            let move = try arithmetic.apply("Mul", rate, try arithmetic.apply("Div", mean, divisor))
            let moved = try arithmetic.apply("Sub", parts[0], move)
            return [try arithmetic.scale(moved, 1 - normAfter), mean, squares]
        }
    }

    @Sendable static func momentum(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let norm = try AttributeReader.require(try form.takeFloat("norm_coefficient"), "norm_coefficient")
        let alpha = try AttributeReader.require(try form.takeFloat("alpha"), "alpha")
        let beta = try AttributeReader.require(try form.takeFloat("beta"), "beta")
        let mode = try AttributeReader.require(try form.takeString("mode"), "mode")
        try form.checkEmpty()
        guard mode == "standard" || mode == "nesterov" else {
            throw ModelError(.invalidModel, "found '\(mode)', expected standard or nesterov", attribute: "mode")
        }
        try step(form, &builder, groups: 3) { parts, arithmetic throws(ModelError) in
            let gradient = try arithmetic.regularized(parts[1], by: norm, parts[0])
            let factor = try arithmetic.cast(
                try arithmetic.laterOr(try arithmetic.builder.addConstant(try Tensor([], [Double(beta)])), 1), like: parts[0])
            let momentum = try arithmetic.apply(
                "Add", try arithmetic.scale(parts[2], alpha), try arithmetic.apply("Mul", factor, gradient))
            let direction =
                mode == "standard"
                ? momentum : try arithmetic.apply("Add", gradient, try arithmetic.scale(momentum, alpha))
            let rate = try arithmetic.cast(form.input(0), like: parts[0])
            return [try arithmetic.apply("Sub", parts[0], try arithmetic.apply("Mul", rate, direction)), momentum]
        }
    }

    /// Takes one step for each variable; its parts are the variable, its gradient and what the optimizer remembers of it.
    private static func step(
        _ form: NodeForm, _ builder: inout GraphBuilder, groups: Int,
        _ update: ([Graph.ValueID], inout Arithmetic) throws(ModelError) -> [Graph.ValueID]
    ) throws(ModelError) {
        let count = max(form.inputs.count - 2, 0) / groups
        guard count > 0, form.inputs.count == 2 + count * groups, form.outputs.count <= count * (groups - 1) else {
            throw ModelError(
                .invalidModel,
                "found \(form.inputs.count) inputs and \(form.outputs.count) outputs, expected \(groups) inputs and "
                    + "\(groups - 1) outputs for each variable")
        }
        for variable in 0..<count {
            var parts: [Graph.ValueID] = []
            for group in 0..<groups { parts.append(try form.requiredInput(2 + group * count + variable)) }
            var arithmetic = Arithmetic(builder: builder, form: form)
            let results = try update(parts, &arithmetic)
            builder = arithmetic.builder
            for (group, result) in results.enumerated() {
                let index = group * count + variable
                guard index < form.outputs.count, let output = form.outputs[index] else { continue }
                try builder.append("Identity", [:], name: form.name, [result], outputs: [output])
            }
        }
    }

    /// Arithmetic on values of a graph; numbers take the element type of what they meet.
    private struct Arithmetic {
        var builder: GraphBuilder
        let form: NodeForm

        mutating func apply(_ op: String, _ values: Graph.ValueID?...) throws(ModelError) -> Graph.ValueID {
            try builder.apply(op, name: form.name, values)
        }

        mutating func cast(_ value: Graph.ValueID?, like other: Graph.ValueID) throws(ModelError) -> Graph.ValueID {
            try apply("CastLike", value, other)
        }

        mutating func scale(_ value: Graph.ValueID, _ factor: Float) throws(ModelError) -> Graph.ValueID {
            factor == 1 ? value : try apply("Mul", value, try builder.constant(factor, like: value))
        }

        mutating func add(_ value: Graph.ValueID, _ number: Float) throws(ModelError) -> Graph.ValueID {
            try apply("Add", value, try builder.constant(number, like: value))
        }

        mutating func regularized(
            _ gradient: Graph.ValueID, by norm: Float, _ value: Graph.ValueID
        ) throws(ModelError) -> Graph.ValueID {
            norm == 0 ? gradient : try apply("Add", try scale(value, norm), gradient)
        }

        /// `share * old + (1 - share) * new`
        mutating func mix(_ old: Graph.ValueID, _ new: Graph.ValueID, _ share: Float) throws(ModelError) -> Graph.ValueID {
            try apply("Add", try scale(old, share), try scale(new, 1 - share))
        }

        /// `1 - pow(share, number of the step)`, in float64.
        mutating func rest(_ share: Float) throws(ModelError) -> Graph.ValueID {
            let count = try builder.apply(
                "Cast", ["to": .int(Int(ElementType.float64.rawValue))], name: form.name, [form.input(1)])
            let power = try apply("Pow", try builder.addConstant(try Tensor([], [Double(share)])), count)
            return try apply("Sub", try builder.addConstant(try Tensor([], [1.0])), power)
        }

        /// A float64 value from step 1 on, before that a number.
        mutating func laterOr(_ value: Graph.ValueID, _ number: Double) throws(ModelError) -> Graph.ValueID {
            let isLater = try apply("Greater", form.input(1), try builder.constant(0))
            return try apply("Where", isLater, value, try builder.addConstant(try Tensor([], [number])))
        }
    }
}

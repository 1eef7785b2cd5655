import SeptumIR
import SeptumTensor

// Operators that look values up in a list.
// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators-ml.md
extension ONNX {
    /// Keys to values of another list; what is no key becomes the default.
    @Sendable static func labelEncoder(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        if form.opset < 2 { return try stringEncoder(&form, &builder, "classes_strings", nil) }
        let keys = try takeList("keys_", &form)
        let values = try takeList("values_", &form)
        var fallback = try form.takeTensor("default_tensor")
        let defaults = (
            float: try form.takeFloat("default_float") ?? -0.0, int: try form.takeInt("default_int64") ?? -1,
            string: try form.takeString("default_string") ?? "_Unused"
        )
        try form.checkEmpty()
        guard keys.count == values.count else {
            throw ModelError(.invalidModel, "found \(keys.count) keys and \(values.count) values", attribute: "keys_*")
        }
        if fallback == nil {
            switch values.elementType {
            case .string: fallback = try Tensor([1], strings: [defaults.string])
            case .int64: fallback = try Tensor([1], [Int64(defaults.int)])
            case .float32: fallback = try Tensor([1], [defaults.float])
            default: break
            }
        }
        guard let fallback = try fallback?.reshaped([1]), fallback.elementType == values.elementType else {
            throw ModelError(.invalidModel, "found another type than that of the values", attribute: "default_tensor")
        }
        try look(up: keys, values, fallback, form, &builder)
    }

    /// Strings to their index, or indices to strings, whichever the input is.
    @Sendable static func categoryMapper(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try stringEncoder(&form, &builder, "cats_strings", "cats_int64s")
    }

    private static func stringEncoder(
        _ form: inout NodeForm, _ builder: inout GraphBuilder, _ stringsName: String, _ intsName: String?
    ) throws(ModelError) {
        let strings = try AttributeReader.require(try form.takeStrings(stringsName), stringsName)
        let ints: [Int]
        if let intsName {
            ints = try AttributeReader.require(try form.takeInts(intsName), intsName)
        } else {
            ints = Array(strings.indices)
        }
        let defaults = (int: try form.takeInt("default_int64") ?? -1, string: try form.takeString("default_string") ?? "_Unused")
        try form.checkEmpty()
        guard strings.count == ints.count else {
            throw ModelError(.invalidModel, "found \(strings.count) strings and \(ints.count) numbers", attribute: stringsName)
        }
        let (texts, numbers) = (
            try Tensor([strings.count], strings: strings), try Tensor([ints.count], ints.map(Int64.init))
        )
        if builder.elementType(form.input(0)) == .string {
            try look(up: texts, numbers, try Tensor([1], [Int64(defaults.int)]), form, &builder)
        } else {
            try look(up: numbers, texts, try Tensor([1], strings: [defaults.string]), form, &builder)
        }
    }

    /// One column for each category, 1 in that of the input.
    @Sendable static func oneHotEncoder(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let labels = try Labels.take(&form, integers: "cats_int64s", strings: "cats_strings")
        let allowsOthers = try form.takeInt("zeros") ?? 1 != 0
        try form.checkEmpty()
        let matches = try match(try labels.tensor(), form, &builder)
        guard labels.count <= 4096 else { throw ModelError(.limit, "found \(labels.count) categories, at most 4096 are read") }
        guard !allowsOthers else { return try builder.finish(form, "Cast", [matches], ["to": .int(1)]) }
        let index = try firstMatch(matches, form, &builder)
        let identity = try Tensor([labels.count, labels.count]) { (buffer: UnsafeMutableBufferPointer<Float>) in
            for index in 0..<labels.count { buffer[index * labels.count + index] = 1 }
        }
        try builder.finish(form, "Gather", [try builder.addConstant(identity), index], ["axis": .int(0)])
    }

    private static func takeList(_ stem: String, _ form: inout NodeForm) throws(ModelError) -> Tensor {
        var found: [Tensor] = []
        if let values = try form.takeStrings(stem + "strings") { found.append(try Tensor([values.count], strings: values)) }
        if let values = try form.takeInts(stem + "int64s") { found.append(try Tensor([values.count], values.map(Int64.init))) }
        if let values = try form.takeFloats(stem + "floats") { found.append(try Tensor([values.count], values)) }
        if let tensor = try form.takeTensor(stem + "tensor") { found.append(try tensor.reshaped([tensor.count])) }
        guard found.count == 1, let list = found.first else {
            throw ModelError(.invalidModel, "found \(found.count) lists, expected one", attribute: stem + "*")
        }
        return list
    }

    private static func look(
        up keys: Tensor, _ values: Tensor, _ fallback: Tensor, _ form: NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) {
        let index = try firstMatch(try match(keys, form, &builder), form, &builder)
        let list = [try builder.addConstant(values), try builder.addConstant(fallback)]
        let table = try builder.apply("Concat", ["axis": .int(0)], name: form.name, list)
        try builder.finish(form, "Gather", [table, index], ["axis": .int(0)])
    }

    /// Shape: `[..., keys]`, true where the input equals the key; from version 4 on NaN equals NaN.
    private static func match(
        _ keys: Tensor, _ form: NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) -> Graph.ValueID {
        let input = try form.requiredInput(0)
        var list = try builder.addConstant(keys)
        let column = try builder.apply("Unsqueeze", name: form.name, [input, try builder.constant([-1])])
        if let type = builder.elementType(input), type != keys.elementType, type != .string, keys.elementType != .string {
            list = try builder.apply("CastLike", name: form.name, [list, input])
        }
        let equal = try builder.apply("Equal", name: form.name, [column, list])
        guard form.opset >= 4, builder.elementType(input)?.isFloatingPoint ?? false else { return equal }
        let isNaN = try builder.apply("IsNaN", name: form.name, [column])
        let both = try builder.apply("And", name: form.name, [isNaN, try builder.apply("IsNaN", name: form.name, [list])])
        return try builder.apply("Or", name: form.name, [equal, both])
    }

    /// The index of the first match along the last axis, one past the end when there is none.
    private static func firstMatch(
        _ matches: Graph.ValueID, _ form: NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) -> Graph.ValueID {
        let numbers = try builder.apply("Cast", ["to": .int(Int(ElementType.int32.rawValue))], name: form.name, [matches])
        let pads = try builder.constant([0, 1])
        let one = try builder.addConstant(try Tensor([], [Int32(1)]))
        let closed = try builder.apply("Pad", name: form.name, [numbers, pads, one, try builder.constant([-1])])
        return try builder.apply("ArgMax", ["axis": .int(-1), "keepdims": .int(0)], name: form.name, [closed])
    }
}

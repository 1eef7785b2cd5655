public import SeptumTensor

/// The input contract as JSON, with the member names that contracts have in YAML.
public enum ContractCoding {
    public static func encode(_ contract: InputContract) -> JSON {
        var members: [JSON.Member] = [.init("contract", .int(1)), .init("name", .string(contract.name))]
        if let row = contract.row { members.append(.init("row", .string(row))) }
        members.append(.init("inputs", .array(contract.inputs.map(encode))))
        members.append(
            .init(
                "outputs",
                .array(
                    contract.outputs.map {
                        .object(["tensor": .string($0.tensor), "columns": .array($0.columns.map(JSON.string))])
                    })))
        return .object(members)
    }

    private static func encode(_ input: InputContract.Input) -> JSON {
        var members: [JSON.Member] = [.init("tensor", .string(input.tensor))]
        if let collection = input.collection { members.append(.init("collection", .string(collection))) }
        if let link = input.link { members.append(.init("link", .string(link))) }
        if let sort = input.sort {
            let order = sort.isDescending ? "descending" : "ascending"
            members.append(.init("sort", .object(["by": .string(sort.by), "order": .string(order)])))
        }
        if let length = input.length {
            var bounds: [JSON.Member] = [.init("minimum", .int(length.minimum))]
            if let maximum = length.maximum { bounds.append(.init("maximum", .int(maximum))) }
            members.append(.init("length", .object(bounds)))
        }
        members.append(.init("features", .array(input.features.map(encode))))
        return .object(members)
    }

    private static func encode(_ feature: InputContract.Feature) -> JSON {
        var members: [JSON.Member] = [.init("name", .string(feature.name))]
        if let branch = feature.branch { members.append(.init("branch", .string(branch))) }
        if let unit = feature.unit { members.append(.init("unit", .string(unit))) }
        if feature.transform != .none { members.append(.init("transform", .string(feature.transform.rawValue))) }
        if feature.offset != 0 { members.append(.init("offset", .number("\(feature.offset)"))) }
        if feature.scale != 1 { members.append(.init("scale", .number("\(feature.scale)"))) }
        if let clip = feature.clip {
            members.append(.init("clip", .array([.number("\(clip.lowerBound)"), .number("\(clip.upperBound)")])))
        }
        switch feature.missing {
        case .refuse: break
        case .keep: members.append(.init("missing", .string("keep")))
        case .replace(let value): members.append(.init("missing", .number("\(value)")))
        }
        return .object(members)
    }

    /// Reads a contract; unknown members are refused, so that a misspelt rule cannot be passed over.
    ///
    /// - Throws: `malformed` naming the member and what was expected.
    public static func decode(_ json: JSON) throws(ModelError) -> InputContract {
        try check(json, "contract", ["contract", "name", "row", "inputs", "outputs"])
        guard json["contract"]?.int == 1 else {
            throw ModelError(.unsupported, "the contract's version must be 'contract: 1'")
        }
        var contract = InputContract(name: try text(json, "name") ?? "", row: try text(json, "row"), inputs: [])
        for input in try list(json, "inputs") { contract.inputs.append(try decodeInput(input)) }
        for output in try json["outputs"] == nil ? [] : list(json, "outputs") {
            try check(output, "output", ["tensor", "columns"])
            let columns = try list(output, "columns")
            guard columns.allSatisfy({ $0.string != nil }) else { throw malformed("columns", "a list of names") }
            contract.outputs.append(.init(tensor: try name(output, "tensor"), columns: columns.compactMap(\.string)))
        }
        return contract
    }

    private static func decodeInput(_ json: JSON) throws(ModelError) -> InputContract.Input {
        try check(json, "input", ["tensor", "collection", "link", "sort", "length", "features"])
        var input = InputContract.Input(
            tensor: try name(json, "tensor"), features: [], collection: try text(json, "collection"), link: try text(json, "link")
        )
        if let sort = json["sort"] {
            try check(sort, "sort", ["by", "order"])
            let order = try text(sort, "order") ?? "descending"
            guard order == "descending" || order == "ascending" else { throw malformed("order", "ascending or descending") }
            input.sort = .init(by: try name(sort, "by"), isDescending: order == "descending")
        }
        if let length = json["length"] {
            try check(length, "length", ["minimum", "maximum"])
            let maximum = length["maximum"]?.int
            guard let minimum = length["minimum"] == nil ? 0 : length["minimum"]?.int, minimum >= 0,
                (maximum ?? minimum) >= minimum, length["maximum"] == nil || maximum != nil
            else { throw malformed("length", "0 <= minimum <= maximum") }
            input.length = .init(minimum: minimum, maximum: maximum)
        }
        for feature in try list(json, "features") { input.features.append(try decodeFeature(feature)) }
        guard !input.features.isEmpty else { throw malformed("features", "at least one feature") }
        return input
    }

    private static func decodeFeature(_ json: JSON) throws(ModelError) -> InputContract.Feature {
        try check(json, "feature", ["name", "branch", "unit", "transform", "offset", "scale", "clip", "missing"])
        var feature = InputContract.Feature(
            name: try name(json, "name"), branch: try text(json, "branch"), unit: try text(json, "unit"))
        if let text = try text(json, "transform") {
            guard let transform = InputContract.Transform(rawValue: text) else {
                throw malformed("transform", "one of " + InputContract.Transform.allCases.map(\.rawValue).joined(separator: ", "))
            }
            feature.transform = transform
        }
        if let value = json["offset"] { feature.offset = try number(value, "offset") }
        if let value = json["scale"] { feature.scale = try number(value, "scale") }
        if let value = json["clip"] {
            guard let bounds = value.array, bounds.count == 2, let low = bounds[0].float, let high = bounds[1].float, low <= high
            else { throw malformed("clip", "[low, high]") }
            feature.clip = low...high
        }
        if let value = json["missing"] {
            if let word = value.string {
                guard word == "keep" || word == "refuse" else { throw malformed("missing", "a number, keep or refuse") }
                feature.missing = word == "keep" ? .keep : .refuse
            } else {
                feature.missing = .replace(try number(value, "missing"))
            }
        }
        return feature
    }

    private static func malformed(_ name: String, _ expected: String) -> ModelError {
        ModelError(.malformed, "input contract: '\(name)' must be \(expected)")
    }

    private static func check(_ json: JSON, _ what: String, _ known: [String]) throws(ModelError) {
        guard let members = json.members else { throw malformed(what, "a mapping") }
        for member in members where !known.contains(member.name) {
            throw ModelError(
                .malformed, "input contract: the \(what) has an unknown member '\(member.name)'",
                remedy: "known are \(known.joined(separator: ", "))")
        }
    }

    private static func text(_ json: JSON, _ name: String) throws(ModelError) -> String? {
        guard let value = json[name], value != .null else { return nil }
        guard let text = value.string else { throw malformed(name, "text") }
        return text
    }

    private static func name(_ json: JSON, _ name: String) throws(ModelError) -> String {
        guard let text = try text(json, name), !text.isEmpty else { throw malformed(name, "a name") }
        return text
    }

    private static func list(_ json: JSON, _ name: String) throws(ModelError) -> [JSON] {
        guard let values = json[name]?.array else { throw malformed(name, "a list") }
        return values
    }

    private static func number(_ json: JSON, _ name: String) throws(ModelError) -> Float {
        guard let value = json.float, value.isFinite else { throw malformed(name, "a finite number") }
        return value
    }
}

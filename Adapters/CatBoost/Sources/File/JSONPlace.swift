import SeptumIR
import SeptumTensor

/// A value of a JSON file with its place; every question that it cannot answer is an error that names the place.
struct JSONPlace {
    let value: JSON
    let path: String

    func error(_ expected: String) -> ModelError {
        ModelError(.malformed, "found \(kind), expected \(expected)", attribute: path)
    }

    private var kind: String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text.count > 40 ? "a number of \(text.count) digits" : text
        case .string(let text): "'\(text.prefix(40))'"
        case .array(let values): "a list of \(values.count)"
        case .object: "an object"
        }
    }

    /// A member of an object; nil when it is absent or null.
    func optional(_ name: String) throws(ModelError) -> JSONPlace? {
        guard case .object = value else { throw error("an object") }
        guard let member = value[name], member != .null else { return nil }
        return JSONPlace(value: member, path: path.isEmpty ? name : "\(path).\(name)")
    }

    func member(_ name: String) throws(ModelError) -> JSONPlace {
        guard let place = try optional(name) else {
            throw ModelError(.malformed, "the member '\(name)' is missing", attribute: path.isEmpty ? nil : path)
        }
        return place
    }

    /// - Throws: `unsupported` when the object has another member.
    func expectOnly(_ names: Set<String>) throws(ModelError) {
        guard case .object(let members) = value else { throw error("an object") }
        guard let member = members.first(where: { !names.contains($0.name) }) else { return }
        throw ModelError(
            .unsupported, "found the member '\(member.name.prefix(40))', whose meaning is not known",
            attribute: path.isEmpty ? nil : path)
    }

    func elements() throws(ModelError) -> [JSONPlace] {
        guard let values = value.array else { throw error("a list") }
        return values.enumerated().map { JSONPlace(value: $1, path: "\(path)[\($0)]") }
    }

    /// The elements of a member that is a list; none when it is absent or null.
    func elements(of name: String) throws(ModelError) -> [JSONPlace] { try optional(name)?.elements() ?? [] }

    func members() throws(ModelError) -> [(name: String, place: JSONPlace)] {
        guard let members = value.members else { throw error("an object") }
        return members.map { ($0.name, JSONPlace(value: $0.value, path: "\(path).\($0.name.prefix(80))")) }
    }

    func string() throws(ModelError) -> String {
        guard let text = value.string else { throw error("a string") }
        return text
    }

    func bool() throws(ModelError) -> Bool {
        guard let value = value.bool else { throw error("true or false") }
        return value
    }

    func integer(_ range: ClosedRange<Int> = Int.min...Int.max) throws(ModelError) -> Int {
        guard let number = value.int, range.contains(number) else { throw error("an integer from \(range.lowerBound)") }
        return number
    }

    func double() throws(ModelError) -> Double {
        guard let number = value.double, number.isFinite else { throw error("a finite number") }
        return number
    }

    /// A number rounded to float64 and then to float32, as CatBoost reads it.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/helpers/json_helpers.h (FromJson)
    func float() throws(ModelError) -> Float {
        let number = Float(try double())
        guard number.isFinite else { throw error("a number of float32") }
        return number
    }

    func doubles() throws(ModelError) -> [Double] { try list { (place) throws(ModelError) in try place.double() } }

    func floats() throws(ModelError) -> [Float] { try list { (place) throws(ModelError) in try place.float() } }

    /// The elements of a list one after another, so that there is one path at a time.
    private func list<T>(_ read: (JSONPlace) throws(ModelError) -> T) throws(ModelError) -> [T] {
        guard let values = value.array else { throw error("a list") }
        var result: [T] = []
        result.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            result.append(try read(JSONPlace(value: value, path: "\(path)[\(index)]")))
        }
        return result
    }
}

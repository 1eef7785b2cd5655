import SeptumIR
import SeptumPythonHost
import SeptumTensor

/// What Python tells of one fitted estimator, with checked access to its parameters and attributes.
struct Estimator {
    let kind: String
    /// Where in the model it stands, such as `Pipeline.scale: StandardScaler`.
    let path: String
    private let parameters: PlainValue
    private let attributes: PlainValue

    /// - Throws: `unsupported` when the value is no estimator.
    init(_ value: PlainValue, path: String) throws(ModelError) {
        guard let kind = value["class"]?.string else {
            throw ModelError(
                .unsupported, "\(value["object"]?.string ?? value.kind) is no scikit-learn estimator",
                remedy: "save the fitted estimator itself", node: path.isEmpty ? nil : path)
        }
        self.kind = kind
        self.path = path + kind
        parameters = value["parameters"] ?? .none
        attributes = value["attributes"] ?? .none
    }

    /// An estimator within this one.
    func child(_ value: PlainValue, _ name: String) throws(ModelError) -> Estimator {
        try Estimator(value, path: "\(path).\(name): ")
    }

    func error(
        _ message: String, _ attribute: String? = nil, code: ModelError.Code = .malformed, remedy: String? = nil
    ) -> ModelError {
        ModelError(code, message, remedy: remedy, node: path, attribute: attribute)
    }

    // MARK: Parameters

    /// The value of a constructor parameter, nil when this version of scikit-learn has no such parameter.
    func parameter(_ name: String) -> PlainValue? { parameters[name] }

    func bool(_ name: String) throws(ModelError) -> Bool {
        guard let value = parameters[name]?.bool else { throw wrong(name, "True or False", parameters[name]) }
        return value
    }

    func string(_ name: String) throws(ModelError) -> String {
        guard let value = parameters[name]?.string else { throw wrong(name, "a string", parameters[name]) }
        return value
    }

    func float(_ name: String) throws(ModelError) -> Double {
        guard let value = parameters[name]?.float else { throw wrong(name, "a number", parameters[name]) }
        return value
    }

    // MARK: Fitted attributes

    /// A fitted attribute.
    ///
    /// - Throws: `malformed` when it is missing, as in an estimator that was never fitted.
    func attribute(_ name: String) throws(ModelError) -> PlainValue {
        guard let value = attributes[name] else {
            throw error("there is no such attribute", name, remedy: "fit the estimator before saving it")
        }
        return value
    }

    func attributeIfPresent(_ name: String) -> PlainValue? { attributes[name] }

    func integer(_ name: String) throws(ModelError) -> Int {
        let value = try attribute(name)
        guard let number = value.int else { throw wrong(name, "an integer", value) }
        return number
    }

    func text(_ name: String) throws(ModelError) -> String {
        let value = try attribute(name)
        guard let text = value.string else { throw wrong(name, "a string", value) }
        return text
    }

    func list(_ name: String) throws(ModelError) -> [PlainValue] {
        let value = try attribute(name)
        guard let items = value.list else { throw wrong(name, "a list", value) }
        return items
    }

    /// An array of numbers, or a number, as float64.
    func array(_ name: String) throws(ModelError) -> Tensor { try array(try attribute(name), name) }

    func array(_ value: PlainValue, _ name: String) throws(ModelError) -> Tensor {
        if let number = value.float { return try Tensor([], [number]) }
        switch value.tensor?.elementType {
        case .float64: if let tensor = value.tensor { return tensor }
        case .float32:
            if let tensor = value.tensor { return try Tensor(tensor.shape, tensor.array(of: Float.self).map(Double.init)) }
        default:
            if let tensor = value.tensor, let integers = tensor.integers {
                return try Tensor(tensor.shape, integers.map(Double.init))
            }
        }
        throw wrong(name, "an array of numbers", value)
    }

    /// An array of numbers with one entry a column.
    func row(_ name: String, _ count: Int) throws(ModelError) -> Tensor {
        let tensor = try array(name)
        guard tensor.shape == [count] else { throw error("found shape \(tensor.shape), expected [\(count)]", name) }
        return tensor
    }

    /// The labels of a classifier with one output: int64, string, bool or float64.
    func classes() throws(ModelError) -> Tensor {
        let value = try attribute("classes_")
        guard value.list == nil else {
            throw error(
                "found several arrays of labels, expected one", "classes_", code: .unsupported,
                remedy: "of classifiers with several outputs trees and forests are supported")
        }
        return try labels(value)
    }

    /// The labels of each output of a classifier.
    func classLists() throws(ModelError) -> [Tensor] {
        let value = try attribute("classes_")
        guard let lists = value.list else { return [try labels(value)] }
        var result: [Tensor] = []
        for list in lists { result.append(try labels(list)) }
        return result
    }

    private func labels(_ value: PlainValue) throws(ModelError) -> Tensor {
        guard let tensor = value.tensor, tensor.shape.count == 1, tensor.count > 0 else {
            throw wrong("classes_", "an array of labels", value)
        }
        switch tensor.elementType {
        case .string, .bool, .float64: return tensor
        case .float32: return try array(value, "classes_")
        default:
            guard let labels = tensor.integers else { throw wrong("classes_", "labels", value) }
            return try Tensor(tensor.shape, labels.map(Int64.init))
        }
    }

    private func wrong(_ name: String, _ expected: String, _ found: PlainValue?) -> ModelError {
        error("found \(found?.kind ?? "nothing"), expected \(expected)", name)
    }
}

import SeptumEngine
import SeptumIR
import SeptumTensor

extension InputContract {
    /// Checks that contract, program and columns fit together before the first event is read.
    ///
    /// - Throws: `invalidInput` naming the tensor, feature or branch that is missing, extra or of the wrong type.
    func check(_ program: Program, _ source: ColumnList) throws(ModelError) {
        if let twice = Self.repeated(inputs.map(\.tensor)) {
            throw ModelError(.invalidInput, "the contract describes '\(twice)' twice")
        }
        if let twice = Self.repeated(outputs.flatMap(\.columns)) {
            throw ModelError(.invalidInput, "the contract names the column '\(twice)' twice")
        }
        for port in program.inputs where !inputs.contains(where: { $0.tensor == port.name }) {
            throw ModelError(
                .invalidInput, "the contract says nothing about the model's input '\(port.name)' (\(port.type))",
                remedy: "add it under 'inputs'")
        }
        for input in inputs {
            guard let port = program.inputs.first(where: { $0.name == input.tensor }) else {
                let known = program.inputs.map(\.name).joined(separator: ", ")
                throw ModelError(.invalidInput, "the contract describes '\(input.tensor)', the model's inputs are \(known)")
            }
            try input.check(port)
            try input.check(source, row: row)
        }
        if let row, !inputs.contains(where: { $0.collection == nil }) {
            throw ModelError(
                .invalidInput, "the number of rows of '\(row)' in an event is not known",
                remedy: "give the contract an input with features of the rows themselves")
        }
        for output in outputs {
            guard let port = program.outputs.first(where: { $0.name == output.tensor }) else {
                let known = program.outputs.map(\.name).joined(separator: ", ")
                throw ModelError(
                    .invalidInput, "the contract names the output '\(output.tensor)', the model's outputs are \(known)")
            }
            if let width = port.type.tensor?.shape?.dropFirst().last?.number, width != output.columns.count {
                throw ModelError(
                    .invalidInput,
                    "the contract names \(output.columns.count) columns of '\(output.tensor)', which has \(width): \(port.type)")
            }
        }
    }
}

extension InputContract {
    /// The first name that occurs a second time.
    fileprivate static func repeated(_ names: [String]) -> String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }
}

extension InputContract.Input {
    fileprivate func check(_ port: Program.Port) throws(ModelError) {
        guard let type = port.type.tensor, type.elementType == .float32 || type.elementType == .float64 else {
            throw ModelError(.invalidInput, "input '\(tensor)' is \(port.type), features are float32 or float64")
        }
        guard let shape = type.shape else { return }
        let rank = collection == nil ? 2 : 3
        guard shape.count == rank else {
            let expected = collection == nil ? "[batch, features]" : "[batch, particles, features]"
            throw ModelError(.invalidInput, "input '\(tensor)' is \(port.type), the contract asks for \(expected)")
        }
        if let width = shape.last?.number, width != features.count {
            let names = features.map(\.name).joined(separator: ", ")
            let difference = features.count > width ? "\(features.count - width) too many" : "\(width - features.count) missing"
            throw ModelError(
                .invalidInput,
                "input '\(tensor)' takes \(width) features, the contract lists \(features.count) (\(difference)): \(names)")
        }
        if let twice = InputContract.repeated(features.map(\.name)) {
            throw ModelError(.invalidInput, "input '\(tensor)' lists the feature '\(twice)' twice")
        }
        if rank == 3, let count = shape[1].number, length?.minimum != count || length?.maximum != count {
            throw ModelError(
                .invalidInput, "input '\(tensor)' takes exactly \(count) particles",
                remedy: "write 'length: {minimum: \(count), maximum: \(count)}' in the contract")
        }
    }

    fileprivate func check(_ source: ColumnList, row: String?) throws(ModelError) {
        let isJagged = collection != nil || row != nil
        for branch in features.map(\.source) + [link, sort?.by].compactMap({ $0 }) {
            let column = try source.column(branch)
            guard column.elementType != .string else {
                throw ModelError(.invalidInput, "branch '\(branch)' holds strings, expected numbers", file: source.path)
            }
            guard column.isJagged == isJagged else {
                let kinds = column.isJagged ? ("a list for each event", "one number") : ("one number for each event", "a list")
                throw ModelError(
                    .invalidInput, "branch '\(branch)' holds \(kinds.0), the contract needs \(kinds.1)",
                    remedy: column.isJagged
                        ? "name the collection under 'row' or 'collection'" : "leave out 'row' or 'collection'",
                    file: source.path)
            }
        }
        if let link, let column = try? source.column(link), !column.elementType.isInteger {
            throw ModelError(.invalidInput, "branch '\(link)' is \(column.elementType), a link needs integers", file: source.path)
        }
        if let collection, row != nil, link == nil {
            throw ModelError(
                .invalidInput, "collection '\(collection)' has no link to its rows",
                remedy: "name the branch with the row's index under 'link'")
        }
    }

    /// Every branch that the input is made from.
    package var branches: [String] { features.map(\.source) + [link, sort?.by].compactMap { $0 } }
}

#if SEPTUM_PYTHON
    import SeptumIR
    import SeptumPythonHost
    import SeptumTensor

    /// A model that the Python package pickled: a booster's buffer, and what its scikit-learn wrapper adds.
    struct Pickled {
        private static let python = PythonSource(name: "booster", bytes: PackageResources.booster_py)
        private static let classifiers: Set<String> = ["XGBClassifier", "XGBRFClassifier"]
        private static let others: Set<String> = ["XGBModel", "XGBRegressor", "XGBRFRegressor", "XGBRanker"]

        let buffer: [UInt8]
        /// The classes of a classifier; nil for others.
        let labels: Tensor?
        /// Whether `predict` of the wrapper is meant, which stops at the best round.
        let isWrapped: Bool
        let bestIteration: Int?
        let bestTreeLimit: Int?
        let parallelTrees: Int?
        let names: [String]

        init(_ source: ModelSource, _ options: ImportOptions) throws(ModelError) {
            guard options.trustsPickle else {
                throw ModelError(
                    .untrusted, "it is a pickle, and reading a pickle runs the code in it",
                    remedy: "allow it with --trust-pickle if you trust where the file comes from, or save the model as JSON")
            }
            let content = source.isFile ? PlainValue.none : .bytes(Array(source.bytes))
            let host = try PythonHost.shared(executable: options.pythonExecutable)
            let found = try host.run(Pickled.python, "read", [.string(source.path), content], file: source.path)
            let kind = found["class"]?.string ?? "nothing"
            guard kind == "Booster" || Pickled.classifiers.contains(kind) || Pickled.others.contains(kind) else {
                throw ModelError(
                    .unsupported, "found \(kind.prefix(80)), expected a Booster or one of XGBoost's estimators",
                    remedy: "save its booster: get_booster().save_model('model.json')")
            }
            guard let bytes = found["buffer"]?.bytes else {
                throw ModelError(.malformed, "the pickled \(kind) holds no booster", remedy: "fit it before saving it")
            }
            if let missing = found["missing"]?.float {
                throw ModelError(
                    .unsupported, "its missing value is \(missing), expected NaN",
                    remedy: "replace that value by NaN in the input")
            }
            buffer = bytes
            isWrapped = kind != "Booster"
            bestIteration = found["best_iteration"]?.int
            bestTreeLimit = found["best_ntree_limit"]?.int
            parallelTrees = found["parallel"]?.int
            names = found["names"]?.strings ?? []
            guard Pickled.classifiers.contains(kind) else {
                labels = nil
                return
            }
            labels = try Pickled.labels(found["labels"] ?? .none)
        }

        /// int64, string or float64.
        private static func labels(_ value: PlainValue) throws(ModelError) -> Tensor {
            let items = value.list ?? []
            if let strings = value.strings, !strings.isEmpty { return try Tensor([strings.count], strings: strings) }
            let integers = items.compactMap(\.int)
            if integers.count == items.count, !items.isEmpty { return try Tensor([integers.count], integers.map(Int64.init)) }
            let numbers = items.compactMap(\.float)
            if numbers.count == items.count, !items.isEmpty { return try Tensor([numbers.count], numbers) }
            throw ModelError(.unsupported, "found \(value.kind) as classes, expected integers, strings or numbers")
        }
    }
#endif

import SeptumTensor

/// What can be done about operators that engines do not run.
struct Advice {
    /// An operator, and operators that can do its work: worth saying where an engine runs these but not that.
    private struct Equivalent {
        let op: String
        let parts: [String]
        let text: String

        init(_ op: String, _ parts: String, _ text: String) {
            self.op = op
            self.parts = parts.split(separator: " ").map(String.init)
            self.text = text
        }
    }

    private static let equivalents: [Equivalent] = [
        Equivalent("Acos", "Atan Sqrt Div Sub Mul", "2 * atan(sqrt((1 - x) / (1 + x)))"),
        Equivalent("Asin", "Atan Sqrt Div Sub Mul", "atan(x / sqrt(1 - x * x))"),
        Equivalent("Ceil", "Neg Floor", "-floor(-x)"),
        Equivalent("Celu", "Elu Mul Div", "alpha * elu(x / alpha)"),
        Equivalent("Clip", "Max Min", "Max and Min with constants"),
        Equivalent("CumSum", "MatMul", "MatMul with a triangular matrix of ones, where the size is fixed"),
        Equivalent("DepthToSpace", "Reshape Transpose", "Reshape, Transpose, Reshape"),
        Equivalent("Einsum", "MatMul Transpose", "MatMul and Transpose"),
        Equivalent("Gelu", "Erf Mul Add", "x * 0.5 * (1 + erf(x / sqrt(2)))"),
        Equivalent("Gemm", "MatMul Add", "MatMul and Add"),
        Equivalent("GlobalMaxPool", "ReduceMax", "ReduceMax over the axes after the second"),
        Equivalent(
            "GroupNormalization", "Reshape InstanceNormalization Mul Add", "Reshape, InstanceNormalization, Reshape, Mul, Add"),
        Equivalent("HardSigmoid", "Mul Add Max Min", "max(0, min(1, alpha * x + beta))"),
        Equivalent("HardSwish", "HardSigmoid Mul", "x * HardSigmoid(x) with alpha 1/6"),
        Equivalent("LogSoftmax", "Softmax Log", "Log of Softmax"),
        Equivalent("Mish", "Softplus Tanh Mul", "x * tanh(softplus(x))"),
        Equivalent("OneHot", "Equal Cast", "Equal with a constant of the classes, then Cast"),
        Equivalent("PRelu", "Relu Neg Mul Sub", "relu(x) - slope * relu(-x)"),
        Equivalent("RMSNormalization", "ReduceMean Mul Sqrt Div", "x / sqrt(ReduceMean(x * x) + epsilon) * scale"),
        Equivalent("ReduceL1", "Abs ReduceSum", "ReduceSum of Abs"),
        Equivalent("ReduceL2", "ReduceSumSquare Sqrt", "Sqrt of ReduceSumSquare"),
        Equivalent("ReduceLogSum", "ReduceSum Log", "Log of ReduceSum"),
        Equivalent("ReduceLogSumExp", "ReduceMax Exp ReduceSum Log", "m + log(ReduceSum(exp(x - m))), m = ReduceMax(x)"),
        Equivalent("Resize", "ConvTranspose", "ConvTranspose with fixed weights, for upsampling by whole numbers"),
        Equivalent("Softsign", "Abs Add Div", "x / (1 + abs(x))"),
        Equivalent("SpaceToDepth", "Reshape Transpose", "Reshape, Transpose, Reshape"),
        Equivalent("Swish", "Sigmoid Mul", "x * sigmoid(alpha * x)"),
        Equivalent("ThresholdedRelu", "Greater Where", "Where(x > alpha, x, 0)"),
        Equivalent("Trilu", "Mul", "Mul with a constant mask, where the size is fixed"),
        Equivalent("Upsample", "ConvTranspose", "ConvTranspose with fixed weights, for upsampling by whole numbers"),
    ]

    /// Advice for one engine about operators that it does not run.
    private static let own: [(engine: String, operators: Set<String>, text: String)] = [
        ("ROOT SOFIE", ["Dropout"], "export the model for inference, which leaves Dropout out"),
        ("hls4ml", ["GRU", "LSTM", "RNN"], "hls4ml reads recurrent layers from Keras or PyTorch, not from ONNX"),
        ("hls4ml", ["LayerNormalization", "Einsum"], "hls4ml reads such layers from Keras or PyTorch, not from ONNX"),
        (
            "hls4ml", ["QuantizeLinear", "DequantizeLinear"],
            "turn QuantizeLinear and DequantizeLinear into Quant with qonnx.transformation.qcdq_to_qonnx"
        ),
    ]

    private static let treeOperators: Set<String> = [
        "Forest", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor",
    ]

    private(set) var suggestions: [Diagnosis.Suggestion] = []
    private var said: Set<Diagnosis.Suggestion> = []

    init(_ examination: Examination, _ tables: [EngineTable], _ rows: [Diagnosis.Row], _ format: String) {
        let groups = examination.groups.map(\.group)
        if groups.contains(where: isTraining) {
            say(nil, "nodes are in training mode: export the model for inference (model.eval() in PyTorch)")
        }
        let strange = Set(groups.filter { !$0.isCall && !isStandard($0.name.domain) }.map(\.name.domain)).subtracting(["septum"])
        let known = Set(tables.flatMap(\.rows.keys).map(\.domain))
        let unknown = strange.subtracting(known).sorted()
        if !unknown.isEmpty {
            say(nil, "no engine knows the operators of \(list(unknown)): export the model with standard operators only")
        }
        if strange.contains("com.microsoft") {
            say(nil, "operators of 'com.microsoft' come from ONNX Runtime's optimizer: use the model from before it")
        }
        addOpsets("Septum", examination.newestOpsets, examination.opsets)
        for (column, table) in tables.enumerated() {
            addOpsets(table.name, table.newestOpsets, examination.opsets)
            let refused = rows.filter { $0.verdicts[column + 1].level == .no }
            if examination.hasONNXForm { add(table, groups, refused) }
        }
        addSizes(examination, tables)
        if groups.contains(where: { Advice.treeOperators.contains($0.name.name) }) { addTrees(format, tables) }
    }

    private mutating func say(_ engine: String?, _ text: String) {
        let suggestion = Diagnosis.Suggestion(engine: engine, text: text)
        if said.insert(suggestion).inserted { suggestions.append(suggestion) }
    }

    private func list(_ names: [String]) -> String {
        let some = names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 8 ? "\(some) and \(names.count - 8) more" : some
    }

    private func isStandard(_ domain: String) -> Bool { domain == "ai.onnx" || domain == "ai.onnx.ml" }

    private func isTraining(_ group: NodeGroup) -> Bool {
        ["BatchNormalization", "Dropout"].contains(group.name.name) && group.settings.contains("training_mode")
            || group.name.domain.hasPrefix("ai.onnx.preview.training")
    }

    private mutating func addOpsets(
        _ engine: String, _ newest: [String: Int], _ opsets: [(domain: String, version: Int)]
    ) {
        for (domain, version) in opsets {
            guard let newest = newest[domain], version > newest else { continue }
            say(engine, "export the model with opset \(newest) of \(domain) or older, the file has \(version)")
        }
    }

    private mutating func add(_ table: EngineTable, _ groups: [NodeGroup], _ refused: [Diagnosis.Row]) {
        for row in refused where isStandard(row.domain) {
            let name = OperatorName(domain: row.domain, name: row.op)
            if let versions = table.rows[name]?.map(\.versions), let opset = row.opset,
                !versions.contains(where: { $0.contains(opset) })
            {
                if let older = versions.map(\.upperBound).filter({ $0 < opset }).max() {
                    say(table.name, "\(row.op): export the model with opset \(older) or older")
                } else if let newer = versions.map(\.lowerBound).filter({ $0 > opset }).min() {
                    say(table.name, "\(row.op): export the model with opset \(newer) or newer")
                }
            }
            for advice in Advice.own where advice.engine == table.name && advice.operators.contains(row.op) {
                say(table.name, advice.text)
            }
            guard !table.runs(name) else { continue }
            for equivalent in Advice.equivalents where equivalent.op == row.op {
                let parts = equivalent.parts.map { OperatorName(domain: "ai.onnx", name: $0) }
                if parts.allSatisfy(table.runs) { say(table.name, "\(row.op) can be written as \(equivalent.text)") }
            }
        }
        let types = groups.filter { table.verdict(on: $0).level == .no }.compactMap { group -> ElementType? in
            guard let types = table.rows[group.name]?.first?.types, types.input < group.inputs.count else { return nil }
            return group.inputs[types.input].flatMap { types.accepted.contains($0) ? nil : $0 }
        }
        for type in [ElementType.float64, .float16, .bfloat16] where types.contains(type) {
            say(table.name, "it does not take all nodes in \(type): export the model in float32")
        }
        if !table.expandsFunctions, groups.contains(where: \.isCall) {
            say(table.name, "put the nodes of the file's functions in their place: onnx.inliner.inline_local_functions")
        }
    }

    private mutating func addSizes(_ examination: Examination, _ tables: [EngineTable]) {
        guard !examination.symbols.isEmpty else { return }
        let names = list(examination.symbols)
        say("hls4ml", "firmware has fixed sizes: export the model with numbers for \(names)")
        say("ROOT SOFIE", "not every operator takes open sizes: if no code comes out, export with numbers for \(names)")
    }

    private mutating func addTrees(_ format: String, _ tables: [EngineTable]) {
        say("ROOT SOFIE", "for trees ROOT has TMVA::Experimental::RBDT, which takes XGBoost's by SaveXGBoost")
        say("hls4ml", "conifer turns trees into firmware")
        if format == "onnx" {
            say(nil, "trees in ONNX are what a converter made of them: Septum reads XGBoost's own .json and .ubj as trained")
        }
    }
}

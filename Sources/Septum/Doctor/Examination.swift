import SeptumIR
#if SEPTUM_ONNX
    import SeptumONNX
#endif
import SeptumTensor

/// What is known of a model before engines are asked.
struct Examination {
    var groups: [(group: NodeGroup, objection: String?)] = []
    var opsets: [(domain: String, version: Int)] = []
    /// Names of dimensions other than the first one of each input.
    var symbols: [String] = []
    /// The newest operator sets that Septum reads.
    var newestOpsets: [String: Int] = [:]
    var note: String?
    var hasONNXForm = true

    /// - Throws: The failure of the import when there is nothing to examine.
    init(
        _ source: ModelSource, _ adapter: any ModelAdapter, _ model: Model?, _ failure: ModelError?
    ) throws(ModelError) {
        #if SEPTUM_ONNX
            if adapter.descriptor.name == ONNXAdapter().descriptor.name {
                do throws(ModelError) {
                    take(try ONNXSurvey(source, model: model), ONNXAdapter())
                    return
                } catch {
                    throw failure ?? error
                }
            }
        #endif
        if let failure { throw failure }
        guard let model else { throw ModelError(.malformed, "there is no model to examine", file: source.path) }
        #if SEPTUM_ONNX
            do throws(ModelError) {
                take(try ONNXSurvey(exporting: model), nil)
                note = "no ONNX file: the table is about the one that 'septum convert' makes of it"
                return
            } catch {
                note = "no form in ONNX, the table is about Septum's operators: \(error.description)"
            }
        #else
            note = "this build of Septum has no ONNX, the table is about Septum's operators"
        #endif
        hasONNXForm = false
        take(model.graph)
    }

    #if SEPTUM_ONNX
        /// What the adapter objects to counts; an exported model is one that was imported already.
        private mutating func take(_ survey: ONNXSurvey, _ adapter: ONNXAdapter?) {
            newestOpsets = ONNXAdapter.newestOpsets
            opsets = survey.opsets
            for use in survey.uses {
                let group = NodeGroup(
                    name: OperatorName(domain: use.domain, name: use.op), opset: use.opset, isCall: use.isCall,
                    inputs: use.inputs, settings: use.settings, firstNode: use.firstNode, count: use.count)
                groups.append((group, adapter?.objection(to: use)))
            }
            var seen: Set<String> = []
            for input in survey.inputs {
                for (axis, symbol) in input.symbols.sorted(by: { $0.key < $1.key }) where axis > 0 {
                    if seen.insert(symbol).inserted { symbols.append(symbol) }
                }
            }
        }
    #endif

    private mutating func take(_ graph: Graph) {
        for node in graph.nodes {
            let name = OperatorName(domain: "septum", name: node.op.name)
            let group = NodeGroup(
                name: name, opset: nil, isCall: false, inputs: [], settings: [], firstNode: node.name, count: 1)
            groups.append((group, nil))
            for subgraph in node.op.subgraphs { take(subgraph) }
        }
    }
}

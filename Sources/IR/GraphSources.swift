package import SeptumTensor

extension Graph {
    /// The mapped files that hold constants, those of subgraphs included.
    package var sources: [any PageOwner] {
        var found: [any PageOwner] = []
        func add(_ graph: Graph) {
            for (_, tensor) in graph.constants {
                if let owner = tensor.storage.pages, !found.contains(where: { $0 === owner }) { found.append(owner) }
            }
            for node in graph.nodes { for subgraph in node.op.subgraphs { add(subgraph) } }
        }
        add(self)
        return found
    }
}

extension Sequence<any PageOwner> {
    /// Reading beyond the end of a mapped file that was cut short ends the process, and a file that was written over is another model.
    ///
    /// - Throws: `file` when one of these was changed in place since it was opened.
    package func check() throws(ModelError) {
        for owner in self where !owner.isUnchanged {
            throw ModelError(
                .file, "the model's file was changed in place while it was in use",
                remedy: "load it anew, and replace such files by renaming another one to their name")
        }
    }
}

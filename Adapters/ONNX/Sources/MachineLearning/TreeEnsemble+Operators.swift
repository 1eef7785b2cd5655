import SeptumIR
import SeptumTensor

extension ONNX {
    @Sendable static func treeEnsembleRegressor(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let targets = try form.takeInt("n_targets") ?? 1
        let transform = try PostTransform.take(&form)
        let ensemble = try TreeEnsemble(&form, stem: "target", outputCount: targets)
        try form.checkEmpty()
        try transform.checkSense(outputs: targets)
        let scores = try builder.asFloat32(try ensemble.scores(form, &builder), form)
        try builder.finish(form, "Identity", [try builder.apply(transform, name: form.name, scores)])
    }

    /// Labels and scores; two classes whose leaves all add to one score share it.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/tree_ensemble_aggregator.h
    /// (TreeAggregatorClassifier); two classes with scores of their own as in
    /// https://github.com/onnx/onnx/blob/v1.19.0/onnx/reference/ops/aionnxml/op_tree_ensemble_classifier.py
    @Sendable static func treeEnsembleClassifier(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let labels = try Labels.take(&form, integers: "classlabels_int64s", strings: "classlabels_strings")
        let transform = try PostTransform.take(&form)
        var ensemble = try TreeEnsemble(&form, stem: "class", outputCount: labels.count)
        try form.checkEmpty()
        let used = Set(ensemble.leaves.flatMap { $0.map(\.output) })
        if labels.count == 2, used.count == 1 {
            guard used == [0], ensemble.baseValues.count <= 1 else {
                throw ModelError(
                    .unsupported, "two classes share a score that is not the first, or have two base values",
                    attribute: "class_ids")
            }
            let isPositive = ensemble.leaves.allSatisfy { $0.allSatisfy { $0.weight >= 0 } }
            ensemble.outputCount = 1
            let scores = try builder.asFloat32(try ensemble.scores(form, &builder), form)
            try transform.checkBinary()
            let style: BinaryScores.Style = transform == .logistic ? .logistic : isPositive ? .complement : .opposite
            return try BinaryScores(labels: labels, threshold: isPositive ? 0.5 : 0, style: style).finish(form, &builder, scores)
        }
        guard labels.count > 1, ensemble.baseValues.isEmpty || ensemble.baseValues.count == labels.count else {
            throw ModelError(
                .unsupported, "found \(labels.count) classes and \(ensemble.baseValues.count) base values",
                attribute: "base_values")
        }
        let scores = try builder.asFloat32(try ensemble.scores(form, &builder), form)
        let ranked = try rankable(scores, ensemble, form, &builder)
        let best = try builder.apply("ArgMax", ["axis": .int(1), "keepdims": .int(0)], name: form.name, [ranked])
        try builder.labels(labels, best, form)
        try builder.finishScores(form, try builder.apply(transform, name: form.name, scores))
    }

    /// A class to which no leaf adds cannot win, even when the scores of the others are negative.
    private static func rankable(
        _ scores: Graph.ValueID, _ ensemble: TreeEnsemble, _ form: NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) -> Graph.ValueID {
        guard ensemble.baseValues.isEmpty, !ensemble.alwaysScoresAll else { return scores }
        var hits = ensemble
        hits.leaves = ensemble.leaves.map { leaf in leaf.map { ($0.output, 1) } }
        let count = try builder.asFloat32(try hits.scores(form, &builder), form)
        let isHit = try builder.apply("Greater", name: form.name, [count, try builder.constant([0], [])])
        return try builder.apply("Where", name: form.name, [isHit, scores, try builder.constant([-.infinity], [])])
    }

    /// The form of version 5, with leaves in lists of their own.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators-ml.md#ai.onnx.ml.TreeEnsemble
    @Sendable static func treeEnsemble(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let transforms: [PostTransform] = [PostTransform.none, .softmax, .logistic, .softmaxZero, .probit]
        let code = try form.takeInt("post_transform") ?? 0
        guard transforms.indices.contains(code) else {
            throw ModelError(.unsupported, "found \(code), expected 0 to 4", attribute: "post_transform")
        }
        let transform = transforms[code]
        let ensemble = try TreeEnsemble(version5: &form)
        try form.checkEmpty()
        try transform.checkSense(outputs: ensemble.outputCount)
        let scores = try ensemble.scores(form, &builder)
        try builder.finish(form, "Identity", [try builder.apply(transform, name: form.name, scores)])
    }
}

extension GraphBuilder {
    /// Scores are given out as float32, whatever they were summed in.
    mutating func asFloat32(_ scores: Graph.ValueID, _ form: NodeForm) throws(ModelError) -> Graph.ValueID {
        if elementType(scores) == .float32 { return scores }
        return try apply("Cast", ["to": .int(Int(ElementType.float32.rawValue))], name: form.name, [scores])
    }
}

extension TreeEnsemble {
    init(version5 form: inout NodeForm) throws(ModelError) {
        func tensor(_ name: String) throws(ModelError) -> Tensor {
            try AttributeReader.require(try form.takeTensor(name), name)
        }
        outputCount = try form.takeInt("n_targets") ?? 1
        guard let modes = try tensor("nodes_modes").integers else {
            throw ModelError(.invalidModel, "expected integers", attribute: "nodes_modes")
        }
        let splits = try tensor("nodes_splits")
        type = splits.elementType
        let thresholds = try TreeEnsemble.doubles(splits, "nodes_splits")
        let count = modes.count
        let features = try TreeEnsemble.list("nodes_featureids", count, &form)
        let accepted = try TreeEnsemble.list("nodes_truenodeids", count, &form)
        let rejected = try TreeEnsemble.list("nodes_falsenodeids", count, &form)
        let acceptedIsLeaf = try TreeEnsemble.list("nodes_trueleafs", count, &form)
        let rejectedIsLeaf = try TreeEnsemble.list("nodes_falseleafs", count, &form)
        let missing = try form.takeInts("nodes_missing_value_tracks_true") ?? []
        form.attributes["nodes_hitrates"] = nil
        let firsts = try AttributeReader.require(try form.takeInts("tree_roots"), "tree_roots")
        let targets = try AttributeReader.require(try form.takeInts("leaf_targetids"), "leaf_targetids")
        let weights = try TreeEnsemble.doubles(try tensor("leaf_weights"), "leaf_weights")
        var members: [Double] = []
        if let tensor = try form.takeTensor("membership_values") {
            members = try TreeEnsemble.doubles(tensor, "membership_values")
        }
        var sets = members.split(omittingEmptySubsequences: false) { $0.isNaN }[...]
        let names = ["AVERAGE", "SUM", "MIN", "MAX"]
        let kind = try form.takeInt("aggregate_function") ?? 1
        guard thresholds.count == count, missing.isEmpty || missing.count == count, weights.count == targets.count,
            names.indices.contains(kind)
        else { throw ModelError(.invalidModel, "the lists of nodes or leaves have different lengths") }
        aggregation = names[kind]
        func reference(_ id: Int, _ isLeaf: Int) throws(ModelError) -> Int {
            guard id >= 0, id < (isLeaf == 0 ? count : targets.count) else {
                throw ModelError(.invalidModel, "there is no \(isLeaf == 0 ? "node" : "leaf") \(id)")
            }
            return isLeaf == 0 ? id : ~id
        }
        for index in 0..<count {
            guard let mode = Node.Mode(rawValue: modes[index]), features[index] >= 0, features[index] < 1 << 24 else {
                throw ModelError(.invalidModel, "node \(index) has mode \(modes[index]) and feature \(features[index])")
            }
            var node = Node(
                mode: mode, feature: features[index], threshold: mode == .member ? 0 : thresholds[index],
                whenTrue: try reference(accepted[index], acceptedIsLeaf[index]),
                whenFalse: try reference(rejected[index], rejectedIsLeaf[index]),
                missingIsTrue: missing.isEmpty ? false : missing[index] == 1)
            if mode == .member {
                guard let set = sets.popFirst(), !set.isEmpty else {
                    throw ModelError(.invalidModel, "node \(index) has no members", attribute: "membership_values")
                }
                node.members = Array(set)
            }
            nodes.append(node)
        }
        for (target, weight) in zip(targets, weights) {
            guard target >= 0, target < outputCount else {
                throw ModelError(.invalidModel, "found \(target), expected 0 to \(outputCount - 1)", attribute: "leaf_targetids")
            }
            leaves.append([(target, weight)])
        }
        // A tree that is a single leaf is written as a node with both children at that leaf.
        for first in firsts {
            let root = try reference(first, 0)
            let node = nodes[root]
            roots.append(node.whenTrue == node.whenFalse && node.whenTrue < 0 ? node.whenTrue : root)
        }
        try checkShape()
    }
}

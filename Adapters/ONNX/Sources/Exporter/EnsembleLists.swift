import SeptumTensor

/// The lists of `TreeEnsemble`.
struct EnsembleLists {
    var modes: [UInt8] = []
    var features: [Int] = []
    var splits: [Double] = []
    var missing: [Int] = []
    var roots: [Int] = []
    private var accepted: [Int] = []
    private var rejected: [Int] = []
    private var acceptedIsLeaf: [Int] = []
    private var rejectedIsLeaf: [Int] = []

    mutating func add(_ place: Int, isLeaf: Bool, isLeft: Bool) {
        if isLeft {
            accepted.append(place)
            acceptedIsLeaf.append(isLeaf ? 1 : 0)
        } else {
            rejected.append(place)
            rejectedIsLeaf.append(isLeaf ? 1 : 0)
        }
    }

    func attributes(
        outputs: Int, aggregation: Int, targets: [Int], weights: [Double]
    ) throws(ModelError) -> [AttributeRecord] {
        func tensor(_ values: [Double]) throws(ModelError) -> TensorRecord {
            try TensorRecord(name: "", try Tensor([values.count], values))
        }
        return [
            .init("n_targets", .int(outputs)), .init("aggregate_function", .int(aggregation)), .init("post_transform", .int(0)),
            .init("tree_roots", .ints(roots)), .init("nodes_featureids", .ints(features)),
            .init("nodes_modes", .tensor(try TensorRecord(name: "", try Tensor([modes.count], modes)))),
            .init("nodes_splits", .tensor(try tensor(splits))), .init("nodes_truenodeids", .ints(accepted)),
            .init("nodes_trueleafs", .ints(acceptedIsLeaf)), .init("nodes_falsenodeids", .ints(rejected)),
            .init("nodes_falseleafs", .ints(rejectedIsLeaf)), .init("nodes_missing_value_tracks_true", .ints(missing)),
            .init("leaf_targetids", .ints(targets)), .init("leaf_weights", .tensor(try tensor(weights))),
        ]
    }
}

import SeptumTensor

/// Reads the binary form (.cbm): a mark, the size of a FlatBuffer, the FlatBuffer, and the parts that it names.
///
/// Source: https://github.com/catboost/catboost/tree/v1.2.10/catboost/libs/model/flatbuffers,
/// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/model.cpp (TFullModel::Save)
struct BinaryFile {
    static let mark = Array("CBM1".utf8)

    private var ensemble = Ensemble()
    private var rest: UnsafeRawBufferPointer
    private let budget: FlatBuffer.Budget

    static func read(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> Ensemble {
        var file = BinaryFile(
            rest: UnsafeRawBufferPointer(rebasing: bytes.dropFirst(mark.count)), budget: FlatBuffer.Budget(fileSize: bytes.count))
        let root = try file.takeBuffer("the model").root()
        try root.expectFields(below: 4)
        guard let version = try root.text(0), version == "FlabuffersModel_v1" else {
            throw ModelError(
                .unsupported, "found version '\(try root.text(0)?.prefix(40) ?? "")', expected FlabuffersModel_v1")
        }
        for pair in try root.tables(2, "InfoMap") {
            file.ensemble.information[try pair.text(0) ?? ""] = try pair.text(1) ?? ""
        }
        guard let trees = try root.table(1, "ModelTrees") else { throw ModelError(.malformed, "there are no trees") }
        try file.readFeatures(trees)
        try file.readTrees(trees)
        for part in try root.texts(3) {
            guard part == "static_provider_v1" else {
                throw ModelError(
                    .unsupported, "found the part '\(part.prefix(40).filter { !$0.isNewline && $0 != "\0" })'",
                    remedy: "known is static_provider_v1, the statistics of categories; texts and embeddings are not supported")
            }
            try file.readTables()
        }
        guard file.rest.isEmpty else {
            throw ModelError(.malformed, "\(file.rest.count) bytes follow the last part", remedy: "check that the file is whole")
        }
        return file.ensemble
    }

    private init(rest: UnsafeRawBufferPointer, budget: FlatBuffer.Budget) {
        self.rest = rest
        self.budget = budget
    }

    /// A size of 32 bits.
    private mutating func takeSize(_ name: String) throws(ModelError) -> Int {
        guard rest.count >= 4 else { throw ModelError(.malformed, "the file ends before the size of \(name)") }
        let size = UInt32(littleEndian: rest.loadUnaligned(as: UInt32.self))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(4))
        return Int(size)
    }

    private mutating func takeBuffer(_ name: String) throws(ModelError) -> FlatBuffer {
        let size = try takeSize(name)
        guard size <= rest.count else {
            throw ModelError(
                .malformed, "\(name) has \(size) bytes, the file ends after \(rest.count)",
                remedy: "check that it was copied whole")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: rest.prefix(size))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(size))
        return FlatBuffer(bytes: bytes, name: name, budget: budget)
    }

    // MARK: Features

    private mutating func readFeatures(_ trees: FlatTable) throws(ModelError) {
        try trees.expectFields(below: 19)
        for (field, name) in [(12, "texts"), (13, "estimated features"), (18, "embeddings")] {
            guard try trees.vector(field, width: 4).count == 0 else {
                throw ModelError(.unsupported, "found \(name) among the features, which are not supported")
            }
        }
        for feature in try trees.tables(5, "FloatFeatures") {
            try feature.expectFields(below: 6)
            let treatment = try feature.integer(5, Int8.self, default: 0)
            guard (0...2).contains(treatment) else {
                throw ModelError(
                    .unsupported, "found the treatment \(treatment) of NaN, expected 0, 1 or 2", attribute: feature.path)
            }
            ensemble.numbers.append(
                Ensemble.NumberFeature(
                    index: try feature.integer(1, Int32.self, default: -1),
                    flatIndex: try feature.integer(2, Int32.self, default: -1),
                    name: try feature.text(4) ?? "", borders: try feature.floats(3),
                    missingExceeds: try feature.bool(0, default: false) && treatment == 2))
        }
        for feature in try trees.tables(4, "CatFeatures") {
            try feature.expectFields(below: 4)
            ensemble.categories.append(
                Ensemble.CategoryFeature(
                    index: try feature.integer(0, Int32.self, default: -1),
                    flatIndex: try feature.integer(1, Int32.self, default: -1),
                    name: try feature.text(2) ?? ""))
        }
        for feature in try trees.tables(6, "OneHotFeatures") {
            try feature.expectFields(below: 3)
            ensemble.oneHot.append(
                Ensemble.OneHotFeature(
                    category: try feature.integer(0, Int32.self, default: -1), hashes: try feature.integers(1, Int32.self)))
        }
        for feature in try trees.tables(7, "CtrFeatures") {
            try feature.expectFields(below: 2)
            guard let statistic = try feature.table(0, "Ctr"), let base = try statistic.table(0, "Base") else {
                throw ModelError(.malformed, "there is no statistic", attribute: feature.path)
            }
            try statistic.expectFields(below: 6)
            ensemble.statistics.append(
                Ensemble.StatisticFeature(
                    key: try key(base), targetBorder: try statistic.integer(1, Int32.self, default: 0),
                    priorNumerator: try statistic.float(2, default: 0), priorDenominator: try statistic.float(3, default: 1),
                    shift: try statistic.float(4, default: 0), scale: try statistic.float(5, default: 1),
                    borders: try feature.floats(1)))
        }
    }

    private func key(_ base: FlatTable) throws(ModelError) -> Ensemble.StatisticKey {
        try base.expectFields(below: 3)
        let number = try base.integer(1, Int8.self, default: 0)
        guard Ensemble.StatisticKind.allCases.indices.contains(number) else {
            throw ModelError(
                .unsupported, "found the kind \(number) of statistics, expected 0 to 5", attribute: base.path)
        }
        guard let place = try base.table(0, "FeatureCombination") else {
            throw ModelError(.malformed, "there is no combination of features", attribute: base.path)
        }
        try place.expectFields(below: 3)
        var combination = Ensemble.Combination(categories: try place.integers(0, Int32.self))
        let (tests, testCount) = try place.vector(1, width: 8)
        for test in 0..<testCount {
            let border = Float(bitPattern: try base.buffer.load(tests + 8 * test + 4, as: UInt32.self))
            combination.tests.append(
                Ensemble.NumberTest(number: Int(try base.buffer.load(tests + 8 * test, as: Int32.self)), border: border))
        }
        let (hashes, hashCount) = try place.vector(2, width: 8)
        for test in 0..<hashCount {
            combination.hashes.append(
                Ensemble.CategoryTest(
                    category: Int(try base.buffer.load(hashes + 8 * test, as: Int32.self)),
                    hash: Int(try base.buffer.load(hashes + 8 * test + 4, as: Int32.self))))
        }
        return Ensemble.StatisticKey(
            combination: combination, kind: Ensemble.StatisticKind.allCases[number],
            targetClassifier: try base.integer(2, Int32.self, default: 0))
    }

    // MARK: Statistics

    /// Tables of statistics: buckets of a hash and the place of its counts, 12 bytes each, and the counts.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/ctr_value_table.cpp,
    /// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/helpers/dense_hash_view.h (TBucket)
    private mutating func readTables() throws(ModelError) {
        for _ in 0..<(try takeSize("the statistics")) {
            let root = try takeBuffer("a table of statistics").root()
            try root.expectFields(below: 5)
            guard let base = try root.table(0, "ModelCtrBase") else {
                throw ModelError(.malformed, "a table of statistics does not say of what")
            }
            let key = try key(base)
            let isMean = key.kind == .binarizedMean || key.kind == .mean
            var table = Ensemble.StatisticTable()
            table.denominator = try root.integer(3, Int32.self, default: 0)
            let classes = try root.integer(4, Int32.self, default: 0)
            table.width = key.kind == .borders || key.kind == .buckets ? classes : 1
            guard (1...1 << 16).contains(table.width) else {
                throw ModelError(.malformed, "found \(table.width) classes in a table of statistics")
            }
            let step = isMean ? 8 : 4 * table.width
            let (buckets, size) = try root.vector(1, width: 1)
            let (blob, blobSize) = try root.vector(2, width: 1)
            for bucket in 0..<size / 12 {
                let hash = try root.buffer.load(buckets + 12 * bucket, as: UInt64.self)
                let place = Int(try root.buffer.load(buckets + 12 * bucket + 8, as: UInt32.self))
                if hash == .max || place == Int(UInt32.max) { continue }
                guard place < blobSize / step else {
                    throw ModelError(
                        .malformed, "a hash refers to entry \(place) of a table of statistics of \(blobSize / step)")
                }
                table.hashes.append(hash)
                let start = blob + place * step
                if isMean { table.sums.append(Float(bitPattern: try root.buffer.load(start, as: UInt32.self))) }
                for column in 0..<table.width {
                    table.counts.append(Int(try root.buffer.load(start + (isMean ? 4 : 4 * column), as: Int32.self)))
                }
                try budget.spend(step)
            }
            guard ensemble.tables.updateValue(table, forKey: key) == nil else {
                throw ModelError(.malformed, "a table of statistics is given twice")
            }
        }
    }

    // MARK: Trees

    private mutating func readTrees(_ trees: FlatTable) throws(ModelError) {
        ensemble.outputCount = try trees.integer(0, Int32.self, default: 0)
        guard (1...Ensemble.outputLimit).contains(ensemble.outputCount) else {
            throw ModelError(.malformed, "found \(ensemble.outputCount) outputs")
        }
        ensemble.scale = try trees.double(14, default: 1)
        ensemble.bias = try trees.doubles(16)
        // Up to version 0.24 there is one bias.
        if ensemble.bias.isEmpty { ensemble.bias = [try trees.double(15, default: 0)] }
        let (splits, sizes) = (try trees.integers(1, Int32.self), try trees.integers(2, Int32.self))
        let (starts, leaves) = (try trees.integers(3, Int32.self), try trees.doubles(8))
        guard starts.count == sizes.count else {
            throw ModelError(.malformed, "found \(sizes.count) sizes of trees and \(starts.count) starts")
        }
        var end = 0
        for (tree, (start, size)) in zip(starts, sizes).enumerated() {
            guard start == end, size >= 0, size <= splits.count - start else {
                throw ModelError(
                    .malformed,
                    "tree \(tree): found \(size) splits from \(start), expected them from \(end) up to \(splits.count)")
            }
            end += size
        }
        let steps = try trees.vector(10, width: 4)
        if steps.count == 0 {
            try readOblivious(zip(starts, sizes).map { Array(splits[$0..<$0 + $1]) }, leaves)
        } else {
            let children = try trees.integers(10, UInt16.self, pairs: true)
            let places = try trees.integers(11, UInt32.self)
            guard children.count == 2 * splits.count, places.count == splits.count else {
                throw ModelError(
                    .malformed, "found \(children.count / 2) nodes with \(places.count) leaves, expected \(splits.count)")
            }
            for (start, size) in zip(starts, sizes) {
                try readGeneral(start..<start + size, splits, children, places, leaves)
            }
        }
    }

    private mutating func readOblivious(_ trees: [[Int]], _ leaves: [Double]) throws(ModelError) {
        var used = 0
        for splits in trees {
            guard splits.count < 32, ensemble.outputCount << splits.count <= leaves.count - used else {
                throw ModelError(
                    .malformed,
                    "tree \(ensemble.trees.count) of depth \(splits.count) has more leaves than are left of \(leaves.count)")
            }
            let count = ensemble.outputCount << splits.count
            ensemble.trees.append(.oblivious(splits: splits, leaves: Array(leaves[used..<used + count])))
            used += count
        }
        guard used == leaves.count else {
            throw ModelError(.malformed, "the trees have \(used) leaf values, found \(leaves.count)")
        }
    }

    /// A node's children come after it by the steps it gives; without a step, the side ends in the node's own leaf.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/cpu/evaluator_impl.cpp (CalcNonSymmetricTreesSingle)
    private mutating func readGeneral(
        _ nodes: Range<Int>, _ splits: [Int], _ children: [Int], _ places: [Int], _ values: [Double]
    ) throws(ModelError) {
        var (branches, leaves): ([Ensemble.Split], [Ensemble.Leaf]) = ([], [])
        let width = ensemble.outputCount
        for node in nodes {
            let (left, right) = (children[2 * node], children[2 * node + 1])
            if left == 0 || right == 0 {
                let place = places[node]
                guard place <= values.count - width else {
                    throw ModelError(
                        .malformed,
                        "tree \(ensemble.trees.count), node \(node - nodes.lowerBound): its leaf starts at \(place) of "
                            + "\(values.count) values")
                }
                try budget.spend(8 * width)
                leaves.append(Ensemble.Leaf(id: ~node, label: place, values: Array(values[place..<place + width])))
            }
            guard left != 0 || right != 0 else { continue }
            /// A child that is nothing but a leaf goes by the leaf's id.
            func child(_ step: Int) -> Int {
                let next = node + step
                guard step > 0, nodes.contains(next) else { return step == 0 ? ~node : next }
                return children[2 * next] == 0 && children[2 * next + 1] == 0 ? ~next : next
            }
            branches.append(Ensemble.Split(id: node, split: splits[node], left: child(left), right: child(right)))
        }
        let first = leaves.map(\.label).min() ?? 0
        for index in leaves.indices { leaves[index].label = (leaves[index].label - first) / width }
        let root = nodes.lowerBound
        ensemble.trees.append(
            .general(root: branches.first?.id == root ? root : ~root, splits: branches, leaves: leaves))
    }
}

import SeptumTensor

/// What a checkpoint holds, of either format, in the terms of format 4.
///
/// Source: https://github.com/dmlc/treelite/blob/4.4.1/src/serializer.cc,
/// https://treelite.readthedocs.io/en/latest/serialization/v4.html
struct Checkpoint {
    static let limit = 1 << 24

    let version: String
    /// Whether thresholds, leaves and sums are float64; float32 otherwise.
    let isDouble: Bool
    let featureCount: Int
    let averages: Bool
    let targetCount: Int
    /// The number of classes of each target.
    let classCount: Int
    /// Rows and columns of a leaf's vector: targets and classes, each 1 where a tree is for one of them.
    let leafShape: [Int]
    /// For each tree its target and its class, -1 for all of them.
    let targets: [Int]
    let classes: [Int]
    let postprocessor: String
    let sigmoidAlpha: Float
    let ratioC: Float
    /// One for each target and class.
    let baseScores: [Double]
    let attributes: String
    let trees: [CheckpointTree]

    static func mayStart(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var reader = ByteReader(bytes)
        guard let major: Int32 = try? reader.integer(""), let minor: Int32 = try? reader.integer(""),
            let patch: Int32 = try? reader.integer(""), let threshold: UInt8 = try? reader.integer(""),
            let leaf: UInt8 = try? reader.integer(""), let trees: UInt64 = try? reader.integer("")
        else { return false }
        return (3...4).contains(major) && (0..<100).contains(minor) && (0..<100).contains(patch) && (2...3).contains(threshold)
            && (1...3).contains(leaf) && trees < 1 << 32
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
        var reader = ByteReader(bytes)
        let major: Int32 = try reader.integer("the version")
        let minor: Int32 = try reader.integer("the version")
        let patch: Int32 = try reader.integer("the version")
        version = "\(major).\(minor).\(patch)"
        guard major == 4 || major == 3 && minor == 9 else {
            throw ModelError(
                .unsupported, "found a checkpoint of treelite \(version), expected 3.9 or 4",
                remedy: "write it with treelite 4: Model.deserialize, Model.serialize")
        }
        let types = (
            try reader.integer("the type of thresholds", UInt8.self), try reader.integer("the type of leaves", UInt8.self)
        )
        guard types == (2, 2) || types == (3, 3) else {
            throw ModelError(
                .unsupported, "found the types \(types.0) and \(types.1) of thresholds and leaves, expected twice 2 or twice 3")
        }
        isDouble = types.0 == 3
        let given: UInt64 = try reader.integer("the number of trees")
        guard let treeCount = Int(exactly: given), treeCount <= bytes.count / 16 else {
            throw ModelError(.malformed, "found \(given) trees, more than the file can hold")
        }
        let head = major == 4 ? try Head(&reader, treeCount) : try Head(ofVersion3: &reader, treeCount)
        featureCount = head.featureCount
        averages = head.averages
        targetCount = head.classCounts.count
        classCount = head.classCounts[0]
        leafShape = head.leafShape
        targets = head.targets
        classes = head.classes
        postprocessor = head.postprocessor
        sigmoidAlpha = head.sigmoidAlpha
        ratioC = head.ratioC
        baseScores = head.baseScores
        attributes = head.attributes
        var trees: [CheckpointTree] = []
        for index in 0..<treeCount {
            do throws(ModelError) {
                trees.append(
                    major == 4
                        ? try CheckpointTree(&reader, isDouble: isDouble)
                        : try CheckpointTree(ofVersion3: &reader, isDouble: isDouble))
            } catch {
                throw error.atNode("tree \(index)", operator: "treelite")
            }
        }
        guard reader.isAtEnd else {
            throw ModelError(.malformed, "byte \(reader.place): the file goes on after its last tree")
        }
        self.trees = trees
    }
}

/// What stands before the trees.
private struct Head {
    var featureCount: Int
    var averages: Bool
    var classCounts: [Int]
    var leafShape: [Int]
    var targets: [Int]
    var classes: [Int]
    var postprocessor: String
    var sigmoidAlpha: Float
    var ratioC: Float
    var baseScores: [Double]
    var attributes: String

    init(_ reader: inout ByteReader, _ treeCount: Int) throws(ModelError) {
        featureCount = Int(try reader.integer("the number of features", Int32.self))
        let task: UInt8 = try reader.integer("the task")
        averages = try reader.flag("whether trees are averaged")
        let targetCount = Int(try reader.integer("the number of targets", Int32.self))
        classCounts = try reader.integers("the numbers of classes", Int32.self).map(Int.init)
        leafShape = try reader.integers("the shape of leaves", count: 2, Int32.self).map(Int.init)
        targets = try reader.integers("the targets of trees", count: treeCount, Int32.self).map(Int.init)
        classes = try reader.integers("the classes of trees", count: treeCount, Int32.self).map(Int.init)
        postprocessor = try reader.string("the postprocessor")
        sigmoidAlpha = try reader.float("sigmoid_alpha")
        ratioC = try reader.float("ratio_c")
        baseScores = try reader.numbers("the base scores", isDouble: true)
        attributes = try reader.string("the attributes")
        try Head.refuseExtensions(&reader)
        guard task <= 4 else { throw ModelError(.unsupported, "found the task \(task), expected 0 to 4") }
        guard targetCount == classCounts.count else {
            throw ModelError(.malformed, "found \(classCounts.count) numbers of classes for \(targetCount) targets")
        }
        try check()
    }

    init(ofVersion3 reader: inout ByteReader, _ treeCount: Int) throws(ModelError) {
        featureCount = Int(try reader.integer("the number of features", Int32.self))
        let task: UInt8 = try reader.integer("the task")
        averages = try reader.flag("whether trees are averaged")
        let output: UInt8 = try reader.integer("the type of outputs")
        _ = try reader.flag("whether each class has its trees")
        _ = try reader.take(2, "the task")
        let classCount = Int(try reader.integer("the number of classes", UInt32.self))
        let leafSize = Int(try reader.integer("the size of leaves", UInt32.self))
        let name = try reader.take(256, "the prediction transform")
        postprocessor = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        sigmoidAlpha = try reader.float("sigmoid_alpha")
        ratioC = try reader.float("ratio_c")
        let bias = Double(try reader.float("global_bias"))
        attributes = ""
        try Head.refuseExtensions(&reader)
        guard output == 0, task <= 2 else {
            throw ModelError(.unsupported, "found the task \(task) with outputs of type \(output), expected 0 to 2 with 0")
        }
        guard (1...Checkpoint.limit).contains(classCount), leafSize == (task == 2 ? classCount : 1) else {
            throw ModelError(.malformed, "found \(classCount) classes and leaves of \(leafSize)")
        }
        classCounts = [classCount]
        leafShape = [1, leafSize]
        targets = Array(repeating: 0, count: treeCount)
        classes = (0..<treeCount).map { task == 1 ? $0 % classCount : task == 2 ? -1 : 0 }
        // As treelite 4 takes it.
        if postprocessor == "max_index" { postprocessor = "softmax" }
        baseScores = Array(repeating: bias, count: classCount)
        try check()
    }

    private static func refuseExtensions(_ reader: inout ByteReader) throws(ModelError) {
        let count: Int32 = try reader.integer("the number of optional fields")
        guard count == 0 else {
            throw ModelError(.unsupported, "found \(count) optional fields, whose meaning is not known")
        }
    }

    private func check() throws(ModelError) {
        guard let classCount = classCounts.first, classCounts.allSatisfy({ $0 == classCount }) else {
            throw ModelError(.unsupported, "found \(classCounts.prefix(8)) classes, expected as many for each target")
        }
        let (outputs, overflow) = classCounts.count.multipliedReportingOverflow(by: classCount)
        guard (1...Checkpoint.limit).contains(featureCount), classCount > 0, !overflow, outputs <= Checkpoint.limit else {
            throw ModelError(.malformed, "found \(featureCount) features and \(classCounts.count) x \(classCount) outputs")
        }
        guard leafShape[0] == 1 || leafShape[0] == classCounts.count, leafShape[1] == 1 || leafShape[1] == classCount else {
            throw ModelError(.malformed, "found leaves of shape \(leafShape), the model has \(classCounts.count) x \(classCount)")
        }
        guard targets.allSatisfy({ (-1..<classCounts.count).contains($0) }),
            classes.allSatisfy({ (-1..<classCount).contains($0) })
        else { throw ModelError(.malformed, "a tree is for a target or a class that the model does not have") }
        guard baseScores.count == outputs, baseScores.allSatisfy(\.isFinite) else {
            throw ModelError(.malformed, "found \(baseScores.count) base scores, expected \(outputs) finite ones")
        }
        guard sigmoidAlpha.isFinite, ratioC.isFinite else {
            throw ModelError(.malformed, "found the parameters \(sigmoidAlpha) and \(ratioC) of postprocessors")
        }
    }
}

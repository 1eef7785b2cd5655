import Foundation
import Septum

/// A small network and features for it, in a folder of their own.
final class SampleFiles {
    let folder: URL
    let graph: Graph
    let features: [Float]

    var model: String { folder.appending(path: "network.septum").path }
    var featureFile: String { folder.appending(path: "features.f32").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "septum-c-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        features = (0..<35).map { Float($0 * 37 % 29) / 8 - 1.5 }
        func weights(_ shape: [Int], _ step: Int) throws -> Tensor {
            let count = try Tensor.elementCount(shape)
            return try Tensor(shape, (0..<count).map { Float($0 * step % 31) / 16 - 1 })
        }
        var graph = Graph()
        let x = try graph.addInput("features", .tensor(.float32, ["batch", 5]))
        let hidden = try graph.apply(
            Op.Gemm(), x, try graph.addConstant(try weights([5, 16], 7)), try graph.addConstant(try weights([16], 5)))
        let active = try graph.apply(Op.Relu(), hidden)
        let scores = try graph.apply(
            Op.Gemm(), active, try graph.addConstant(try weights([16, 3], 11)), try graph.addConstant(try weights([3], 3)))
        try graph.addOutput(scores, name: "scores")
        try graph.addOutput(try graph.apply(Op.Identity(), x), name: "features_again")
        self.graph = graph
        try Model(graph: graph).save(to: model)
        try features.withUnsafeBytes { try Data($0).write(to: URL(filePath: featureFile)) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

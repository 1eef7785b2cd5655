import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// Whatever the bytes: an error or a valid model, never a trap.
@Suite struct RobustnessTests {
    private static let small = NodeCaseTests.old.filter { ["Resize-11 sizes", "LSTM-7", "Softmax-9 axis 2"].contains($0.name) }
    private static let trees = NodeCaseTests.machineLearning.filter {
        ["TreeEnsembleClassifier sparse SOFTMAX", "LabelEncoder-4", "SVMRegressor RBF"].contains($0.name)
    }

    /// Imports and, when that succeeds, checks the model.
    private static func isImported(_ bytes: [UInt8]) throws -> Bool {
        let adapter = ONNXAdapter()
        let source = try ModelSource(bytes: bytes, name: "damaged")
        _ = adapter.recognizes(source)
        do throws(ModelError) {
            let model = try adapter.importModel(source, ImportOptions())
            try model.graph.verify()
            return true
        } catch {
            #expect(!error.message.isEmpty)
            return false
        }
    }

    @Test func modelCount() { #expect(RobustnessTests.small.count + RobustnessTests.trees.count == 6) }

    @Test(arguments: small + trees) func truncatedAnywhere(_ item: NodeCase) throws {
        for count in 0..<item.model.count { _ = try RobustnessTests.isImported(Array(item.model[..<count])) }
        #expect(try RobustnessTests.isImported(item.model))
    }

    @Test(arguments: small + trees) func bitsFlippedAnywhere(_ item: NodeCase) throws {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var importedCount = 0
        for _ in 0..<2000 {
            var bytes = item.model
            for _ in 0...next(3) { bytes[next(bytes.count)] ^= 1 << UInt8(next(8)) }
            if try RobustnessTests.isImported(bytes) { importedCount += 1 }
        }
        #expect(importedCount > 0 && importedCount < 2000)
    }

    @Test func everyKindOfFieldDamaged() throws {
        let bytes = try Sample.everything.serialized()
        for count in 0..<bytes.count { _ = try RobustnessTests.isImported(Array(bytes[..<count])) }
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(bit)
                _ = try RobustnessTests.isImported(damaged)
            }
        }
    }
}

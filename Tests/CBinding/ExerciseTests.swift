import Foundation
import Testing

/// Every function of `septum.h`, called from C as it should and as it should not be.
@Suite struct ExerciseTests {
    static let tagger = ExampleTests.root.appending(path: "Fixtures/onnx/jet_deepsets/model.onnx").path

    @Test func everyFunctionHoldsItsPromise() throws {
        let files = try SampleFiles()
        let program = try ExampleTests.compile("Tests/CBinding/exercise.c", "cc", ["-std=c11", "-g"], into: files.folder)
        let result = try ExampleTests.run(program, [files.model, ExerciseTests.tagger])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }
}

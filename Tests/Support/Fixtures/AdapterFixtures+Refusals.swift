import Foundation
import SeptumIR
package import SeptumTensor

extension AdapterFixtures {
    /// What the adapter says of bytes that it must refuse; "no error" when it reads them.
    package func message(_ bytes: [UInt8], named name: String) -> String {
        do throws(ModelError) {
            _ = try adapter.importModel(try ModelSource(bytes: bytes, name: name), ImportOptions())
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    package func message(_ text: String, named name: String) -> String { message(Array(text.utf8), named: name) }

    /// One stored file that must be refused, and what became of it.
    package struct Refusal: Sendable, CustomStringConvertible {
        package let name: String
        /// What the error must contain.
        package let fragment: String
        package let error: ModelError?
        let path: String

        /// Whether the error contains the fragment and names the file.
        package var isRight: Bool { error.map { "\($0)".contains(fragment) && $0.file == path } ?? false }
        package var description: String { "\(name): \(error.map { "\($0)" } ?? "no error"), expected \(fragment)" }
    }

    /// The files of `refused/`, each with `expected.txt` beside it.
    package var refused: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder + "refused")) ?? [])
            .filter { FileManager.default.fileExists(atPath: "\(folder)refused/\($0)/expected.txt") }.sorted()
    }

    package func refusal(_ name: String) throws -> Refusal {
        let fragment = try text("refused/\(name)/expected.txt").split(separator: "\n").joined()
        let source = try model("refused/" + name)
        var refusal: ModelError?
        do throws(ModelError) { _ = try adapter.importModel(source, ImportOptions()) } catch { refusal = error }
        return Refusal(name: name, fragment: fragment, error: refusal, path: source.path)
    }

    /// Damages a file in many ways; each copy is refused, or gives a model that runs, and never brings the process down.
    ///
    /// Every `cut`th copy loses its end, the others get a few wrong bits, among the first `reach` bytes.
    ///
    /// - Returns: how many copies were refused.
    package func refusedCopies(
        of whole: [UInt8], named name: String, rounds: Int, cut: Int = 2, bits: Int = 3, reach: Int = .max
    ) -> Int {
        var numbers = SeededNumbers(seed: 7)
        var refused = 0
        for round in 0..<rounds {
            var damaged = whole
            if round % cut == 0 {
                damaged.removeSubrange(numbers.next(whole.count)..<whole.count)
            } else {
                for _ in 0...numbers.next(bits) {
                    damaged[numbers.next(min(whole.count, reach))] ^= 1 << UInt8(numbers.next(8))
                }
            }
            do throws(ModelError) {
                try run(try adapter.importModel(try ModelSource(bytes: damaged, name: name), ImportOptions()))
            } catch {
                refused += 1
            }
        }
        return refused
    }

    /// Runs a model on two rows, unless they would be very wide.
    private func run(_ model: Model) throws(ModelError) {
        var inputs: [Value] = []
        for id in model.graph.inputs {
            guard let type = model.graph.type(id).tensor, let count = type.shape?.last?.number, count < 1000 else { return }
            let numbers = (0..<2 * count).map { $0 % 3 == 0 ? Double.nan : Double($0) }
            let tensor =
                switch type.elementType {
                case .string: try Tensor([2, count], strings: (0..<2 * count).map { "\($0)" })
                case .float64: try Tensor([2, count], numbers)
                default: try Tensor([2, count], numbers.map { Float($0) })
                }
            inputs.append(.tensor(tensor))
        }
        _ = try Interpreter.run(model.graph, inputs)
    }
}

/// A small generator that gives the same numbers everywhere.
package struct SeededNumbers {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}

import SeptumTensor
import Testing

@Suite struct TensorTests {
    @Test func holdsElements() throws {
        let tensor = try Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])
        #expect(tensor.count == 6)
        #expect(tensor.byteCount == 24)
        #expect(try tensor.array(of: Float.self) == [1, 2, 3, 4, 5, 6])
        #expect(try tensor.reshaped([3, 2]).shape == [3, 2])
        #expect(tensor.isIdentical(to: try Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])))
        #expect(!tensor.isIdentical(to: try tensor.reshaped([6])))
        #expect(try Tensor([0, 5], [] as [Int32]).count == 0)
        #expect(try Tensor([2], strings: ["a", "b"]).strings == ["a", "b"])
    }

    @Test func refusesWhatDoesNotFit() throws {
        let tensor = try Tensor([2], [1, 2] as [Float])
        #expect(throws: ModelError.self) { try Tensor([3], [1, 2] as [Float]) }
        #expect(throws: ModelError.self) { try Tensor([3], strings: []) }
        #expect(throws: ModelError.self) { try tensor.reshaped([3]) }
        #expect(throws: ModelError.self) { try tensor.array(of: Double.self) }
        #expect(tensor.integers == nil)
        #expect(try Tensor([1], [UInt64.max]).integers == nil)
    }

    @Test(arguments: [[-1], [.max, 2], [1 << 32, 1 << 32], [2, -3, -1]]) func refusesShape(shape: [Int]) {
        #expect(throws: ModelError.self) { try Tensor.elementCount(shape) }
        #expect(throws: ModelError.self) { try Tensor(zeros: .float32, shape) }
    }

    @Test func refusesWhatCannotBeAllocated() {
        let error = #expect(throws: ModelError.self) { try Tensor(zeros: .float64, [1 << 40]) }
        #expect(error?.code == .limit)
        #expect(throws: ModelError.self) { try Tensor(zeros: .complex128, [1 << 60]) }
        #expect(throws: ModelError.self) { try Tensor(zeros: .string, [1 << 40]) }
    }

    @Test func staysInsideItsStorage() throws {
        let storage = try Storage(byteCount: 16)
        storage.bytes.copyBytes(from: 0..<16)
        #expect(try Tensor(.uint8, [16], storage: storage).integers == Array(0..<16))
        #expect(try Tensor(.int16, [2], storage: storage, byteOffset: 1).integers == [0x0201, 0x0403])
        #expect(throws: ModelError.self) { try Tensor(.uint8, [17], storage: storage) }
        #expect(throws: ModelError.self) { try Tensor(.float32, [4], storage: storage, byteOffset: 1) }
        #expect(throws: ModelError.self) { try Tensor(.uint8, [1], storage: storage, byteOffset: -1) }
        #expect(throws: ModelError.self) { try Tensor(.uint8, [0], storage: storage, byteOffset: 17) }
        #expect(throws: ModelError.self) { try Tensor(.float64, [.max], storage: storage) }
    }

    @Test(arguments: ElementType.allCases) func knowsElementTypesByName(type: ElementType) {
        #expect(ElementType(name: type.name) == type)
    }
}

public import SeptumIR
#if SEPTUM_ONNX
import SeptumONNX
#endif

extension AdapterRegistry {
    /// Every format that this build of Septum knows.
    public static let standard = AdapterRegistry(all)

    private static var all: [any ModelAdapter] {
        var adapters: [any ModelAdapter] = [SeptumFileAdapter()]
        #if SEPTUM_ONNX
        adapters.append(ONNXAdapter())
        #endif
        return adapters
    }
}

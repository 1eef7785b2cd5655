import SeptumCatBoost
import SeptumCpp
import SeptumFastBDT
public import SeptumIR
import SeptumLightGBM
#if SEPTUM_ONNX
    import SeptumONNX
#endif
#if SEPTUM_ONNX && SEPTUM_PYTHON
    import SeptumPyTorch
#endif
#if SEPTUM_PYTHON
    import SeptumOperators
    import SeptumScikitLearn
#endif
import SeptumTMVA
import SeptumTreelite
import SeptumXGBoost

extension AdapterRegistry {
    /// Every format that this build of Septum knows.
    public static let standard = AdapterRegistry(all)

    private static var all: [any ModelAdapter] {
        var adapters: [any ModelAdapter] = [
            SeptumFileAdapter(), CatBoostAdapter(), CppAdapter(), FastBDTAdapter(), LightGBMAdapter(), TMVAAdapter(),
            TreeliteAdapter(), XGBoostAdapter(),
        ]
        #if SEPTUM_ONNX
            adapters.append(ONNXAdapter())
        #endif
        #if SEPTUM_PYTHON
            adapters.append(ScikitLearnAdapter())
            Op.ImageDecoder.setDecoder(Images.decode)
        #endif
        #if SEPTUM_ONNX && SEPTUM_PYTHON
            adapters.append(PyTorchAdapter())
        #endif
        return adapters
    }
}

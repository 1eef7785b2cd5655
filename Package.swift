// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    .define("SEPTUM_ONNX", .when(traits: ["ONNX"])),
    .define("SEPTUM_PYTHON", .when(traits: ["Python"])),
]

func room(
    _ name: String, path: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, path: "Tests/" + name, exclude: exclude, swiftSettings: strict)
}

// MARK: Rooms, lowest first

var targets: [Target] = [
    .systemLibrary(name: "CSeptumZlib", path: "Sources/Zlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    room("SeptumTensor", path: "Sources/Tensor", ["CSeptumZlib"]),
    room("SeptumIR", path: "Sources/IR", ["SeptumTensor"]),
    room("SeptumOperators", path: "Sources/Operators", ["SeptumIR", "SeptumTensor"]),
    room("SeptumEngine", path: "Sources/Engine", ["SeptumOperators", "SeptumIR", "SeptumTensor", "SeptumKernels", "CSeptumCPU"]),
    room(
        "SeptumReconstruction", path: "Sources/Reconstruction",
        [
            "SeptumEngine", "SeptumIR", "SeptumTensor", .product(name: "Yams", package: "Yams"),
            .target(name: "SeptumPythonHost", condition: .when(traits: ["Python"])),
        ], resources: [.embedInCode("Plot/histogram.py")]),
    room(
        "Septum", path: "Sources/Septum",
        [
            "SeptumReconstruction", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor", "SeptumCatBoost", "SeptumCpp",
            "SeptumFastBDT", "SeptumLightGBM", "SeptumTMVA", "SeptumTreelite", "SeptumXGBoost",
            .target(name: "SeptumONNX", condition: .when(traits: ["ONNX"])),
            .target(name: "SeptumScikitLearn", condition: .when(traits: ["Python"])),
            .target(name: "SeptumPyTorch", condition: .when(traits: ["ONNX", "Python"])),
            .target(name: "SeptumPythonHost", condition: .when(traits: ["Python"])),
        ], resources: [.embedInCode("Images/image.py")]),
    room("SeptumConformance", path: "Sources/Conformance", ["Septum"]),
    .target(name: "CSeptum", path: "Sources/CBinding/C"),
    room("SeptumC", path: "Sources/CBinding/Swift", ["CSeptum", "Septum"]),
    .executableTarget(
        name: "septum",
        dependencies: ["Septum", .product(name: "ArgumentParser", package: "swift-argument-parser")],
        path: "Sources/CLI", swiftSettings: strict),
]

// MARK: Adapters

targets += [
    .systemLibrary(
        name: "CSeptumProtobuf", path: "Adapters/ONNX/Protobuf", pkgConfig: "protobuf",
        providers: [.apt(["libprotobuf-dev", "libonnx-dev"])]),
    .target(
        name: "CSeptumONNX", dependencies: ["CSeptumProtobuf"], path: "Adapters/ONNX/Wire",
        cxxSettings: [.define("ONNX_ML", to: "1"), .define("ONNX_NAMESPACE", to: "onnx")],
        linkerSettings: [.linkedLibrary("onnx_proto")]),
    room("SeptumONNX", path: "Adapters/ONNX/Sources", ["CSeptumONNX", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    room("SeptumCatBoost", path: "Adapters/CatBoost/Sources", ["SeptumOperators", "SeptumIR", "SeptumTensor"]),
    room("SeptumLightGBM", path: "Adapters/LightGBM/Sources", ["SeptumOperators", "SeptumIR", "SeptumTensor"]),
    room("SeptumCpp", path: "Adapters/Cpp/Sources", ["SeptumOperators", "SeptumIR", "SeptumTensor"]),
    .systemLibrary(name: "CSeptumExpat", path: "Adapters/XML/Expat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
    room("SeptumXML", path: "Adapters/XML/Sources", ["CSeptumExpat", "SeptumTensor"]),
    room("SeptumTMVA", path: "Adapters/TMVA/Sources", ["SeptumXML", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    room("SeptumFastBDT", path: "Adapters/FastBDT/Sources", ["SeptumXML", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    room("SeptumTreelite", path: "Adapters/Treelite/Sources", ["SeptumOperators", "SeptumIR", "SeptumTensor"]),
    .target(
        name: "SeptumXGBoost",
        dependencies: [
            "SeptumOperators", "SeptumIR", "SeptumTensor",
            .target(name: "SeptumPythonHost", condition: .when(traits: ["Python"])),
        ], path: "Adapters/XGBoost", exclude: ["README.md"], sources: ["Sources"],
        resources: [.embedInCode("Python/booster.py")], swiftSettings: strict),
    .target(name: "CSeptumPython", path: "Sources/PythonHost/C"),
    .target(
        name: "SeptumPythonHost", dependencies: ["CSeptumPython", "SeptumTensor"], path: "Sources/PythonHost",
        exclude: ["C"], sources: ["Swift"],
        resources: [
            .embedInCode("Python/probe.py"), .embedInCode("Python/bridge.py"), .embedInCode("Python/events.py"),
            .embedInCode("Python/sinks.py"),
        ],
        swiftSettings: strict),
    .target(
        name: "SeptumScikitLearn",
        dependencies: ["SeptumPythonHost", "SeptumOperators", "SeptumIR", "SeptumTensor"],
        path: "Adapters/ScikitLearn", exclude: ["README.md"], sources: ["Sources"],
        resources: [.embedInCode("Python/estimator.py")], swiftSettings: strict),
    .target(
        name: "SeptumPyTorch", dependencies: ["SeptumPythonHost", "SeptumONNX", "SeptumIR", "SeptumTensor"],
        path: "Adapters/PyTorch", exclude: ["README.md"], sources: ["Sources"],
        resources: [.embedInCode("Python/export.py")], swiftSettings: strict),
]

// MARK: Kernels: one source folder, one target per instruction set

// -Ounchecked follows SwiftPM's -Onone, so kernels are fast in debug builds too and keep clear of unspecialised library code;
// one module at a time, for inlining across files. V3 and V4 are links to Source, since targets may not share a path.
let kernelFlags = [
    "-Ounchecked", "-wmo", "-num-threads", "2", "-disable-batch-mode", "-Xcc", "-fno-math-errno",
    "-Xfrontend", "-disable-reflection-metadata", "-Xllvm", "-vectorize-slp=false",
]

func kernelTarget(_ level: String, path: String, _ flags: [String] = []) -> Target {
    .target(
        name: "SeptumKernels" + level, dependencies: ["CSeptumCPU", "SeptumKernelTable"], path: "Sources/Kernels/" + path,
        swiftSettings: strict + [.define("SEPTUM_" + level.uppercased()), .unsafeFlags(kernelFlags + flags)])
}

#if arch(x86_64)
    let kernelTargets = [
        kernelTarget("Baseline", path: "Source"),
        kernelTarget("V3", path: "V3", ["-Xcc", "-march=x86-64-v3"]),
        kernelTarget("V4", path: "V4", ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"]),
    ]
#else
    let kernelTargets = [kernelTarget("Baseline", path: "Source")]
#endif

targets += kernelTargets
targets += [
    .target(name: "CSeptumCPU", path: "Sources/Kernels/CPU"),
    room("SeptumKernelTable", path: "Sources/Kernels/Table"),
    room(
        "SeptumKernels", path: "Sources/Kernels/Dispatch",
        ["CSeptumCPU", "SeptumKernelTable"] + kernelTargets.map { .target(name: $0.name) }),
    tests("Kernels", ["SeptumKernels"], exclude: ["check-arm64.sh", "check-isa.sh", "arm64"]),
]

// MARK: Tests

targets += [
    .target(name: "CSeptumCounters", path: "Tests/Support/Counters"),
    room("SeptumFixtures", path: "Tests/Support/Fixtures", ["SeptumEngine", "SeptumIR", "SeptumTensor"]),
    .executableTarget(
        name: "septum-probe", dependencies: ["Septum", "SeptumKernels"], path: "Tests/Support/Probe", swiftSettings: strict),
    tests("PythonHost", ["SeptumPythonHost", "SeptumTensor"]),
    tests("Engine", ["SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor", "CSeptumCounters"]),
    tests(
        "ONNX", ["SeptumONNX", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor", "CSeptumCounters"],
        exclude: ["Cases"]),
    tests(
        "ONNXSuite", ["Septum", "SeptumONNX", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"],
        exclude: [
            "by-operator.json", "column.py", "expected-failures.txt", "export.py", "peer.py", "type-differences.txt",
        ]),
    tests("Operators", ["SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("Tensor", ["SeptumTensor"]),
    tests("CatBoost", ["SeptumCatBoost", "SeptumFixtures", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("LightGBM", ["SeptumLightGBM", "SeptumFixtures", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("Cpp", ["Septum"]),
    tests("TMVA", ["SeptumTMVA", "SeptumFixtures", "SeptumXML", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("FastBDT", ["SeptumFastBDT", "SeptumFixtures", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("Treelite", ["SeptumTreelite", "SeptumFixtures", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("XGBoost", ["SeptumXGBoost", "SeptumFixtures", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("PyTorch", ["Septum"], exclude: ["Networks"]),
    tests("ScikitLearn", ["SeptumScikitLearn", "SeptumIR", "SeptumTensor"]),
    tests(
        "CBinding", ["SeptumC", "CSeptum", "Septum", "CSeptumCounters"],
        exclude: ["exercise.c", "exercise.cpp", "installed.sh", "samples.py", "locks.c", "threads.c", "watched.sh"]),
    tests("Conformance", ["SeptumConformance", "Septum", "SeptumOperators", "SeptumIR", "SeptumTensor"]),
    tests("IR", ["SeptumIR", "SeptumOperators", "SeptumTensor"]),
    tests("Septum", ["Septum", "CSeptumCounters"], exclude: ["exported.py", "roundtrip.py"]),
    tests("CLI", ["Septum"]),
    tests("Reproducibility", ["Septum", "septum-probe"], exclude: ["golden.json"]),
    tests(
        "Reconstruction",
        ["SeptumReconstruction", "SeptumEngine", "SeptumOperators", "SeptumIR", "SeptumTensor", "CSeptumCounters"]),
    tests("Forest", ["SeptumOperators", "SeptumIR", "SeptumTensor"]),
]

let package = Package(
    name: "septum",
    products: [
        .library(name: "Septum", targets: ["Septum"]),
        .library(name: "SeptumConformance", targets: ["SeptumConformance"]),
        .library(name: "SeptumC", type: .dynamic, targets: ["SeptumC"]),
        .executable(name: "septum", targets: ["septum"]),
    ],
    traits: [
        .trait(name: "ONNX", description: "Read and write ONNX (needs libonnx-dev and libprotobuf-dev)."),
        .trait(name: "Python", description: "Open a Python interpreter at run time for scikit-learn, PyTorch and event files."),
        .default(enabledTraits: ["ONNX", "Python"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: targets,
    cxxLanguageStandard: .cxx17
)

// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "septum-fuzz",
    dependencies: [.package(name: "septum", path: "../..")],
    targets: [
        .executableTarget(
            name: "fuzz-readers", dependencies: [.product(name: "Septum", package: "septum")], path: "Sources",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])])
    ]
)

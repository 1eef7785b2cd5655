internal import CSeptumCPU
@_exported public import SeptumKernelTable
internal import SeptumKernelsBaseline

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif
#if arch(x86_64)
    internal import SeptumKernelsV3
    internal import SeptumKernelsV4
#endif

/// The tables this processor can run, slowest first.
package let allTables: [KernelTable] = {
    var tables = [SeptumKernelsBaseline.makeTable()]
    #if arch(x86_64)
        let level = septum_cpu_level()
        if level >= 3 { tables.append(SeptumKernelsV3.makeTable()) }
        if level >= 4 { tables.append(SeptumKernelsV4.makeTable()) }
    #endif
    return tables
}()

/// The table in use: the fastest, or the one `SEPTUM_ISA` (baseline, v3, v4) names if the processor has it.
package let kernels: KernelTable = {
    let fastest = allTables[allTables.count - 1]
    guard let wanted = getenv("SEPTUM_ISA").map({ String(cString: $0) }) else { return fastest }
    return allTables.first { $0.name.description == wanted } ?? fastest
}()

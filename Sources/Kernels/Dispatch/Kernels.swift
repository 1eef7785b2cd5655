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
        if level >= 4 { tables.append(SeptumKernelsV4.makeTable(bytes: septum_cpu_multiplies_bytes() != 0 ? .fours : .pairs)) }
    #endif
    return tables
}()

/// The tables of the highest level that multiply bytes in other ways.
package let otherTables: [KernelTable] = {
    #if arch(x86_64)
        return (septum_cpu_multiplies_bytes() != 0 ? [SeptumKernelsV4.makeTable()] : [])
            + (septum_cpu_has_tiles() != 0 ? [SeptumKernelsV4.makeTable(bytes: .tiles)] : [])
    #else
        return []
    #endif
}()

/// What `SEPTUM_ISA` says.
private let wanted: String? = getenv("SEPTUM_ISA").map { String(cString: $0) }

/// The table in use: the fastest, or the one `SEPTUM_ISA` (baseline, v3, v4) names.
package let kernels: KernelTable =
    allTables.first { $0.name.description == wanted } ?? allTables[allTables.count - 1]

/// The table for products of bytes: that in use, with tiles where the processor has them. Only who multiplies bytes asks for those.
package let byteKernels: KernelTable = {
    #if arch(x86_64)
        if kernels.byteProducts == .fours && septum_cpu_has_tiles() != 0 { return SeptumKernelsV4.makeTable(bytes: .tiles) }
    #endif
    return kernels
}()

/// Why the table that `SEPTUM_ISA` names cannot be had; nil when it can, or none is named.
package let kernelRefusal: String? = {
    let names = allTables.map { $0.name.description }
    guard let wanted, !wanted.isEmpty, !names.contains(wanted) else { return nil }
    return "SEPTUM_ISA is '\(wanted)', this processor has \(names.joined(separator: ", "))"
}()

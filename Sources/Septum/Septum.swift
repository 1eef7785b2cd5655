@_exported public import SeptumEngine
@_exported public import SeptumIR
@_exported public import SeptumOperators
@_exported public import SeptumReconstruction
@_exported public import SeptumTensor

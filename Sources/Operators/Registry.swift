public import SeptumIR

extension OperatorRegistry {
    /// Every operator that Septum has.
    public static let standard = OperatorRegistry([
        // Elementwise
        // Movement
        Op.Identity.self,
        Op.Shape.self,
            // Normalization
    ])
}

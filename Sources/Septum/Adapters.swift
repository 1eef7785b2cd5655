public import SeptumIR

extension AdapterRegistry {
    /// Every format that this build of Septum knows.
    public static let standard = AdapterRegistry([SeptumFileAdapter()])
}

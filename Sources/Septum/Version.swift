/// The version of Septum.
public let septumVersion = "0.1.0"

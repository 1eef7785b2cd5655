import SeptumIR
import SeptumOperators

extension Op.Identity: ViewOperator {}
extension Op.Reshape: ViewOperator {}
extension Op.Flatten: ViewOperator {}
extension Op.Squeeze: ViewOperator {}
extension Op.Unsqueeze: ViewOperator {}

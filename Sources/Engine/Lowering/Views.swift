import SeptumIR
import SeptumOperators

extension Op.Identity: ViewOperator {}

import Foundation
import SeptumFixtures
import SeptumIR
import SeptumTensor
import Testing

/// Files that are refused, each made from a good one by one edit.
@Suite struct RefusedTests {
    private static func text(_ name: String) throws -> String { try fixtures.text(name + "/model.weights.xml") }

    private static func message(_ text: String) -> String { fixtures.message(text, named: "w.xml") }

    static let edits: [(file: String, old: String, new: String, fragment: String)] = [
        ("bagging", "<MethodSetup", "<Other", "mismatched tag"),
        ("bagging", "</MethodSetup>", "", "no element found"),
        ("bagging", "<?xml version=\"1.0\"?>", "<!DOCTYPE a [<!ENTITY b \"c\">]>", "the file declares a document type"),
        ("bagging", "Method=\"BDT::", "Method=\"SVM::", "found the method 'SVM'"),
        ("bagging", "4.2.1 [262657]", "3.9.7 [198919]", "found TMVA Release '3.9.7 [198919]', expected one of 4.0 to 4.2"),
        ("bagging", "value=\"Classification\"", "value=\"Clustering\"", "found the AnalysisType 'Clustering'"),
        ("bagging", "NVar=\"4\"", "NVar=\"5\"", "has NVar=\"5\", but holds 4"),
        ("bagging", "VarIndex=\"1\"", "VarIndex=\"2\"", "has the VarIndex 2, expected 1"),
        ("bagging", ">Bagging<", ">Boosting<", "found the boost type 'Boosting'"),
        ("bagging", ">Bagging<", ">AdaBoost</Option><Option name=\"DoPreselection\">True<", "after a preselection"),
        ("bagging", ">False</Option>", ">maybe</Option>", "'UseYesNoLeaf': found 'maybe', expected True or False"),
        ("bagging", "NTrees=\"6\"", "NTrees=\"7\"", "has NTrees=\"7\", but holds 6 trees"),
        ("bagging", "AnalysisType=\"0\"", "AnalysisType=\"9\"", "has the AnalysisType 9, expected 0 to 3"),
        ("bagging", "boostWeight=\"1.", "boostWeight=\"nan1.", "has the attribute 'boostWeight' = 'nan1."),
        ("bagging", "boostWeight=\"1.0000000000000000e+00\"", "boostWeight=\"-9\"", "add up to -4.0"),
        ("bagging", "pos=\"r\"", "pos=\"l\"", "expected one 'l' and one 'r' below a node"),
        ("bagging", "pos=\"r\"", "pos=\"x\"", "has pos=\"x\""),
        ("bagging", "nType=\"-1\"", "nType=\"0\"", "is no leaf, but has not both"),
        ("bagging", "IVar=\"1\"", "IVar=\"4\"", "cuts on variable 4, the file has 4"),
        ("bagging", "IVar=\"1\"", "IVar=\"-1\"", "cuts on variable -1, the file has 4"),
        ("bagging", "IVar=\"1\"", "IVar=\"99999999999999999999\"", "expected an integer"),
        ("bagging", "cType=\"0\"", "cType=\"2\"", "has cType=\"2\", expected 0 or 1"),
        ("bagging", " cType=\"0\"", "", "has no attribute 'cType'"),
        ("bagging", "NCoef=\"0\"", "NCoef=\"3\"", "has 3 Fisher coefficients, expected 5"),
        ("fisher_cuts", "fC2=\"", "fC2=\"x", "expected a finite number"),
        ("mlp_sigmoid", ">sigmoid<", ">cosine<", "'NeuronType': found 'cosine'"),
        ("mlp_sigmoid", ">sum<", ">product<", "'NeuronInputType': found 'product'"),
        ("mlp_sigmoid", ">CE<", ">XE<", "'EstimatorType': found 'XE'"),
        ("mlp_sigmoid", "NLayers=\"4\"", "NLayers=\"3\"", "has NLayers=\"3\", but holds 4 layers"),
        ("mlp_sigmoid", "NNeurons=\"6\"", "NNeurons=\"7\"", "as many neurons as NNeurons=\"7\""),
        ("mlp_sigmoid", "NSynapses=\"5\"", "NSynapses=\"6\"", "has NSynapses=\"6\", expected 5"),
        ("mlp_sigmoid", " \n        </Neuron>", " -nan\n        </Neuron>", "holds '-nan', expected finite numbers"),
        ("mlp_sigmoid", " \n        </Neuron>", " 0x1p3\n        </Neuron>", "holds '0x1p3', expected finite numbers"),
        ("mlp_sigmoid", " \n        </Neuron>", " 1\n        </Neuron>", "holds 6 numbers, expected 5"),
        ("fisher", "Coefficient Index=\"1\"", "Coefficient Index=\"2\"", "has the Index 2, expected"),
        ("fisher", "NCoeff=\"5\"", "NCoeff=\"6\"", "holds 5 coefficients, expected 5"),
        ("ld", "IndexCoeff=\"1\"", "IndexCoeff=\"7\"", "IndexCoeff=\"7\", expected each place once"),
        (
            "ld", "<Coefficient IndexOut=\"0\" IndexCoeff=\"1\" Value=\"6.3078348741983603e-01\"/>", "",
            "does not hold 5 coefficients for each of 1 outputs"
        ),
        (
            "fisher_uniform", "<GeneralInfo>", "<GeneralInfo>" + String(repeating: "<PDF/>", count: 5000),
            "distributions, at most 4096 are read"
        ),
        ("grad_normalized", "Name=\"Normalize\"", "Name=\"Whiten\"", "found the transformation 'Whiten'"),
        ("grad_normalized", "Type=\"Variable\"", "Type=\"Spectator\"", "has the Type 'Spectator'"),
        ("grad_normalized", "NInputs=\"2\"", "NInputs=\"3\"", "has NInputs=\"3\", but holds 2"),
        ("fisher_decorrelated", "Columns=\"4\"", "Columns=\"5\"", "no error"),
        ("category", "NSubMethods=\"2\"", "NSubMethods=\"3\"", "has NSubMethods=\"3\", but holds 2 methods"),
        ("category", "Cut=\"abs(", "Cut=\"sinc(", "the function 'sinc' is not known"),
        ("category", "Cut=\"abs(eta", "Cut=\"abs(theta", "a cut asks for 'theta'"),
        ("category", "phi&gt;-0.5\"", "phi&gt;-0.5)\"", "found something that is not read"),
        ("category", "Cut=\"abs(eta)", "Cut=\"" + String(repeating: "(", count: 100), "parentheses nest too deeply"),
        ("category", "Cut=\"abs(eta)&lt;=1.3", "Cut=\"", "found a character that is not read"),
        ("category", "Method=\"Fisher::", "Method=\"Likelihood::", "found the method 'Likelihood'"),
        ("fisher_uniform", "FlatOrGauss=\"Flat\"", "FlatOrGauss=\"Round\"", "expected Flat or Gauss"),
        ("fisher_uniform", "InterpolMethod=\"1\"", "InterpolMethod=\"2\"", "no error"),
    ]

    @Test(arguments: edits) func refuses(_ edit: (file: String, old: String, new: String, fragment: String)) throws {
        let whole = try RefusedTests.text(edit.file)
        let place = try #require(whole.range(of: edit.old))
        let message = RefusedTests.message(whole.replacingCharacters(in: place, with: edit.new))
        #expect(message.contains(edit.fragment), "\(message)")
        #expect(message.contains("w.xml") || edit.fragment == "no error")
    }

    /// The distributions that count are the last ones.
    @Test func refusesDistributions() throws {
        for (file, old, new, fragment) in [
            ("fisher_uniform", "InterpolMethod=\"1\"", "InterpolMethod=\"2\"", "not interpolated by straight lines"),
            ("grad_normalized", "Range Index=\"1\"", "Range Index=\"0\"", "has the Index 0, expected 1"),
            ("fisher_decorrelated", "Columns=\"4\"", "Columns=\"5\"", "holds no <Matrix> of 4 by 4 numbers"),
            ("fisher_components", "NCols=\"4\"", "NCols=\"5\"", "holds no means and eigenvectors of 4 variables"),
            ("bin_bdt", "purity=\"", "purity=\"-", "no error"),
        ] {
            let message = RefusedTests.message(try RefusedTests.text(file).replacing(old, with: new))
            #expect(message.contains(fragment), "\(file): \(message)")
        }
    }

    /// Trees that nest without end are refused before they are built.
    @Test func refusesDepth() throws {
        let whole = try RefusedTests.text("bagging")
        let place = try #require(whole.range(of: "<Node "))
        let bomb = String(repeating: "<Node pos=\"l\" nType=\"0\" cType=\"1\" Cut=\"0\" IVar=\"0\">", count: 1 << 20)
        let message = RefusedTests.message(whole.replacingCharacters(in: place, with: bomb + "<Node "))
        #expect(message.contains("elements nest more than 4096 deep"), "\(message)")
    }

    /// Stored files with fragments of their errors.
    @Test func refusesStoredFiles() throws {
        #expect(fixtures.refused.count == 7)
        for name in fixtures.refused {
            let refusal = try fixtures.refusal(name)
            #expect(refusal.isRight, "\(refusal)")
        }
    }

    @Test(arguments: ["bagging", "fisher_cuts", "mlp_sigmoid", "grad_chain", "ld_regression"])
    func survivesDamage(_ name: String) throws {
        #expect(fixtures.refusedCopies(of: try fixtures.bytes(name), named: name, rounds: 120) > 60)
    }

    @Test func recognizesItsFilesOnly() throws {
        for text in ["", "<", "<method>", "{\"MethodSetup\"}", "MethodSetup", "<?xml version=\"1.0\"?><svg/>"] {
            #expect(try !fixtures.recognizes(text))
        }
        #expect(try fixtures.recognizes("\n<?xml version=\"1.0\"?>\n<MethodSetup Method"))
    }
}

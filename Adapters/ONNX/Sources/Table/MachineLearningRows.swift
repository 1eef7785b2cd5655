extension ONNX {
    /// The operators of classical machine learning, with the version of `ai.onnx.ml` that introduced each.
    ///
    /// They become tensor operators and forests.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Changelog-ml.md
    static let machineLearningRows: [OperatorRow] = [
        OperatorRow("ArrayFeatureExtractor", 1, .build(arrayFeatureExtractor)),
        OperatorRow("Binarizer", 1, .build(binarizer)),
        OperatorRow("CastMap", 1),
        OperatorRow("CategoryMapper", 1, .build(categoryMapper)),
        OperatorRow("DictVectorizer", 1),
        OperatorRow("FeatureVectorizer", 1, .build(featureVectorizer)),
        OperatorRow("Imputer", 1, .build(imputer)),
        OperatorRow("LabelEncoder", 1, .build(labelEncoder)),
        OperatorRow("LinearClassifier", 1, .build(linearClassifier)),
        OperatorRow("LinearRegressor", 1, .build(linearRegressor)),
        OperatorRow("Normalizer", 1, .build(normalizer)),
        OperatorRow("OneHotEncoder", 1, .build(oneHotEncoder)),
        OperatorRow("SVMClassifier", 1, .build(svmClassifier)),
        OperatorRow("SVMRegressor", 1, .build(svmRegressor)),
        OperatorRow("Scaler", 1, .build(scaler)),
        OperatorRow("TreeEnsemble", 5, .build(treeEnsemble)),
        OperatorRow("TreeEnsembleClassifier", 1, .build(treeEnsembleClassifier)),
        OperatorRow("TreeEnsembleRegressor", 1, .build(treeEnsembleRegressor)),
        OperatorRow("ZipMap", 1, .build(zipMap)),
    ]
}

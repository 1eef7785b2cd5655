"""Scores a table of jets on a Spark cluster: each executor scores its batches of rows as Arrow hands them over.

    spark-submit score.py model.septum jets.parquet scores.parquet

Spark pickles the function for its executors, and with it the model, by content. This example needs a cluster and PySpark 3.3 or
later; the tests do not run it.
"""

import sys

import pyarrow
from pyspark.sql import SparkSession

import septum


def main(model_file, source, target):
    spark = SparkSession.builder.appName("septum").getOrCreate()
    model = septum.load(model_file)
    names = [feature["name"] for feature in model.contract["inputs"][0]["features"]]

    def score(batches):
        for batch in batches:
            columns = {name: batch.column(batch.schema.get_field_index(name)).to_numpy(zero_copy_only=False) for name in names}
            found = model.run(columns)["prediction"].astype("f8")
            arrays = [*batch.columns, pyarrow.array(found)]
            yield pyarrow.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, "score"])

    jets = spark.read.parquet(source)
    jets.mapInArrow(score, schema=jets.schema.add("score", "double")).write.parquet(target)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""Files that a reader of XGBoost models must refuse; expected.txt holds a fragment that the error must contain."""

import copy
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
GOOD = json.loads((HERE.parent / "base_score" / "model.json").read_text())
CLASSES = json.loads((HERE.parent / "softprob" / "model.json").read_text())
CATEGORIES = json.loads((HERE.parent / "categorical" / "model.json").read_text())
VECTORS = json.loads((HERE.parent / "vector_leaves" / "model.json").read_text())
LINEAR = json.loads((HERE.parent / "linear" / "model.json").read_text())
DART = json.loads((HERE.parent / "dart" / "model.json").read_text())
BINARY = (HERE.parent / "binary" / "model.ubj").read_bytes()


def write(name, content, expected, suffix="json"):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / f"model.{suffix}").write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "expected.txt").write_text(expected + "\n")


def slim(model):
    """One tree, without its statistics."""
    model = copy.deepcopy(model)
    booster = model["learner"]["gradient_booster"]
    for part in [booster["model"]] if "model" in booster else [booster["gbtree"]["model"]] if "gbtree" in booster else []:
        if "trees" in part:
            part["trees"] = part["trees"][:1]
            part["tree_info"] = part["tree_info"][:1]
            for key in ["loss_changes", "sum_hessian", "parents"]:
                del part["trees"][0][key]
    return model


def changed(name, expected, change, model=GOOD):
    model = slim(model)
    change(model["learner"])
    write(name, json.dumps(model, separators=(",", ":")), expected)


def tree(learner):
    return learner["gradient_booster"]["model"]["trees"][0]


def put(path, value):
    def change(learner):
        target = learner
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value

    return change


def at(key, node, value):
    return lambda learner: tree(learner)[key].__setitem__(node, value)


def drop(path):
    def change(learner):
        target = learner
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]

    return change


TREE = ["gradient_booster", "model", "trees", 0]
LEAF = next(i for i, child in enumerate(tree(GOOD["learner"])["left_children"]) if child == -1)
TEXT = json.dumps(slim(GOOD), separators=(",", ":"))

write("not_json", "<xml>booster</xml>", "JSON: expected a value at byte 0")
write("truncated", TEXT[: len(TEXT) // 2], "JSON: ")
write("text_after_the_end", TEXT + "}", "text after the end")
write("open_string", TEXT[: TEXT.index("learner") + 3], "a string without an end")
write("no_utf8", TEXT.replace("learner", "le\udcffarner").encode(errors="surrogateescape"), "not UTF-8")
write("too_deep", '{"learner":' + "[" * 10_000, "too many nested values")
write("twice", TEXT.replace('"version":', '"learner":{},"version":'), "the member 'learner' is given twice")
write("another_json", '{"layers": [], "learner": {}}', "the member 'version' is missing")
write("empty_learner", '{"learner": {}, "version": [3, 2, 0]}', "the member 'objective' is missing")
write("from_the_future", TEXT.replace('"version":[3,2,0]', '"version":[9,0,0]'), "found a model of XGBoost 9.0.0")
write("version_of_text", TEXT.replace('"version":[3,2,0]', '"version":"3.2"'), "'version': found a string, expected 3 integers")
write("version_of_fractions", TEXT.replace('"version":[3,2,0]', '"version":[3.5,2,0]'), "'version': found a list of 3 numbers")

changed("unknown_objective", "found the objective 'reg:magic'", put(["objective", "name"], "reg:magic"))
changed("unknown_booster", "found the booster 'gbforest'", put(["gradient_booster", "name"], "gbforest"))
changed("objective_of_number", "learner.objective.name': found a number, expected a string", put(["objective", "name"], 3))
changed("base_score_of_words", "base_score': found a string, expected finite numbers", put(["learner_model_param", "base_score"], "[high]"))
changed("base_score_nan", "base_score': found a string, expected finite numbers", put(["learner_model_param", "base_score"], "nan"))
changed("base_score_count", "expected 1 or 3 numbers", put(["learner_model_param", "base_score"], "[1,2]"), CLASSES)
changed("base_score_range", "found 2.0, which is no probability", put(["learner_model_param", "base_score"], "2"))
changed("no_features", "found 0 features", put(["learner_model_param", "num_feature"], "0"))
changed("many_features", "found 9223372036854775807 features", put(["learner_model_param", "num_feature"], str(2**63 - 1)))
changed("features_overflow", "num_feature': found a string, expected an integer", put(["learner_model_param", "num_feature"], str(2**64)))
changed("many_classes", "features, 1000000000 classes", put(["learner_model_param", "num_class"], "1000000000"))
changed("no_classes", "found no classes for multi:softprob", put(["objective", "name"], "multi:softprob"))
changed("feature_names_count", "learner.feature_names': found 2", put(["feature_names"], ["a", "b"]))
changed("feature_names_of_numbers", "feature_names': found a list of 1 numbers, expected a list", put(["feature_names"], [1]))
changed("attributes_of_numbers", "expected an object of strings", put(["attributes"], {"best_iteration": 3}))

changed("no_children", "the member 'left_children' is missing", drop([*TREE, "left_children"]))
changed("children_of_text", "trees[0].left_children': found a string, expected", put([*TREE, "left_children"], "1,2"))
changed("children_of_fractions", "left_children': found a list of", at("left_children", 0, 1.5))
changed("children_of_null", "left_children': found a list of", at("left_children", 0, None))
changed("children_too_few", "left_children': found a list of", lambda l: tree(l)["left_children"].pop())
changed("child_out_of_range", "tree 0, node 0: its left child 9999 does not exist", at("left_children", 0, 9999))
changed("child_negative", "tree 0, node 0: its right child -7 does not exist", at("right_children", 0, -7))
changed("child_overflow", "left_children': found a list of", at("left_children", 0, 2**64))
changed("cycle", "node 0: the node has two parents or lies on a cycle", at("left_children", 1, 0))
changed("two_parents", "node 2: the node has two parents or lies on a cycle", at("left_children", 0, 2))
changed("lost_node", "the node cannot be reached from the root", at("left_children", 0, -1))
changed("negative_feature", "tree 0, node 0: it tests feature -1, the model has 6", at("split_indices", 0, -1))
changed("feature_out_of_range", "tree 0, node 0: it tests feature 6, the model has 6", at("split_indices", 0, 6))
changed("deleted_root", "node 0: the root does not exist", at("split_indices", 0, 2**31 - 1))
changed("threshold_nan", "tree 0, node 0: its threshold nan is no float32", at("split_conditions", 0, float("nan")))
changed("threshold_of_text", "split_conditions': found a list of", at("split_conditions", 0, "0.5"))
changed("default_two", "found default_left 2, expected 0 or 1", at("default_left", 0, 2))
changed("node_count", "expected 7000000 integers", put([*TREE, "tree_param", "num_nodes"], "7000000"))
changed("node_count_negative", "expected -1 integers", put([*TREE, "tree_param", "num_nodes"], "-1"))
changed("no_trees_at_all", "the member 'trees' is missing", drop(["gradient_booster", "model", "trees"]))
changed("tree_id", "trees[0].id': found 1, expected each of 0 to 0 once", put([*TREE, "id"], 1))
changed("tree_info_count", "tree_info': found a list of", put(["gradient_booster", "model", "tree_info"], []))
changed("tree_info_range", "tree 0 adds to output 3, the model has 3", put(["gradient_booster", "model", "tree_info"], [3]), CLASSES)
changed("tree_info_negative", "tree 0 adds to output -1", put(["gradient_booster", "model", "tree_info"], [-1]))

changed("categories_nowhere", "split_type': found types that do not fit", put([*TREE, "split_type"], [1]), CATEGORIES)
changed("categories_beyond", "the categories of node", at("categories_sizes", 0, 10_000), CATEGORIES)
changed("categories_overflow", "the categories of node", at("categories_segments", 0, 2**63 - 1), CATEGORIES)
changed("categories_shared", "the categories of node 2 are not where", at("categories_sizes", 0, 24), CATEGORIES)
changed("category_negative", "found category -1, expected 0 to", at("categories", 0, -1), CATEGORIES)
changed("category_huge", "found category 2000000000, expected 0 to", at("categories", 0, 2_000_000_000), CATEGORIES)
changed("leaf_width", "the model has 3", put([*TREE, "tree_param", "size_leaf_vector"], "4"), VECTORS)
changed("leaf_width_huge", "found leaves of 1000000000 values", put([*TREE, "tree_param", "size_leaf_vector"], "1000000000"), VECTORS)
changed("leaf_values_short", "found 12 leaves, their list holds 0", put([*TREE, "leaf_weights"], [1.0]), VECTORS)
changed("leaf_values_shared", "found 12 leaves, their list holds 2", put([*TREE, "leaf_weights"], [1.0] * 6), VECTORS)
changed("leaf_values_beyond", "its values are beyond the end", at("right_children", 6, 12), VECTORS)
changed("linear_weights", "weights': found a list of 2 numbers, expected 7 numbers", put(["gradient_booster", "model", "weights"], [1, 2]), LINEAR)
changed("linear_infinite", "with finite weights", put(["gradient_booster", "model", "weights"], [float("inf")] * 7), LINEAR)
changed("dart_weights", "weight_drop': found a list of", put(["gradient_booster", "weight_drop"], [1, 1, 1]), DART)


def key(name):
    return b"L" + struct.pack(">q", len(name)) + name.encode()


write("ubj_truncated", BINARY[: len(BINARY) // 2], "UBJSON: ", "ubj")
write("ubj_after_the_end", BINARY[:200] and b"{" + key("learner") + b"Z}" + b"Z", "bytes after the end", "ubj")
write("ubj_huge_typed_list", b"{" + key("learner") + b"[$d#L" + struct.pack(">q", 2**62), "a length of 4611686018427387904 is announced", "ubj")
write("ubj_negative_length", b"{" + key("learner") + b"[$l#L" + struct.pack(">q", -1), "a length of -1 is announced", "ubj")
write("ubj_huge_list", b"{" + key("learner") + b"[#L" + struct.pack(">q", 2**40), "is announced", "ubj")
write("ubj_huge_string", b"{" + key("learner") + b"SL" + struct.pack(">q", 2**63 - 1), "is announced", "ubj")
write("ubj_huge_key", b"{L" + struct.pack(">q", 2**50) + b"learner", "is announced", "ubj")
write("ubj_wide_list", b"{" + key("learner") + b"[$D#i" + bytes([30]) + bytes(100), "30 numbers are announced", "ubj")
write("ubj_list_of_null", b"{" + key("learner") + b"[$Z#l" + struct.pack(">i", 2**31 - 1), "a list of the type 90", "ubj")
write("ubj_too_deep", b"{" + key("learner") + b"[" * 10_000, "too many nested values", "ubj")
write("ubj_unknown_marker", b"{" + key("learner") + b"H}", "the unknown marker 72", "ubj")
write("ubj_no_utf8", b"{" + key("learner") + b"Si\x01\xff}", "not UTF-8", "ubj")


# The binary form: 136 bytes of parameters, the objective, the booster, 160 bytes of parameters of the trees, the trees.
OLD = (HERE.parent / "binary_0_90_logistic" / "model.bin").read_bytes()
NEW = (HERE.parent / "binary_1_7_linear" / "model.bin").read_bytes()
OLD_DART = (HERE.parent / "binary_0_90_dart" / "model.bin").read_bytes()
TREES = 136 + 8 + len("binary:logistic") + 8 + len("gbtree")
FIRST = TREES + 160
NODES = FIRST + 148


def patched(name, expected, place, form, value, data=OLD):
    data = bytearray(data)
    struct.pack_into(form, data, place, value)
    write(name, bytes(data), expected, "bin")


(COUNT,) = struct.unpack_from("<i", OLD, TREES)
(SIZE,) = struct.unpack_from("<i", OLD, FIRST + 4)
SPLIT = next(i for i in range(SIZE) if struct.unpack_from("<i", OLD, NODES + 20 * i + 4)[0] != -1)
BINARY_LEAF = next(i for i in range(SIZE) if struct.unpack_from("<i", OLD, NODES + 20 * i + 4)[0] == -1)
assert OLD[TREES - 6 : TREES] == b"gbtree" and SPLIT == 0
write("binary_truncated", OLD[: len(OLD) // 2], "are announced, the file has", "bin")
write("binary_truncated_head", b"binf" + NEW[4:100], "the file has", "bin")
write("binary_after_the_end", OLD + b"\0", "the model ends, the file goes on", "bin")
write("binary_objective", OLD.replace(b"binary:logistic", b"binary:logistik"), "found the objective 'binary:logistik'", "bin")
write("binary_booster", OLD.replace(b"gbtree", b"gbwood"), "found the booster 'gbwood'", "bin")
patched("binary_no_features", "0 features", 4 + 4, "<I", 0, NEW)
patched("binary_classes_negative", "-1 classes", 8, "<i", -1)
patched("binary_classes_huge", "1000000000 classes", 8, "<i", 1_000_000_000)
patched("binary_base_score", "the base score inf", 4, "<f", float("inf"), NEW)
patched("binary_from_the_future", "found a binary model of XGBoost 3.", 4 + 20, "<I", 3, NEW)
patched("binary_objective_huge", "bytes of the objective are announced", 4 + 136, "<Q", 1 << 62, NEW)
patched("binary_trees_negative", "-1 trees are announced", TREES, "<i", -1)
patched("binary_trees_huge", "2147483647 trees are announced", TREES, "<i", 2**31 - 1)
patched("binary_tree_more", "the file has", TREES, "<i", COUNT + 1)
patched("binary_roots", "tree 0 has 2 roots", FIRST, "<i", 2)
patched("binary_nodes_none", "tree 0 has 1 roots, 0 nodes", FIRST + 4, "<i", 0)
patched("binary_nodes_huge", "2147483647 nodes of tree 0 are announced", FIRST + 4, "<i", 2**31 - 1)
patched("binary_leaf_vectors", "leaves of 3 values", FIRST + 20, "<i", 3)
patched("binary_child_out_of_range", "tree 0, node 0", NODES + 4, "<i", SIZE)
patched("binary_child_negative", "tree 0, node 0", NODES + 8, "<i", -7)
patched("binary_cycle", "tree 0, node 0", NODES + 4, "<i", 0)
patched("binary_feature", "it tests feature 1000, the model has 6", NODES + 12, "<I", 1000)
patched("binary_threshold_nan", "its threshold nan is no float32", NODES + 16, "<f", float("nan"))
patched("binary_orphan", "tree 0", NODES + 4, "<i", -1)
INFO = len(OLD) - OLD[::-1].index(struct.pack("<Q", 2)[::-1]) - 8 - 4 * COUNT
patched("binary_group", "adds to output 5, the model has 1", INFO, "<i", 5)
patched("binary_attributes_huge", "attributes are announced", INFO + 4 * COUNT, "<Q", 1 << 40)
DROPS = OLD_DART.rindex(struct.pack("<Q", 10))
patched("binary_dart_weights", "found 9 weights for 10 trees", DROPS, "<Q", 9, OLD_DART)
patched("binary_dart_weights_huge", "weights of trees are announced", DROPS, "<Q", (1 << 62) + 1, OLD_DART)
WEIGHTS = NEW.index(b"gblinear") + 8 + 136
patched("binary_linear_weights", "found 20 weights, expected 21", WEIGHTS, "<Q", 20, NEW)
PICKLED = (HERE.parent / "binary_1_0_pickled" / "model.bin").read_bytes()
patched("binary_pickled_huge", "bytes of the model are announced", 14, "<Q", 1 << 50, PICKLED)
patched("binary_pickled_short", "are announced, the file has", 14, "<Q", 400, PICKLED)

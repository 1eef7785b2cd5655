// Calls what septum.hpp and septum_dataframe.hpp have, as it should and as it should not be called, and prints nothing when all is well.
//
//     exercise network.onnx tagger.onnx folder
//
// The first model takes features [batch, 5] and gives scores [batch, 3] and the features again; the second takes
// constituents [batch, particles, 10] and jet [batch, 5] and gives probabilities [batch, 3]; the folder has jets for it.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <septum.hpp>
#include <septum_dataframe.hpp>
#include <thread>

#if __cplusplus >= 202002L
static_assert(std::is_same<septum::span<const float>, std::span<const float>>::value, "C++20 has spans of its own");
#endif

static int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
            failures += 1; \
        } \
    } while (0)

template <class Body> static void refuses(int line, septum_status code, const char *fragment, Body body) {
    try {
        body();
        std::fprintf(stderr, "line %d: nothing is thrown, expected \"%s\"\n", line, fragment);
    } catch (const septum::error &error) {
        if (error.code() == code && std::strstr(error.what(), fragment)) return;
        std::fprintf(stderr, "line %d: found %d \"%s\", expected %d \"%s\"\n", line, error.code(), error.what(), code, fragment);
    }
    failures += 1;
}

#define REFUSES(code, fragment, ...) refuses(__LINE__, code, fragment, [&] { __VA_ARGS__; })

template <class T> static std::vector<T> column(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::vector<T> values(static_cast<std::size_t>(file.tellg()) / sizeof(T));
    file.seekg(0).read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
    return values;
}

static void models(const std::string &path) {
    const septum::model model(path);
    CHECK(model.inputs().size() == 1 && model.inputs()[0].name == "features" && model.inputs()[0].type == SEPTUM_FLOAT32);
    CHECK(model.inputs()[0].dims == (std::vector<std::int64_t>{-1, 5}) && model.inputs()[0].symbols[0] == "batch");
    CHECK(model.output_index("features_again") == 1 && model.json().find("\"inputs\"") != std::string::npos);
    REFUSES(SEPTUM_INVALID_INPUT, "no input 'x', but features", model.input_index("x"));
    REFUSES(SEPTUM_FILE, "nowhere.onnx", septum::model("nowhere.onnx"));
    septum::load_options options;
    options.format = "xgboost";
    REFUSES(SEPTUM_MALFORMED, "network.onnx", septum::model(path, options));
    const auto bytes = column<std::uint8_t>(path);
    CHECK(septum::model(bytes, "network.onnx").outputs().size() == 2);
    REFUSES(SEPTUM_MALFORMED, "half", septum::model({bytes.data(), bytes.size() / 2}, "half.onnx"));
}

static void runs(const septum::model &model) {
    const std::vector<float> features{0.5F, -1, 2, 0.25F, 1, 3, -0.5F, 0, 1, -2};
    septum::context context(model);
    const auto &outputs = context.run({{features, {2, 5}}});
    CHECK(outputs.size() == 2 && outputs[0].shape()[0] == 2 && outputs[0].shape()[1] == 3 && outputs[0].size() == 6);
    const auto scores = outputs[0].data<float>();
    const std::vector<float> expected(scores.begin(), scores.end());
    const auto again = outputs[1].data<float>();
    CHECK(std::vector<float>(again.begin(), again.end()) == features);
    const auto gives_expected = [&](const std::vector<septum::output> &found) {
        const auto values = found[0].data<float>();
        return std::vector<float>(values.begin(), values.end()) == expected;
    };
    CHECK(gives_expected(context.run_named({{"features", {features, {2, 5}}}})));
    std::array<float, 10> place{};
    context.bind("features", {place, {2, 5}});
    CHECK(!gives_expected(context.run_bound()));
    std::copy(features.begin(), features.end(), place.begin());
    CHECK(gives_expected(context.run_bound()));
    septum::context moved = std::move(context);
    CHECK(gives_expected(moved.run({{features.data(), 10, {2, 5}}})));

    REFUSES(SEPTUM_INVALID_INPUT, "holds float32, asked for float64", moved.run_bound()[0].data<double>());
    REFUSES(SEPTUM_INVALID_INPUT, "10 elements, its shape has 15", moved.run({{features, {3, 5}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "dimension -2", moved.run({{features, {-2, -5}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "dimension 9223372036854775807", moved.run({{features, {INT64_MAX, INT64_MAX, INT64_MAX}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "expected float32", moved.run({{std::vector<double>(10), {2, 5}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "found 2 inputs", moved.run_named({{"features", {features, {2, 5}}}, {"x", {features, {10}}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "no input 'x'", moved.run_named({{"x", {features, {2, 5}}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "no input 'x'", moved.bind("x", {features, {2, 5}}));
}

// Columns through a contract, and what the model itself can be asked.
static void scores(const std::string &path) {
    const std::string copy = path + ".copy.septum";
    septum::load_options options;
    options.contract = R"({"contract": 1, "name": "network", "row": "Jet", "inputs": [{"tensor": "features", "features": [
        {"name": "a", "scale": 2}, {"name": "b"}, {"name": "c"}, {"name": "d"}, {"name": "e"}]}],
        "outputs": [{"tensor": "scores", "columns": ["x", "y", "z"]}]})";
    const septum::model model(path, options);
    const std::vector<std::int64_t> offsets{0, 2, 2, 3};
    const std::vector<float> values{0.5F, -1, 2}, halves{0.25F, -0.5F, 1};
    septum::context context(model);
    const auto run = [&](const std::vector<float> &a) {
        return context.score({{"a", a, offsets}, {"b", values, offsets}, {"c", values, offsets}, {"d", values, offsets},
                              {"e", values, offsets}});
    };
    const auto found = run(halves);
    CHECK(found.size() == 8 && found[0].name == "Jet_x" && found[7].name == "Jet_features_again_4");
    CHECK(found[0].offsets.size() == 4 && found[0].offsets[1] == 2 && found[0].values.size() == 3);
    std::vector<float> rows;
    for (float value : values) rows.insert(rows.end(), 5, value);
    const std::vector<float> first(found[0].values.data<float>().begin(), found[0].values.data<float>().end());
    const auto expected = context.run({{rows, {3, 5}}})[0].data<float>();
    for (std::size_t row = 0; row < 3; ++row) CHECK(first[row] == expected[3 * row]);
    REFUSES(SEPTUM_INVALID_INPUT, "has 2 events, those before have 3",
            context.score({{"a", values, offsets}, {"b", std::vector<float>{1, 2}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "no branch 'b'", context.score({{"a", values, offsets}}));
    REFUSES(SEPTUM_INVALID_INPUT, "certificate", model.self_test());
    model.save(copy);
    const septum::model saved(copy);
    CHECK(saved.outputs().size() == 2 && saved.json().find("\"Jet\"") != std::string::npos);
    REFUSES(SEPTUM_UNSUPPORTED, "copy.nonsense", model.save(path + ".copy.nonsense"));
    std::remove(copy.c_str());
}

static bool close(float found, float expected) { return std::fabs(found - expected) <= 1e-6F + 2e-5F * std::fabs(expected); }

static void jets(const septum::model &model, const std::string &folder) {
    const auto particles = column<float>(folder + "/particles.f32"), features = column<float>(folder + "/jets.f32");
    const auto offsets = column<std::int64_t>(folder + "/offsets.i64");
    const auto expected = column<float>(folder + "/expected.f32");
    const auto rows = static_cast<std::int64_t>(offsets.size()) - 1;
    CHECK(rows == 42);
    septum::context context(model);
    const auto run = [&] {
        return context.run_jagged({{{particles, {offsets.back(), 10}}, offsets}, {{features, {rows, 5}}}});
    };
    const std::vector<septum::jagged_output> outputs = run();
    CHECK(outputs.size() == 1 && outputs[0].rows() == 42 && outputs[0].offsets().empty());
    std::vector<float> found;
    for (std::size_t row = 0; row < outputs[0].rows(); ++row) {
        const auto probabilities = outputs[0].row<float>(row);
        found.insert(found.end(), probabilities.begin(), probabilities.end());
    }
    CHECK(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(close(found[i], expected[i]));
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t first = offsets[static_cast<std::size_t>(row)], count = offsets[static_cast<std::size_t>(row) + 1] - first;
        const septum::input own(&particles[static_cast<std::size_t>(first) * 10], static_cast<std::size_t>(count) * 10, {1, count, 10});
        const auto &one = context.run_named({{"jet", {&features[static_cast<std::size_t>(row) * 5], 5, {1, 5}}}, {"constituents", own}});
        CHECK(std::memcmp(one[0].data<float>().data(), &found[static_cast<std::size_t>(row) * 3], 12) == 0);
    }
    REFUSES(SEPTUM_INVALID_INPUT, "row 42 of 42", outputs[0].row<float>(42));
    REFUSES(SEPTUM_INVALID_INPUT, "given twice",
            context.run_named({{"jet", {features, {rows, 5}}}, {"jet", {features, {rows, 5}}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "of 42 and of 41 rows",
            context.run_jagged({{{particles, {offsets.back(), 10}}, offsets}, {{features.data(), 205, {41, 5}}}}));
    REFUSES(SEPTUM_INVALID_INPUT, "offsets are empty", septum::jagged_input({particles, {offsets.back(), 10}}, {offsets.data(), 0}));
}

static void scorers(const septum::model &model) {
    using septum::scorer;
    using septum::slot_scorer;
    const std::vector<float> a{0.5F, 3}, b{-1, -0.5F}, c{2, 0}, d{0.25F, 1};
    const std::vector<unsigned char> e{1, 4};
    septum::context context(model);
    const auto values = context.run({{std::vector<float>{0.5F, -1, 2, 0.25F, 1, 3, -0.5F, 0, 1, 4}, {2, 5}}})[0].data<float>();
    const std::vector<float> expected(values.begin(), values.end());

    const slot_scorer<float(float, double, float, float, int)> one(model, 2, {0, 2});
    const scorer<std::vector<float>(float, float, float, float, float)> all(model);
    using column = std::vector<float>;
    const slot_scorer<column(column, column, column, column, std::vector<unsigned char>)> rows(model, 1, {0, 1});
    CHECK(one(1, 0.5F, -1.0, 2, 0.25F, 1) == expected[2] && one(0, 3, -0.5, 0, 1, 4) == expected[5]);
    CHECK(all(0.5F, -1, 2, 0.25F, 1) == std::vector<float>(expected.begin(), expected.begin() + 3));
    CHECK(rows(0, a, b, c, d, e) == (std::vector<float>{expected[1], expected[4]}));
    CHECK(rows(0, {}, {}, {}, {}, {}).empty());
    std::array<std::thread, 4> threads;
    std::array<bool, 4> right{};
    for (std::size_t i = 0; i < threads.size(); ++i) {
        threads[i] = std::thread([&, i, copy = all] {
            right[i] = true;
            for (int round = 0; round < 100; ++round) right[i] = right[i] && copy(3, -0.5F, 0, 1, 4)[0] == expected[3];
        });
    }
    for (std::thread &thread : threads) thread.join();
    CHECK(right == (std::array<bool, 4>{true, true, true, true}));

    REFUSES(SEPTUM_INVALID_INPUT, "slot 2 of 2", one(2, 0.5F, -1.0, 2, 0.25F, 1));
    REFUSES(SEPTUM_INVALID_INPUT, "has 5 features, found 2 columns", scorer<float(float, float)>{model});
    REFUSES(SEPTUM_INVALID_INPUT, "output 7 asked for", slot_scorer<float(float, float, float, float, float)>(model, 1, {7, 0}));
    REFUSES(SEPTUM_INVALID_INPUT, "column 3 asked for, the output has 3",
            slot_scorer<float(float, float, float, float, float)>(model, 1, {0, 3})(0, 1, 2, 3, 4, 5));
    REFUSES(SEPTUM_INVALID_INPUT, "columns of 2 and of 1 rows", rows(0, a, b, c, {1}, e));
}

int main(int argc, char **argv) try {
    if (argc != 4) return 2;
    const septum::model network(argv[1]), tagger(argv[2]);
    models(argv[1]);
    runs(network);
    scores(argv[1]);
    jets(tagger, argv[3]);
    scorers(network);
    REFUSES(SEPTUM_INVALID_INPUT, "the model has 2 inputs", septum::scorer<float(float)>{tagger});
    return failures == 0 ? 0 : 1;
} catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}

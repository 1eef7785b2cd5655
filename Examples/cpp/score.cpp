// Scores rows of features with a model from C++, one row at a time, in several threads that share the model.
//
//     c++ -std=c++17 score.cpp -I<include> -L<lib> -lseptum -pthread -o score
//     ./score tagger.onnx features.f32 16 4
//
// features.f32 holds float32 rows of 16 values; the first output prints one line a row, in digits that read back exactly.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <septum.hpp>
#include <string>
#include <thread>
#include <vector>

static std::vector<float> read_floats(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw septum::error(SEPTUM_FILE, path + " cannot be read");
    std::vector<float> values(static_cast<std::size_t>(file.tellg()) / sizeof(float));
    file.seekg(0).read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
    return values;
}

int main(int argc, char **argv) try {
    if (argc != 5) {
        std::fprintf(stderr, "usage: %s MODEL FEATURES.f32 COLUMNS THREADS\n", argv[0]);
        return 1;
    }
    const septum::model model(argv[1]);
    const std::vector<float> features = read_floats(argv[2]);
    const std::size_t columns = std::stoul(argv[3]), threads = std::stoul(argv[4]), rows = features.size() / columns;

    std::vector<std::vector<float>> scores(rows);
    std::vector<std::exception_ptr> failures(threads);
    std::vector<std::thread> workers;
    for (std::size_t worker = 0; worker < threads; ++worker) {
        workers.emplace_back([&, worker] {
            try {
                septum::context context(model);
                for (std::size_t row = worker; row < rows; row += threads) {
                    const septum::span<const float> event(&features[row * columns], columns);
                    const auto score = context.run({{event, {1, static_cast<std::int64_t>(columns)}}})[0].data<float>();
                    scores[row].assign(score.begin(), score.end());
                }
            } catch (...) {
                failures[worker] = std::current_exception();
            }
        });
    }
    for (std::thread &worker : workers) worker.join();
    for (const std::exception_ptr &failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
    for (const std::vector<float> &row : scores) {
        for (std::size_t column = 0; column < row.size(); ++column) std::printf("%s%.9g", column ? " " : "", row[column]);
        std::printf("\n");
    }
    return 0;
} catch (const std::exception &failure) {
    std::fprintf(stderr, "%s: %s\n", argv[0], failure.what());
    return 1;
}

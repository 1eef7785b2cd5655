// An algorithm as Gaudi, Athena and their like want it, without them: initialize() once, then operator() const from many threads,
// each with its own event. Working memory is borrowed for a call; the model is shared.
//
//     c++ -std=c++17 -pthread algorithm.cpp $(pkg-config --cflags --libs septum) -o algorithm
//     ./algorithm tagger.onnx folder 4
#include <atomic>
#include <cstdio>
#include <exception>
#include <optional>
#include <thread>

#include "jets.hpp"

/// In Gaudi: a Transformer<FlavourCollection(const JetCollection &)> with the property ModelFile.
class JetTagger {
public:
    explicit JetTagger(std::string file) : file_(std::move(file)) {}

    void initialize() { contexts_.emplace(septum::model(file_)); }

    std::vector<Flavour> operator()(const Jets &jets) const {
        const auto context = contexts_->take();
        return tag(*context, jets);
    }

private:
    std::string file_;
    std::optional<septum::contexts> contexts_;
};

/// Stands for the framework's scheduler: threads take one event after another.
template <class Algorithm>
std::vector<std::vector<Flavour>> process(const Algorithm &algorithm, const std::vector<Jets> &events, std::size_t thread_count) {
    std::vector<std::vector<Flavour>> results(events.size());
    std::vector<std::exception_ptr> failures(thread_count);
    std::vector<std::thread> threads;
    std::atomic<std::size_t> next{0};
    for (std::size_t thread = 0; thread < thread_count; ++thread) {
        threads.emplace_back([&, thread] {
            try {
                for (std::size_t event; (event = next++) < events.size();) results[event] = algorithm(events[event]);
            } catch (...) {
                failures[thread] = std::current_exception();
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (const std::exception_ptr &failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
    return results;
}

int main(int argc, char **argv) try {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s MODEL FOLDER THREADS\n", argv[0]);
        return 1;
    }
    JetTagger tagger(argv[1]);
    tagger.initialize();
    for (const auto &event : process(tagger, read_events(argv[2]), std::stoul(argv[3]))) {
        for (const Flavour &jet : event) std::printf("%.9g %.9g %.9g\n", jet.b, jet.c, jet.light);
    }
    return 0;
} catch (const std::exception &failure) {
    std::fprintf(stderr, "%s: %s\n", argv[0], failure.what());
    return 1;
}

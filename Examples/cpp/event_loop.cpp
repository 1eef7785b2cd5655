// A stand-alone event loop: reads events, tags their jets, prints the probabilities of each jet and counts events with two b jets.
//
//     c++ -std=c++17 event_loop.cpp $(pkg-config --cflags --libs septum) -o event_loop
//     ./event_loop tagger.onnx folder
#include <algorithm>
#include <cstdio>

#include "jets.hpp"

int main(int argc, char **argv) try {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s MODEL FOLDER\n", argv[0]);
        return 1;
    }
    const septum::model model(argv[1]);
    septum::context context(model);
    std::size_t selected = 0;
    for (const Jets &jets : read_events(argv[2])) {
        const std::vector<Flavour> flavours = tag(context, jets);
        for (const Flavour &jet : flavours) std::printf("%.9g %.9g %.9g\n", jet.b, jet.c, jet.light);
        selected += std::count_if(flavours.begin(), flavours.end(), [](const Flavour &jet) { return jet.b > 0.5F; }) >= 2;
    }
    std::fprintf(stderr, "%zu events with two b jets\n", selected);
    return 0;
} catch (const std::exception &failure) {
    std::fprintf(stderr, "%s: %s\n", argv[0], failure.what());
    return 1;
}

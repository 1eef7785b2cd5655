// Jets and their particles in columns, as event files hold them; event i has the jets from events[i] up to events[i + 1].
#ifndef JETS_HPP
#define JETS_HPP

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <septum.hpp>
#include <string>
#include <vector>

struct Jets {
    std::vector<float> particles;       // 10 features of each
    std::vector<float> features;        // 5 of each jet
    std::vector<std::int64_t> offsets;  // jet i has the particles from offsets[i] up to offsets[i + 1]
    std::size_t count() const { return offsets.size() - 1; }
};

template <class T> std::vector<T> read_column(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw septum::error(SEPTUM_FILE, path + " cannot be read");
    std::vector<T> values(static_cast<std::size_t>(file.tellg()) / sizeof(T));
    file.seekg(0).read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
    return values;
}

/// The events of a folder with the columns particles.f32, jets.f32, offsets.i64 and events.i64.
inline std::vector<Jets> read_events(const std::string &folder) {
    const auto particles = read_column<float>(folder + "/particles.f32");
    const auto features = read_column<float>(folder + "/jets.f32");
    const auto offsets = read_column<std::int64_t>(folder + "/offsets.i64");
    const auto starts = read_column<std::int64_t>(folder + "/events.i64");
    std::vector<Jets> events;
    for (std::size_t event = 0; event + 1 < starts.size(); ++event) {
        const std::int64_t first = starts[event], end = starts[event + 1];
        const std::int64_t start = offsets.at(static_cast<std::size_t>(first)), stop = offsets.at(static_cast<std::size_t>(end));
        Jets jets;
        jets.particles.assign(particles.begin() + start * 10, particles.begin() + stop * 10);
        jets.features.assign(features.begin() + first * 5, features.begin() + end * 5);
        for (std::int64_t jet = first; jet <= end; ++jet) {
            jets.offsets.push_back(offsets[static_cast<std::size_t>(jet)] - start);
        }
        events.push_back(std::move(jets));
    }
    return events;
}

/// The probabilities of b, c and light jets.
struct Flavour {
    float b, c, light;
};

/// All jets of an event, which have different numbers of particles.
inline std::vector<Flavour> tag(septum::context &context, const Jets &jets) {
    const auto particles = static_cast<std::int64_t>(jets.particles.size() / 10), count = static_cast<std::int64_t>(jets.count());
    const auto &outputs = context.run_jagged({
        {{jets.particles, {particles, 10}}, jets.offsets},
        {{jets.features, {count, 5}}},
    });
    std::vector<Flavour> flavours;
    for (std::size_t jet = 0; jet < jets.count(); ++jet) {
        const auto found = outputs[0].row<float>(jet);
        flavours.push_back({found[0], found[1], found[2]});
    }
    return flavours;
}

#endif

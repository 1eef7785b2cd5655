// Callables that score rows of features, for ROOT's RDataFrame and anything like it. They do not need ROOT.
//
//     septum::model model("tagger.onnx");
//     ROOT::EnableImplicitMT();
//     ROOT::RDataFrame events("Events", "events.root");
//     septum::slot_scorer<float(float, float)> score(model, events.GetNSlots());
//     auto scored = events.DefineSlot("score", score, {"pt", "eta"});
//
// Scalar columns are one row of features: the result is one number, or with a container such as std::vector<float> the whole
// row of the output. Containers such as ROOT::RVecF are one row for each of their elements: the result is a container with one
// number for each. The model has one input of float32 or float64, [rows, features].
#ifndef SEPTUM_DATAFRAME_HPP
#define SEPTUM_DATAFRAME_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "septum.hpp"

namespace septum {

/// The number that a callable gives for each row: the column of an output [rows, columns].
struct score_choice {
    std::size_t output = 0;
    std::size_t column = 0;
};

namespace detail {

/// The elements of a result as numbers.
template <class Result> Result element(const output &from, std::size_t index) {
    switch (from.type()) {
    case SEPTUM_FLOAT32: return static_cast<Result>(from.data<float>()[index]);
    case SEPTUM_FLOAT64: return static_cast<Result>(from.data<double>()[index]);
    case SEPTUM_INT64: return static_cast<Result>(from.data<std::int64_t>()[index]);
    case SEPTUM_INT32: return static_cast<Result>(from.data<std::int32_t>()[index]);
    default: throw error(SEPTUM_INVALID_INPUT, std::string("an output of ") + name_of(from.type()) + " gives no score");
    }
}

/// Scores rows whose features are columns; throws when made for a model that takes other inputs.
template <class Result, class... Columns> class rows {
public:
    rows(const model &model, score_choice choice) : choice_(choice), is_double_(false) {
        const auto refuse = [](const std::string &message) { throw error(SEPTUM_INVALID_INPUT, message); };
        if (model.inputs().size() != 1) refuse("the model has " + std::to_string(model.inputs().size()) + " inputs, expected one");
        const port &port = model.inputs()[0];
        if (port.type != SEPTUM_FLOAT32 && port.type != SEPTUM_FLOAT64) {
            refuse("input '" + port.name + "' is of " + name_of(port.type) + ", expected float32 or float64");
        }
        is_double_ = port.type == SEPTUM_FLOAT64;
        if (port.has_rank && port.dims.size() != 2) {
            refuse("input '" + port.name + "' has rank " + std::to_string(port.dims.size()) + ", expected [rows, features]");
        }
        if (port.has_rank && port.dims[1] >= 0 && static_cast<std::size_t>(port.dims[1]) != sizeof...(Columns)) {
            refuse("input '" + port.name + "' has " + std::to_string(port.dims[1]) + " features, found " +
                   std::to_string(sizeof...(Columns)) + " columns");
        }
        if (choice.output >= model.outputs().size()) {
            refuse("output " + std::to_string(choice.output) + " asked for, the model has " +
                   std::to_string(model.outputs().size()));
        }
    }

    Result score(context &context, const Columns &...columns) const {
        return is_double_ ? score_as<double>(context, columns...) : score_as<float>(context, columns...);
    }

private:
    static constexpr bool has_scalars = (std::is_arithmetic<Columns>::value && ...);
    static_assert(sizeof...(Columns) > 0, "a row has features");
    static_assert(has_scalars || !(std::is_arithmetic<Columns>::value || ...), "columns are all numbers or all containers");
    static_assert(has_scalars || !std::is_arithmetic<Result>::value, "containers give a container");

    template <class T> Result score_as(context &context, const Columns &...columns) const {
        if constexpr (has_scalars) {
            const T row[] = {static_cast<T>(columns)...};
            const output &found = run(context, row, 1);
            const std::size_t width = found.size();
            if constexpr (std::is_arithmetic<Result>::value) {
                return element<Result>(found, checked(width));
            } else {
                Result result(width);
                for (std::size_t i = 0; i < width; ++i) result[i] = element<typename Result::value_type>(found, i);
                return result;
            }
        } else {
            const std::size_t sizes[] = {columns.size()...};
            for (std::size_t size : sizes) {
                if (size != sizes[0]) {
                    throw error(SEPTUM_INVALID_INPUT, "found columns of " + std::to_string(sizes[0]) + " and of " +
                                                          std::to_string(size) + " rows");
                }
            }
            Result result(sizes[0]);
            if (sizes[0] == 0) return result;
            std::vector<T> table(sizes[0] * sizeof...(Columns));
            std::size_t column = 0;
            (fill(table, column++, columns), ...);
            const output &found = run(context, table.data(), sizes[0]);
            const std::size_t width = found.size() / sizes[0], place = checked(width);
            for (std::size_t row = 0; row < sizes[0]; ++row) {
                result[row] = element<typename Result::value_type>(found, row * width + place);
            }
            return result;
        }
    }

    template <class T, class Column> static void fill(std::vector<T> &table, std::size_t place, const Column &column) {
        for (std::size_t row = 0; row < column.size(); ++row) table[row * sizeof...(Columns) + place] = static_cast<T>(column[row]);
    }

    template <class T> const output &run(context &context, const T *table, std::size_t count) const {
        constexpr auto features = static_cast<std::int64_t>(sizeof...(Columns));
        const output &found =
            context.run({{table, count * sizeof...(Columns), {static_cast<std::int64_t>(count), features}}})[choice_.output];
        if (found.shape().empty() || found.shape()[0] != static_cast<std::int64_t>(count)) {
            throw error(SEPTUM_INVALID_INPUT, "the output has no entry for each of " + std::to_string(count) + " rows");
        }
        return found;
    }

    std::size_t checked(std::size_t width) const {
        if (choice_.column < width) return choice_.column;
        throw error(SEPTUM_INVALID_INPUT, "column " + std::to_string(choice_.column) + " asked for, the output has " +
                                              std::to_string(width));
    }

    score_choice choice_;
    bool is_double_;
};

}  // namespace detail

template <class Signature> class slot_scorer;
template <class Signature> class scorer;

/// For DefineSlot: each slot, a number below `slots` that no two threads have at once, has a context of its own.
template <class Result, class... Columns> class slot_scorer<Result(Columns...)> {
public:
    slot_scorer(const model &model, unsigned int slots, score_choice choice = {})
        : rows_(model, choice), contexts_(std::make_shared<std::vector<context>>()) {
        for (unsigned int slot = 0; slot < slots; ++slot) contexts_->emplace_back(model);
    }

    Result operator()(unsigned int slot, const Columns &...columns) const {
        if (slot >= contexts_->size()) {
            throw error(SEPTUM_INVALID_INPUT, "slot " + std::to_string(slot) + " of " + std::to_string(contexts_->size()));
        }
        return rows_.score((*contexts_)[slot], columns...);
    }

private:
    detail::rows<Result, Columns...> rows_;
    std::shared_ptr<std::vector<context>> contexts_;
};

/// For Define: any thread may call it; a lock is taken to find an idle context.
template <class Result, class... Columns> class scorer<Result(Columns...)> {
public:
    explicit scorer(const model &model, score_choice choice = {})
        : rows_(model, choice), contexts_(std::make_shared<contexts>(model)) {}

    Result operator()(const Columns &...columns) const {
        const contexts::lease context = contexts_->take();
        return rows_.score(*context, columns...);
    }

private:
    detail::rows<Result, Columns...> rows_;
    std::shared_ptr<contexts> contexts_;
};

}  // namespace septum

#endif

// Septum for C++17: the C interface with owners, spans and exceptions.
//
//     septum::model model("tagger.onnx");
//     septum::context context(model);          // one a thread
//     const auto &outputs = context.run({{features, {jets, 16}}});
//     septum::span<const float> scores = outputs[0].data<float>();
//
// What does not fit is thrown as septum::error. Callables for ROOT's RDataFrame are in septum_dataframe.hpp.
#ifndef SEPTUM_HPP
#define SEPTUM_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "septum.h"

#if __cplusplus >= 202002L
#include <span>
#endif

namespace septum {

/// A failed call: what() says what happened, code() is its status.
class error : public std::runtime_error {
public:
    error(septum_status code, const std::string &message) : std::runtime_error(message), code_(code) {}
    septum_status code() const noexcept { return code_; }

private:
    septum_status code_;
};

/// Throws unless the call succeeded.
inline void check(septum_status status) {
    if (status != SEPTUM_OK) throw error(status, septum_last_error());
}

#if defined(__cpp_lib_span)
template <class T> using span = std::span<T>;
#else
/// A run of elements that belong to somebody else; made from vectors, arrays and anything with data() and size().
template <class T> class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class C, class = std::enable_if_t<std::is_convertible<decltype(std::declval<C &>().data()), T *>::value>>
    constexpr span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};
#endif

/// The element type of a C++ type.
template <class T> struct type_of;
template <> struct type_of<float> { static constexpr septum_type value = SEPTUM_FLOAT32; };
template <> struct type_of<double> { static constexpr septum_type value = SEPTUM_FLOAT64; };
template <> struct type_of<bool> { static constexpr septum_type value = SEPTUM_BOOL; };
template <> struct type_of<std::int8_t> { static constexpr septum_type value = SEPTUM_INT8; };
template <> struct type_of<std::uint8_t> { static constexpr septum_type value = SEPTUM_UINT8; };
template <> struct type_of<std::int16_t> { static constexpr septum_type value = SEPTUM_INT16; };
template <> struct type_of<std::uint16_t> { static constexpr septum_type value = SEPTUM_UINT16; };
template <> struct type_of<std::int32_t> { static constexpr septum_type value = SEPTUM_INT32; };
template <> struct type_of<std::uint32_t> { static constexpr septum_type value = SEPTUM_UINT32; };
template <> struct type_of<std::int64_t> { static constexpr septum_type value = SEPTUM_INT64; };
template <> struct type_of<std::uint64_t> { static constexpr septum_type value = SEPTUM_UINT64; };
template <> struct type_of<const char *> { static constexpr septum_type value = SEPTUM_STRING; };

/// The name of an element type, such as "float32".
inline const char *name_of(septum_type type) noexcept {
    switch (type) {
    case SEPTUM_NO_TENSOR: return "no tensor";
    case SEPTUM_FLOAT32: return "float32";
    case SEPTUM_UINT8: return "uint8";
    case SEPTUM_INT8: return "int8";
    case SEPTUM_UINT16: return "uint16";
    case SEPTUM_INT16: return "int16";
    case SEPTUM_INT32: return "int32";
    case SEPTUM_INT64: return "int64";
    case SEPTUM_STRING: return "string";
    case SEPTUM_BOOL: return "bool";
    case SEPTUM_FLOAT16: return "float16";
    case SEPTUM_FLOAT64: return "float64";
    case SEPTUM_UINT32: return "uint32";
    case SEPTUM_UINT64: return "uint64";
    case SEPTUM_BFLOAT16: return "bfloat16";
    default: return "another type";
    }
}

/// Elements to run a model on, with their shape; the elements must stay where they are until the run is over.
class input {
public:
    static constexpr std::size_t max_rank = 8;

    /// The elements of a vector, an array or a span, row-major.
    template <class C, class T = std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<const C &>().data())>>>
    input(const C &elements, std::initializer_list<std::int64_t> shape) : input(elements.data(), elements.size(), shape) {}

    template <class T> input(const T *data, std::size_t size, std::initializer_list<std::int64_t> shape) {
        if (shape.size() > max_rank) throw error(SEPTUM_INVALID_INPUT, "an input has more than 8 dimensions");
        std::uint64_t count = 1;
        for (std::int64_t dimension : shape) {
            if (dimension < 0 || (dimension > 0 && count > UINT64_MAX / static_cast<std::uint64_t>(dimension))) {
                throw error(SEPTUM_INVALID_INPUT, "an input has the dimension " + std::to_string(dimension));
            }
            count *= static_cast<std::uint64_t>(dimension);
            dims_[static_cast<std::size_t>(rank_++)] = dimension;
        }
        if (count != size) {
            throw error(SEPTUM_INVALID_INPUT, "an input has " + std::to_string(size) + " elements, its shape has " +
                                                  std::to_string(count));
        }
        data_ = data;
        type_ = type_of<T>::value;
    }

    /// As the C interface takes it; holds as long as this object.
    septum_tensor tensor() const noexcept { return {data_, type_, rank_, dims_.data(), nullptr}; }

private:
    const void *data_ = nullptr;
    septum_type type_ = SEPTUM_NO_TENSOR;
    std::int32_t rank_ = 0;
    std::array<std::int64_t, max_rank> dims_{};
};

/// An input and its name in the model.
struct named_input {
    const char *name;
    input value;
};

/// Values for rows with lengths of their own, such as the particles of each jet.
class jagged_input {
public:
    /// All rows one after another, [items, ...]; row i holds the items from offsets[i] up to offsets[i + 1].
    jagged_input(const input &values, span<const std::int64_t> offsets)
        : values_(values), offsets_(offsets.data()), rows_(static_cast<std::int64_t>(offsets.size()) - 1) {
        if (rows_ < 0) throw error(SEPTUM_INVALID_INPUT, "offsets are empty, expected one more than there are rows");
    }

    /// One entry a row, [rows, ...].
    jagged_input(const input &values) : values_(values) {
        const septum_tensor tensor = values.tensor();
        if (tensor.rank == 0) throw error(SEPTUM_INVALID_INPUT, "found a scalar, expected one entry a row");
        rows_ = tensor.dims[0];
    }

    std::int64_t rows() const noexcept { return rows_; }

    /// As the C interface takes it; holds as long as this object.
    septum_jagged tensor() const noexcept { return {values_.tensor(), offsets_}; }

private:
    input values_;
    const std::int64_t *offsets_ = nullptr;
    std::int64_t rows_ = 0;
};

/// A column of events by its name, such as a branch of a tree; the elements must stay where they are until the call is over.
class column {
public:
    /// One number an event.
    template <class C> column(const char *name, const C &values)
        : name_(name), values_(values, {static_cast<std::int64_t>(values.size())}), events_(values.size()) {}

    /// All items one after another; event i holds those from offsets[i] up to offsets[i + 1].
    template <class C> column(const char *name, const C &values, span<const std::int64_t> offsets)
        : name_(name), values_(values, {static_cast<std::int64_t>(values.size())}), offsets_(offsets.data()) {
        if (offsets.size() == 0) {
            throw error(SEPTUM_INVALID_INPUT, std::string("the offsets of '") + name + "' are empty");
        }
        events_ = offsets.size() - 1;
    }

    std::size_t events() const noexcept { return events_; }
    const char *name() const noexcept { return name_; }

    /// As the C interface takes it; holds as long as this object.
    septum_column raw() const noexcept { return {name_, values_.tensor(), offsets_}; }

private:
    const char *name_;
    input values_;
    const std::int64_t *offsets_ = nullptr;
    std::size_t events_ = 0;
};

/// A result; it belongs to the context and holds until the context's next run.
class output {
public:
    output() noexcept : tensor_{nullptr, SEPTUM_NO_TENSOR, 0, nullptr, nullptr} {}
    explicit output(const septum_tensor &tensor) noexcept : tensor_(tensor) {}

    septum_type type() const noexcept { return tensor_.type; }
    span<const std::int64_t> shape() const noexcept { return {tensor_.dims, static_cast<std::size_t>(tensor_.rank)}; }

    std::size_t size() const noexcept {
        std::size_t count = 1;
        for (std::int64_t dimension : shape()) count *= static_cast<std::size_t>(dimension);
        return count;
    }

    /// The elements, row-major; throws when they are of another type.
    template <class T> span<const T> data() const {
        if (tensor_.type != type_of<T>::value) {
            throw error(SEPTUM_INVALID_INPUT, std::string("an output holds ") + name_of(tensor_.type) + ", asked for " +
                                                  name_of(type_of<T>::value));
        }
        return {static_cast<const T *>(tensor_.data), size()};
    }

private:
    septum_tensor tensor_;
};

/// A result for each row; it belongs to the context and holds until the context's next jagged run.
class jagged_output {
public:
    jagged_output() noexcept = default;
    explicit jagged_output(const septum_jagged &tensor, std::int64_t rows) noexcept
        : values_(tensor.values), offsets_(tensor.offsets), rows_(static_cast<std::size_t>(rows)) {}

    /// All rows one after another.
    const output &values() const noexcept { return values_; }
    std::size_t rows() const noexcept { return rows_; }

    /// One more than there are rows; empty when each row is one entry.
    span<const std::int64_t> offsets() const noexcept { return {offsets_, offsets_ ? rows_ + 1 : 0}; }

    /// The elements of one row; throws when they are of another type or there is no such row.
    template <class T> span<const T> row(std::size_t index) const {
        const span<const T> all = values_.data<T>();
        if (index >= rows_) {
            throw error(SEPTUM_INVALID_INPUT, "row " + std::to_string(index) + " of " + std::to_string(rows_) + " asked for");
        }
        std::size_t items = rows_, first = index, end = index + 1;
        if (offsets_) {
            items = static_cast<std::size_t>(offsets_[rows_]);
            first = static_cast<std::size_t>(offsets_[index]);
            end = static_cast<std::size_t>(offsets_[index + 1]);
        }
        const std::size_t width = items == 0 ? 0 : all.size() / items;
        return {all.data() + first * width, (end - first) * width};
    }

private:
    output values_;
    const std::int64_t *offsets_ = nullptr;
    std::size_t rows_ = 0;
};

/// A column of scores; it belongs to the context and holds until the context's next score.
struct scored_column {
    std::string name;
    output values;                      ///< One number an event, or all items one after another.
    span<const std::int64_t> offsets;   ///< Where the items of each event start, and the end; empty when each event has one.
};

/// An input or output of a model: dims are -1 where they depend on the inputs, symbols then say what they are called.
struct port {
    std::string name;
    septum_type type;
    bool has_rank;
    std::vector<std::int64_t> dims;
    std::vector<std::string> symbols;
};

/// How a model is read.
struct load_options {
    std::string format;         ///< The short name of a format; empty: the content and the file's name decide.
    std::string python;         ///< The Python interpreter for formats that need their library; empty: the usual one.
    bool trust_pickle = false;  ///< Whether a pickle may be read, which runs the code in it.
    std::string contract;       ///< The text of an input contract in JSON, in place of the model's own; empty: that one.

    /// As the C interface takes them; holds as long as this object.
    septum_load_options raw() const noexcept {
        return {sizeof(septum_load_options), format.empty() ? nullptr : format.c_str(),
                python.empty() ? nullptr : python.c_str(), trust_pickle ? 1 : 0,
                contract.empty() ? nullptr : contract.c_str()};
    }
};

/// A model, shared by all threads; copies are the same model.
class model {
public:
    explicit model(const std::string &path, const load_options &options = {}) {
        const septum_load_options given = options.raw();
        take([&](septum_model **made) { return septum_model_load_with(path.c_str(), &given, made); });
    }

    /// From memory, which is copied; the suffix of the name helps to find the format.
    model(span<const std::uint8_t> bytes, const std::string &name, const load_options &options = {}) {
        const septum_load_options given = options.raw();
        take([&](septum_model **made) {
            return septum_model_load_bytes(bytes.data(), bytes.size(), name.c_str(), &given, made);
        });
    }

    const std::vector<port> &inputs() const noexcept { return inputs_; }
    const std::vector<port> &outputs() const noexcept { return outputs_; }

    /// The place of an input; throws when there is none of that name.
    std::size_t input_index(const std::string &name) const { return index_of(inputs_, name, "input"); }
    std::size_t output_index(const std::string &name) const { return index_of(outputs_, name, "output"); }

    /// The description as one JSON object.
    std::string json() const {
        const char *text = septum_model_json(get());
        if (!text) throw error(SEPTUM_INVALID_INPUT, septum_last_error());
        return text;
    }

    /// Writes the model in the format that the suffix of the path names, such as ".septum" or ".onnx".
    void save(const std::string &path) const { check(septum_model_save(get(), path.c_str())); }

    /// Runs the probes of a certified model; throws when its weights or a single bit of a result differ, or it has no certificate.
    void self_test() const { check(septum_model_self_test(get())); }

    const septum_model *get() const noexcept { return handle_.get(); }

private:
    template <class Load> void take(Load load) {
        if (septum_abi() < SEPTUM_ABI) {
            throw error(SEPTUM_ENVIRONMENT, "the library has the binary interface " + std::to_string(septum_abi()) +
                                                ", the program was compiled for " + std::to_string(SEPTUM_ABI));
        }
        septum_model *raw = nullptr;
        check(load(&raw));
        handle_.reset(raw, septum_model_free);
        for (std::int32_t i = 0; i < septum_model_input_count(raw); ++i) inputs_.push_back(describe(septum_model_input, i));
        for (std::int32_t i = 0; i < septum_model_output_count(raw); ++i) outputs_.push_back(describe(septum_model_output, i));
    }

    template <class Function> port describe(Function function, std::int32_t index) const {
        septum_port raw;
        check(function(handle_.get(), index, &raw));
        port result{raw.name, raw.type, raw.rank >= 0, {}, {}};
        for (std::int32_t axis = 0; axis < raw.rank; ++axis) {
            result.dims.push_back(raw.dims[axis]);
            result.symbols.emplace_back(raw.symbols[axis] ? raw.symbols[axis] : "");
        }
        return result;
    }

    static std::size_t index_of(const std::vector<port> &ports, const std::string &name, const char *kind) {
        std::string known;
        for (std::size_t i = 0; i < ports.size(); ++i) {
            if (ports[i].name == name) return i;
            known += (i ? ", " : "") + ports[i].name;
        }
        throw error(SEPTUM_INVALID_INPUT, std::string("the model has no ") + kind + " '" + name + "', but " + known);
    }

    std::shared_ptr<septum_model> handle_;
    std::vector<port> inputs_, outputs_;
};

/// The working memory of one thread; with `threads` above one, others of its own share the large steps of a run.
class context {
public:
    explicit context(const model &model, std::int32_t threads = 1)
        : model_(model), raw_(model.outputs().size()), outputs_(model.outputs().size()) {
        septum_context *raw = nullptr;
        check(septum_context_create_threaded(model.get(), threads, &raw));
        handle_.reset(raw);
    }

    /// Runs the model on inputs in its order.
    const std::vector<output> &run(std::initializer_list<input> inputs) {
        return run(span<const input>(inputs.begin(), inputs.size()));
    }

    const std::vector<output> &run(span<const input> inputs) {
        given_.clear();
        for (const input &each : inputs) given_.push_back(each.tensor());
        return run_given();
    }

    /// Runs the model on inputs by name, in any order.
    const std::vector<output> &run_named(std::initializer_list<named_input> inputs) {
        const std::size_t count = model_.inputs().size();
        if (inputs.size() != count) {
            throw error(SEPTUM_INVALID_INPUT, "found " + std::to_string(inputs.size()) + " inputs, the model has " +
                                                  std::to_string(count));
        }
        given_.assign(count, septum_tensor{nullptr, SEPTUM_NO_TENSOR, 0, nullptr, nullptr});
        for (const named_input &each : inputs) {
            septum_tensor &place = given_[model_.input_index(each.name)];
            if (place.type != SEPTUM_NO_TENSOR) {
                throw error(SEPTUM_INVALID_INPUT, std::string("input '") + each.name + "' is given twice");
            }
            place = each.value.tensor();
        }
        return run_given();
    }

    /// Gives an input its place, which run_bound reads anew each time: the elements must stay there.
    void bind(const std::string &name, const input &value) {
        const septum_tensor tensor = value.tensor();
        check(septum_bind(handle_.get(), name.c_str(), &tensor));
    }

    /// Runs the model on what was bound to each of its inputs.
    const std::vector<output> &run_bound() {
        check(septum_run_bound(handle_.get(), raw_.data(), static_cast<std::int32_t>(raw_.size())));
        return taken();
    }

    /// Runs the model on rows of different lengths and gives the results in their order.
    const std::vector<jagged_output> &run_jagged(std::initializer_list<jagged_input> inputs) {
        return run_jagged(span<const jagged_input>(inputs.begin(), inputs.size()));
    }

    const std::vector<jagged_output> &run_jagged(span<const jagged_input> inputs) {
        std::vector<septum_jagged> given, made(raw_.size());
        std::int64_t rows = 0;
        for (const jagged_input &each : inputs) {
            if (!given.empty() && each.rows() != rows) {
                throw error(SEPTUM_INVALID_INPUT, "found inputs of " + std::to_string(rows) + " and of " +
                                                      std::to_string(each.rows()) + " rows");
            }
            rows = each.rows();
            given.push_back(each.tensor());
        }
        check(septum_run_jagged(handle_.get(), rows, given.data(), static_cast<std::int32_t>(given.size()), made.data(),
                                static_cast<std::int32_t>(made.size())));
        jagged_outputs_.clear();
        for (const septum_jagged &each : made) jagged_outputs_.emplace_back(each, rows);
        return jagged_outputs_;
    }

    /// Takes columns of events through the model's input contract and the model, as `septum run` does, to the same bits.
    const std::vector<scored_column> &score(std::initializer_list<column> columns) {
        return score(span<const column>(columns.begin(), columns.size()));
    }

    const std::vector<scored_column> &score(span<const column> columns) {
        std::vector<septum_column> given;
        std::size_t events = 0;
        for (const column &each : columns) {
            if (!given.empty() && each.events() != events) {
                throw error(SEPTUM_INVALID_INPUT, std::string("column '") + each.name() + "' has " +
                                                      std::to_string(each.events()) + " events, those before have " +
                                                      std::to_string(events));
            }
            events = each.events();
            given.push_back(each.raw());
        }
        const septum_column *made = nullptr;
        std::int32_t count = 0;
        check(septum_score(handle_.get(), static_cast<std::int64_t>(events), given.data(),
                           static_cast<std::int32_t>(given.size()), &made, &count));
        scored_.clear();
        for (std::int32_t i = 0; i < count; ++i) {
            const std::size_t size = made[i].offsets ? events + 1 : 0;
            scored_.push_back({made[i].name, output(made[i].values), {made[i].offsets, size}});
        }
        return scored_;
    }

private:
    struct deleter { void operator()(septum_context *raw) const noexcept { septum_context_free(raw); } };

    const std::vector<output> &run_given() {
        check(septum_run(handle_.get(), given_.data(), static_cast<std::int32_t>(given_.size()), raw_.data(),
                         static_cast<std::int32_t>(raw_.size())));
        return taken();
    }

    const std::vector<output> &taken() {
        for (std::size_t i = 0; i < raw_.size(); ++i) outputs_[i] = output(raw_[i]);
        return outputs_;
    }

    model model_;
    std::unique_ptr<septum_context, deleter> handle_;
    std::vector<septum_tensor> given_, raw_;
    std::vector<output> outputs_;
    std::vector<jagged_output> jagged_outputs_;
    std::vector<scored_column> scored_;
};

/// Contexts for threads that the caller does not number: each call of take() gives one that nobody else uses.
class contexts {
public:
    explicit contexts(const model &model) : model_(model) {}

    /// A context until the end of its scope, when it goes back to wait for the next taker.
    class lease {
    public:
        lease(lease &&) noexcept = default;
        lease(const lease &) = delete;
        lease &operator=(const lease &) = delete;
        lease &operator=(lease &&) = delete;
        ~lease() { if (context_) owner_->give_back(std::move(context_)); }
        context &operator*() const noexcept { return *context_; }
        context *operator->() const noexcept { return context_.get(); }

    private:
        friend class contexts;
        lease(const contexts *owner, std::unique_ptr<context> context) noexcept : owner_(owner), context_(std::move(context)) {}
        const contexts *owner_;
        std::unique_ptr<context> context_;
    };

    /// Waits for nobody; makes a context when none is idle. Any thread may call it.
    lease take() const {
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            if (!idle_.empty()) {
                std::unique_ptr<context> found = std::move(idle_.back());
                idle_.pop_back();
                return lease(this, std::move(found));
            }
            idle_.reserve(++made_);
        }
        return lease(this, std::make_unique<context>(model_));
    }

    const model &source() const noexcept { return model_; }

private:
    void give_back(std::unique_ptr<context> context) const noexcept {
        const std::lock_guard<std::mutex> guard(mutex_);
        idle_.push_back(std::move(context));  // there is room for each context made
    }

    model model_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<context>> idle_;
    mutable std::size_t made_ = 0;
};

/// Reads a model of any known format and writes it in the format that the suffix of the destination names.
inline void convert(const std::string &source, const std::string &destination) {
    check(septum_convert(source.c_str(), destination.c_str()));
}

}  // namespace septum

#endif

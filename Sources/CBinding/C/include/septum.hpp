// Septum for C++17: the C interface with owners, spans and exceptions.
//
//     septum::model model("tagger.onnx");
//     septum::context context(model);          // one a thread
//     auto outputs = context.run({{features, {jets, 16}}});
//     septum::span<const float> scores = outputs[0].data<float>();
#ifndef SEPTUM_HPP
#define SEPTUM_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "septum.h"

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

/// Elements to run a model on, with their shape; the elements must stay where they are until the run is over.
class input {
public:
    static constexpr std::size_t max_rank = 8;

    template <class C, class T = std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<const C &>().data())>>>
    input(const C &elements, std::initializer_list<std::int64_t> shape) : input(elements.data(), elements.size(), shape) {}

    template <class T> input(const T *data, std::size_t size, std::initializer_list<std::int64_t> shape) {
        if (shape.size() > max_rank) throw error(SEPTUM_INVALID_INPUT, "an input has more than 8 dimensions");
        std::size_t count = 1;
        for (std::int64_t dimension : shape) {
            dims_[rank_++] = dimension;
            count *= static_cast<std::size_t>(dimension);
        }
        if (count != size) throw error(SEPTUM_INVALID_INPUT, "an input has another number of elements than its shape");
        data_ = data;
        type_ = type_of<T>::value;
    }

    septum_tensor tensor() const noexcept { return {data_, type_, rank_, dims_.data(), nullptr}; }

private:
    const void *data_ = nullptr;
    septum_type type_ = SEPTUM_NO_TENSOR;
    std::int32_t rank_ = 0;
    std::array<std::int64_t, max_rank> dims_{};
};

/// A result; it belongs to the context and holds until the context's next run.
class output {
public:
    output() noexcept : tensor_{nullptr, SEPTUM_NO_TENSOR, 0, nullptr, nullptr} {}

    septum_type type() const noexcept { return tensor_.type; }
    span<const std::int64_t> shape() const noexcept { return {tensor_.dims, static_cast<std::size_t>(tensor_.rank)}; }

    std::size_t size() const noexcept {
        std::size_t count = 1;
        for (std::int64_t dimension : shape()) count *= static_cast<std::size_t>(dimension);
        return count;
    }

    /// The elements, row-major; throws when they are of another type.
    template <class T> span<const T> data() const {
        if (tensor_.type != type_of<T>::value) throw error(SEPTUM_INVALID_INPUT, "an output holds elements of another type");
        return {static_cast<const T *>(tensor_.data), size()};
    }

private:
    friend class context;
    septum_tensor tensor_;
};

/// An input or output of a model: dims are -1 where they depend on the inputs, symbols then say what they are called.
struct port {
    std::string name;
    septum_type type;
    bool has_rank;
    std::vector<std::int64_t> dims;
    std::vector<std::string> symbols;
};

/// A model, shared by all threads.
class model {
public:
    explicit model(const std::string &path) {
        septum_model *raw = nullptr;
        check(septum_model_load(path.c_str(), &raw));
        handle_.reset(raw, septum_model_free);
        for (std::int32_t i = 0; i < septum_model_input_count(raw); ++i) inputs_.push_back(describe(septum_model_input, i));
        for (std::int32_t i = 0; i < septum_model_output_count(raw); ++i) outputs_.push_back(describe(septum_model_output, i));
    }

    const std::vector<port> &inputs() const noexcept { return inputs_; }
    const std::vector<port> &outputs() const noexcept { return outputs_; }
    const septum_model *get() const noexcept { return handle_.get(); }

private:
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

    std::shared_ptr<septum_model> handle_;
    std::vector<port> inputs_, outputs_;
};

/// The working memory of one thread; with `threads` above one, others of its own share the large steps of a run.
class context {
public:
    explicit context(const model &model, std::int32_t threads = 1) : raw_(model.outputs().size()), outputs_(model.outputs().size()) {
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
        check(septum_run(handle_.get(), given_.data(), static_cast<std::int32_t>(given_.size()), raw_.data(),
                         static_cast<std::int32_t>(raw_.size())));
        for (std::size_t i = 0; i < raw_.size(); ++i) outputs_[i].tensor_ = raw_[i];
        return outputs_;
    }

private:
    struct deleter { void operator()(septum_context *raw) const noexcept { septum_context_free(raw); } };
    std::unique_ptr<septum_context, deleter> handle_;
    std::vector<septum_tensor> given_, raw_;
    std::vector<output> outputs_;
};

/// Reads a model of any known format and writes it in the format that the suffix of the destination names.
inline void convert(const std::string &source, const std::string &destination) {
    check(septum_convert(source.c_str(), destination.c_str()));
}

}  // namespace septum

#endif

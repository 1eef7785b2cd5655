#include "CSeptumONNX.h"

#include "scan.h"

#include <climits>
#include <cstdio>
#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/reflection.h>
#include <google/protobuf/unknown_field_set.h>
#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

struct SeptumONNXDocument {
    // A message under a field that the schema does not know is written into its parent at the end.
    struct Late {
        pb::Message *parent;
        int32_t field;
        pb::Message *child;
    };
    pb::Arena arena;
    pb::Message *root = nullptr;
    std::vector<Late> late;
};

namespace {

constexpr int recursionLimit = 100;

const pb::Message *of(const SeptumONNXMessage *message) { return reinterpret_cast<const pb::Message *>(message); }
pb::Message *of(SeptumONNXMessage *message) { return reinterpret_cast<pb::Message *>(message); }
SeptumONNXMessage *handle(pb::Message *message) { return reinterpret_cast<SeptumONNXMessage *>(message); }

template <class Body, class Result> Result guarded(Result failure, Body body) {
    try {
        return body();
    } catch (...) {
        return failure;
    }
}

pb::Message *make(SeptumONNXKind kind, pb::Arena *arena) {
    switch (kind) {
    case SeptumONNXModel: return pb::Arena::CreateMessage<onnx::ModelProto>(arena);
    case SeptumONNXAttribute: return pb::Arena::CreateMessage<onnx::AttributeProto>(arena);
    case SeptumONNXEntry: return pb::Arena::CreateMessage<onnx::StringStringEntryProto>(arena);
    case SeptumONNXTensor: return pb::Arena::CreateMessage<onnx::TensorProto>(arena);
    case SeptumONNXValueInfo: return pb::Arena::CreateMessage<onnx::ValueInfoProto>(arena);
    }
    return nullptr;
}

septum::Scope scope(SeptumONNXKind kind) {
    switch (kind) {
    case SeptumONNXModel: return septum::Scope::model;
    case SeptumONNXAttribute: return septum::Scope::attribute;
    case SeptumONNXTensor: return septum::Scope::tensor;
    default: return septum::Scope::other;
    }
}

bool parse(pb::Message *message, const std::string &bytes) {
    if (bytes.size() > INT_MAX) return false;
    pb::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()), int(bytes.size()));
    stream.SetRecursionLimit(recursionLimit);
    return message->MergeFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

const Field *known(const pb::Message *message, int32_t field) { return message->GetDescriptor()->FindFieldByNumber(field); }

bool isPresent(const pb::Message *message, const Field *field) {
    return field && !field->is_repeated() && message->GetReflection()->HasField(*message, field);
}

// The `index`-th value of an unknown field of the given wire type.
const pb::UnknownField *unknown(const pb::Message *message, int32_t field, pb::UnknownField::Type type, size_t index) {
    const pb::UnknownFieldSet &set = message->GetReflection()->GetUnknownFields(*message);
    for (int i = 0; i < set.field_count(); i++)
        if (set.field(i).number() == field && set.field(i).type() == type && index-- == 0) return &set.field(i);
    return nullptr;
}

pb::UnknownFieldSet *unknowns(pb::Message *message) { return message->GetReflection()->MutableUnknownFields(message); }

template <class T> bool copyElements(const pb::Message *message, const Field *field, void *target, size_t count) {
    const auto values = message->GetReflection()->GetRepeatedFieldRef<T>(*message, field);
    if (size_t(values.size()) != count) return false;
    for (size_t i = 0; i < count; i++) static_cast<T *>(target)[i] = values.Get(int(i));
    return true;
}

template <class T> bool addElements(pb::Message *message, const Field *field, const void *source, size_t count) {
    if (count > INT_MAX / sizeof(T)) return false;
    const auto values = message->GetReflection()->GetMutableRepeatedFieldRef<T>(message, field);
    for (size_t i = 0; i < count; i++) values.Add(static_cast<const T *>(source)[i]);
    return true;
}

}  // namespace

extern "C" {

SeptumONNXDocument *septum_onnx_parse(SeptumONNXKind kind, const void *bytes, size_t count, char *error, size_t capacity) {
    SeptumONNXDocument *document = septum_onnx_create(kind);
    const char *reason = "no memory";
    size_t position = 0;
    const bool isParsed = document && guarded(false, [&] {
        std::string copy;
        reason = "not a well-formed protobuf message";
        if (!septum::skeleton(scope(kind), static_cast<const uint8_t *>(bytes), count, copy, position)) return false;
        reason = "not an ONNX message";
        position = 0;
        return parse(document->root, copy);
    });
    if (isParsed) return document;
    septum_onnx_destroy(document);
    if (capacity > 0) {
        if (position > 0) snprintf(error, capacity, "%s (at byte %zu)", reason, position);
        else snprintf(error, capacity, "%s", reason);
    }
    return nullptr;
}

SeptumONNXDocument *septum_onnx_create(SeptumONNXKind kind) {
    return guarded(static_cast<SeptumONNXDocument *>(nullptr), [&] {
        auto *document = new SeptumONNXDocument;
        document->root = make(kind, &document->arena);
        return document;
    });
}

void septum_onnx_destroy(SeptumONNXDocument *document) { delete document; }

SeptumONNXMessage *septum_onnx_root(SeptumONNXDocument *document) { return handle(document->root); }

size_t septum_onnx_count(const SeptumONNXMessage *message, int32_t number) {
    return guarded(size_t(0), [&]() -> size_t {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        if (field && field->is_repeated()) return size_t(reflection->FieldSize(*of(message), field));
        if (field && reflection->HasField(*of(message), field)) return 1;
        size_t count = 0;
        const pb::UnknownFieldSet &set = reflection->GetUnknownFields(*of(message));
        for (int i = 0; i < set.field_count(); i++) count += set.field(i).number() == number;
        return count;
    });
}

bool septum_onnx_integer(const SeptumONNXMessage *message, int32_t number, int64_t *value) {
    return guarded(false, [&] {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        if (isPresent(of(message), field)) {
            switch (field->cpp_type()) {
            case Field::CPPTYPE_INT64: *value = reflection->GetInt64(*of(message), field); return true;
            case Field::CPPTYPE_INT32: *value = reflection->GetInt32(*of(message), field); return true;
            case Field::CPPTYPE_ENUM: *value = reflection->GetEnumValue(*of(message), field); return true;
            default: return false;
            }
        }
        if (const auto *found = unknown(of(message), number, pb::UnknownField::TYPE_VARINT, 0)) {
            *value = int64_t(found->varint());
            return true;
        }
        if (const auto *found = unknown(of(message), number, pb::UnknownField::TYPE_FIXED64, 0)) {
            *value = int64_t(found->fixed64());
            return true;
        }
        return false;
    });
}

bool septum_onnx_float(const SeptumONNXMessage *message, int32_t number, float *value) {
    return guarded(false, [&] {
        const Field *field = known(of(message), number);
        if (!isPresent(of(message), field) || field->cpp_type() != Field::CPPTYPE_FLOAT) return false;
        *value = of(message)->GetReflection()->GetFloat(*of(message), field);
        return true;
    });
}

bool septum_onnx_bytes(const SeptumONNXMessage *message, int32_t number, size_t index, SeptumONNXBytes *value) {
    return guarded(false, [&] {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        const std::string *found = nullptr;
        std::string unused;
        if (!field) {
            const auto *late = unknown(of(message), number, pb::UnknownField::TYPE_LENGTH_DELIMITED, index);
            if (late) found = &late->length_delimited();
        } else if (field->cpp_type() == Field::CPPTYPE_STRING && index < septum_onnx_count(message, number)) {
            found = field->is_repeated()
                ? &reflection->GetRepeatedStringReference(*of(message), field, int(index), &unused)
                : &reflection->GetStringReference(*of(message), field, &unused);
        }
        if (!found || found == &unused) return false;
        *value = {found->data(), found->size()};
        return true;
    });
}

SeptumONNXMessage *septum_onnx_child(
    SeptumONNXDocument *document, const SeptumONNXMessage *message, int32_t number, size_t index, SeptumONNXKind kind) {
    return guarded(static_cast<SeptumONNXMessage *>(nullptr), [&]() -> SeptumONNXMessage * {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        if (!field) {
            const auto *found = unknown(of(message), number, pb::UnknownField::TYPE_LENGTH_DELIMITED, index);
            pb::Message *child = found ? make(kind, &document->arena) : nullptr;
            return child && parse(child, found->length_delimited()) ? handle(child) : nullptr;
        }
        if (field->cpp_type() != Field::CPPTYPE_MESSAGE || index >= septum_onnx_count(message, number)) return nullptr;
        const pb::Message &child = field->is_repeated() ? reflection->GetRepeatedMessage(*of(message), field, int(index))
                                                        : reflection->GetMessage(*of(message), field);
        return handle(const_cast<pb::Message *>(&child));
    });
}

bool septum_onnx_elements(const SeptumONNXMessage *message, int32_t number, void *target, size_t count, size_t width) {
    return guarded(false, [&] {
        const Field *field = known(of(message), number);
        if (!field || !field->is_repeated()) return false;
        switch (field->cpp_type()) {
        case Field::CPPTYPE_INT64: return width == 8 && copyElements<int64_t>(of(message), field, target, count);
        case Field::CPPTYPE_UINT64: return width == 8 && copyElements<uint64_t>(of(message), field, target, count);
        case Field::CPPTYPE_DOUBLE: return width == 8 && copyElements<double>(of(message), field, target, count);
        case Field::CPPTYPE_INT32: return width == 4 && copyElements<int32_t>(of(message), field, target, count);
        case Field::CPPTYPE_FLOAT: return width == 4 && copyElements<float>(of(message), field, target, count);
        default: return false;
        }
    });
}

bool septum_onnx_add_integer(SeptumONNXMessage *message, int32_t number, int64_t value) {
    return guarded(false, [&] {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        if (!field) {
            unknowns(of(message))->AddVarint(number, uint64_t(value));
            return true;
        }
        if (field->is_repeated()) return false;
        switch (field->cpp_type()) {
        case Field::CPPTYPE_INT64: reflection->SetInt64(of(message), field, value); return true;
        case Field::CPPTYPE_INT32: reflection->SetInt32(of(message), field, int32_t(value)); return true;
        case Field::CPPTYPE_ENUM: reflection->SetEnumValue(of(message), field, int(value)); return true;
        default: return false;
        }
    });
}

bool septum_onnx_add_float(SeptumONNXMessage *message, int32_t number, float value) {
    return guarded(false, [&] {
        const Field *field = known(of(message), number);
        if (!field || field->is_repeated() || field->cpp_type() != Field::CPPTYPE_FLOAT) return false;
        of(message)->GetReflection()->SetFloat(of(message), field, value);
        return true;
    });
}

bool septum_onnx_add_bytes(SeptumONNXMessage *message, int32_t number, const void *bytes, size_t count) {
    return guarded(false, [&] {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        if (field && field->cpp_type() != Field::CPPTYPE_STRING) return false;
        std::string value(static_cast<const char *>(bytes), count);
        if (!field) unknowns(of(message))->AddLengthDelimited(number, value);
        else if (field->is_repeated()) reflection->AddString(of(message), field, std::move(value));
        else reflection->SetString(of(message), field, std::move(value));
        return true;
    });
}

SeptumONNXMessage *septum_onnx_add_child(
    SeptumONNXDocument *document, SeptumONNXMessage *message, int32_t number, SeptumONNXKind kind) {
    return guarded(static_cast<SeptumONNXMessage *>(nullptr), [&]() -> SeptumONNXMessage * {
        const pb::Reflection *reflection = of(message)->GetReflection();
        const Field *field = known(of(message), number);
        if (!field) {
            // Its own content is written when the document is finished, so nothing in it may be late too.
            for (const auto &late : document->late)
                if (late.child == of(message)) return nullptr;
            document->late.push_back({of(message), number, make(kind, &document->arena)});
            return handle(document->late.back().child);
        }
        if (field->cpp_type() != Field::CPPTYPE_MESSAGE) return nullptr;
        return handle(
            field->is_repeated() ? reflection->AddMessage(of(message), field) : reflection->MutableMessage(of(message), field));
    });
}

bool septum_onnx_add_elements(SeptumONNXMessage *message, int32_t number, const void *source, size_t count, size_t width) {
    return guarded(false, [&] {
        const Field *field = known(of(message), number);
        if (!field || !field->is_repeated()) return false;
        switch (field->cpp_type()) {
        case Field::CPPTYPE_INT64: return width == 8 && addElements<int64_t>(of(message), field, source, count);
        case Field::CPPTYPE_UINT64: return width == 8 && addElements<uint64_t>(of(message), field, source, count);
        case Field::CPPTYPE_DOUBLE: return width == 8 && addElements<double>(of(message), field, source, count);
        case Field::CPPTYPE_INT32: return width == 4 && addElements<int32_t>(of(message), field, source, count);
        case Field::CPPTYPE_FLOAT: return width == 4 && addElements<float>(of(message), field, source, count);
        default: return false;
        }
    });
}

size_t septum_onnx_finish(SeptumONNXDocument *document) {
    return guarded(size_t(0), [&]() -> size_t {
        for (const auto &late : document->late)
            unknowns(late.parent)->AddLengthDelimited(late.field, late.child->SerializeAsString());
        document->late.clear();
        const size_t count = document->root->ByteSizeLong();
        return count > INT_MAX ? 0 : count;
    });
}

bool septum_onnx_serialize(const SeptumONNXDocument *document, void *bytes, size_t count) {
    return guarded(false, [&] { return document->root->SerializeToArray(bytes, int(count)); });
}

bool septum_onnx_write(const SeptumONNXDocument *document, int descriptor) {
    return guarded(false, [&] {
        pb::io::FileOutputStream stream(descriptor);
        return document->root->SerializeToZeroCopyStream(&stream) && stream.Flush();
    });
}

}  // extern "C"

// ONNX's protobuf messages as plain C: read and written field by field, by the numbers of onnx.proto.
//
// Every accessor checks the field's kind against the message and answers "absent" for what does not fit. No C++ exception
// leaves. Fields that the installed schema is too old to know are kept and answered for like the others.
#ifndef CSEPTUM_ONNX_H
#define CSEPTUM_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SeptumONNXDocument SeptumONNXDocument;
typedef struct SeptumONNXMessage SeptumONNXMessage;

typedef enum {
    SeptumONNXModel,
    SeptumONNXAttribute,
    SeptumONNXEntry,
    SeptumONNXTensor,
    SeptumONNXValueInfo,
} SeptumONNXKind;

// Bytes that stay valid as long as the document is unchanged.
typedef struct {
    const void *data;
    size_t count;
} SeptumONNXBytes;

// Raw tensor data from this size on is not copied: the tensor gets the two fields below instead of its raw data.
enum { SeptumONNXLargeData = 1024 };
// Where the raw data of a tensor lies in the parsed bytes, and its size; fixed64, outside the numbers that ONNX uses.
enum { SeptumONNXDataOffset = 100000001, SeptumONNXDataCount = 100000002 };

// Parses a message; nil with a text in `error` when the bytes are none. `kind` is the kind of the root.
SeptumONNXDocument *septum_onnx_parse(SeptumONNXKind kind, const void *bytes, size_t count, char *error, size_t capacity);
// An empty message; nil when there is no memory.
SeptumONNXDocument *septum_onnx_create(SeptumONNXKind kind);
void septum_onnx_destroy(SeptumONNXDocument *document);
SeptumONNXMessage *septum_onnx_root(SeptumONNXDocument *document);

// How many values a field has: 0 or 1 for a field that is not repeated.
size_t septum_onnx_count(const SeptumONNXMessage *message, int32_t field);
// Reads one value; false when there is none of that kind.
bool septum_onnx_integer(const SeptumONNXMessage *message, int32_t field, int64_t *value);
bool septum_onnx_float(const SeptumONNXMessage *message, int32_t field, float *value);
bool septum_onnx_bytes(const SeptumONNXMessage *message, int32_t field, size_t index, SeptumONNXBytes *value);
// A nested message; nil when there is none. `kind` says what it is when the installed schema does not know the field.
SeptumONNXMessage *septum_onnx_child(
    SeptumONNXDocument *document, const SeptumONNXMessage *message, int32_t field, size_t index, SeptumONNXKind kind);
// Copies all `count` elements of a repeated field of numbers that are `width` bytes wide.
bool septum_onnx_elements(const SeptumONNXMessage *message, int32_t field, void *target, size_t count, size_t width);

// Sets a field, or adds a value to a repeated one; false when it is not of that kind or there is no memory.
bool septum_onnx_add_integer(SeptumONNXMessage *message, int32_t field, int64_t value);
bool septum_onnx_add_float(SeptumONNXMessage *message, int32_t field, float value);
bool septum_onnx_add_bytes(SeptumONNXMessage *message, int32_t field, const void *bytes, size_t count);
SeptumONNXMessage *septum_onnx_add_child(
    SeptumONNXDocument *document, SeptumONNXMessage *message, int32_t field, SeptumONNXKind kind);
// Adds elements, each `width` bytes wide, to a repeated field of numbers.
bool septum_onnx_add_elements(SeptumONNXMessage *message, int32_t field, const void *elements, size_t count, size_t width);

// Finishes the document and returns its size in bytes; 0 when it is beyond the 2 GiB that protobuf can hold.
size_t septum_onnx_finish(SeptumONNXDocument *document);
// Writes a finished document to memory of that size, or to an open file.
bool septum_onnx_serialize(const SeptumONNXDocument *document, void *bytes, size_t count);
bool septum_onnx_write(const SeptumONNXDocument *document, int descriptor);

#ifdef __cplusplus
}
#endif
#endif

#include "scan.h"

#include "CSeptumONNX.h"

namespace septum {
namespace {

// Where tensors can be; numbers from https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto
struct Path {
    Scope parent;
    uint64_t field;
    Scope child;
};
constexpr Path paths[] = {
    {Scope::model, 7, Scope::graph},         {Scope::model, 25, Scope::function},  {Scope::function, 7, Scope::node},
    {Scope::function, 11, Scope::attribute}, {Scope::graph, 1, Scope::node},       {Scope::graph, 5, Scope::tensor},
    {Scope::graph, 15, Scope::sparse},       {Scope::node, 5, Scope::attribute},   {Scope::attribute, 5, Scope::tensor},
    {Scope::attribute, 6, Scope::graph},     {Scope::attribute, 10, Scope::tensor}, {Scope::attribute, 11, Scope::graph},
    {Scope::attribute, 22, Scope::sparse},   {Scope::attribute, 23, Scope::sparse}, {Scope::sparse, 1, Scope::tensor},
    {Scope::sparse, 2, Scope::tensor},
};
constexpr uint64_t rawData = 9;
constexpr int depthLimit = 100;

Scope child(Scope parent, uint64_t field) {
    for (const Path &path : paths)
        if (path.parent == parent && path.field == field) return path.child;
    return Scope::other;
}

struct Cursor {
    const uint8_t *start, *next, *end;

    size_t left() const { return size_t(end - next); }

    bool varint(uint64_t &value) {
        value = 0;
        for (int shift = 0; shift < 70 && next < end; shift += 7) {
            const uint8_t byte = *next++;
            if (shift < 64) value |= uint64_t(byte & 127) << shift;
            if (byte < 128) return true;
        }
        return false;
    }

    // Skips the payload of a field; sets its place for a length-delimited one.
    bool skip(uint64_t wire, const uint8_t *&payload, uint64_t &count) {
        payload = next;
        switch (wire) {
        case 0: return varint(count);
        case 1: count = 8; break;
        case 2:
            if (!varint(count)) return false;
            payload = next;
            break;
        case 5: count = 4; break;
        default: return false;
        }
        if (count > left()) return false;
        next += count;
        return true;
    }
};

void put(std::string &out, uint64_t value) {
    for (; value > 127; value >>= 7) out.push_back(char(value | 128));
    out.push_back(char(value));
}

void putFixed(std::string &out, uint64_t field, uint64_t value) {
    put(out, field << 3 | 1);
    for (int shift = 0; shift < 64; shift += 8) out.push_back(char(value >> shift));
}

bool copyFields(Scope scope, Cursor &cursor, std::string &out, int depth) {
    if (depth > depthLimit) return false;
    while (cursor.next < cursor.end) {
        const uint8_t *field = cursor.next, *payload = nullptr;
        uint64_t tag = 0, count = 0;
        if (!cursor.varint(tag) || !cursor.skip(tag & 7, payload, count)) return false;
        const bool isLarge = (tag & 7) == 2 && count >= SeptumONNXLargeData;
        const Scope inner = isLarge ? child(scope, tag >> 3) : Scope::other;
        if (isLarge && scope == Scope::tensor && tag >> 3 == rawData) {
            putFixed(out, SeptumONNXDataOffset, uint64_t(payload - cursor.start));
            putFixed(out, SeptumONNXDataCount, count);
        } else if (inner != Scope::other) {
            std::string body;
            Cursor nested{cursor.start, payload, payload + count};
            if (!copyFields(inner, nested, body, depth + 1)) {
                cursor.next = nested.next;
                return false;
            }
            put(out, tag);
            put(out, body.size());
            out += body;
        } else {
            out.append(reinterpret_cast<const char *>(field), size_t(cursor.next - field));
        }
    }
    return true;
}

}  // namespace

bool skeleton(Scope scope, const uint8_t *bytes, size_t count, std::string &copy, size_t &position) {
    Cursor cursor{bytes, bytes, bytes + count};
    const bool isWellFormed = copyFields(scope, cursor, copy, 0);
    position = size_t(cursor.next - bytes);
    return isWellFormed;
}

}  // namespace septum

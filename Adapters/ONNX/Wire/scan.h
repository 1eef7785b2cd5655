// A copy of an ONNX message in which large raw tensor data is replaced by its place in the original bytes.
#ifndef SEPTUM_ONNX_SCAN_H
#define SEPTUM_ONNX_SCAN_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace septum {

enum class Scope : uint8_t { model, function, graph, node, attribute, sparse, tensor, other };

// False when the bytes are not well formed down to the tensors; `position` is then where.
bool skeleton(Scope scope, const uint8_t *bytes, size_t count, std::string &copy, size_t &position);

}  // namespace septum
#endif

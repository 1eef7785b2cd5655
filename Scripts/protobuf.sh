#!/usr/bin/env bash
# protobuf.sh FOLDER: makes FOLDER/libseptum-protobuf.a, protobuf's runtime and ONNX's messages to be hidden in a shared library.
#
# Debian's libprotobuf.a cannot be linked into one, and libprotobuf.so would meet other versions in programs that have their own.
# The runtime is compiled from protobuf's source of the installed headers' version; the messages follow the schema inside the
# installed libonnx_proto, so that they match its headers.
set -euo pipefail
version=3.21.12 checksum=930c2c3b5ecc6c9c12615cf5ad93f1cd6e12d0aba862b572e076259970ac3a53

fail() { echo "protobuf: $*" >&2; exit 1; }

mkdir -p "$1"
cd "$1"
[ ! -e libseptum-protobuf.a ] || exit 0
found=$(pkg-config --modversion protobuf) || fail "libprotobuf-dev is missing"
[ "$found" = $version ] || fail "the headers are of version $found, expected $version: set a library of your own by PROTOBUF="
# The source lies beside the package, on the mirror that apt uses.
package=$(apt-get --print-uris download libprotobuf-dev | cut -d"'" -f2)
address=${package%/*}/protobuf_$version.orig.tar.gz
curl -fsSL --retry 3 -o source.tar.gz "$address" || fail "$address cannot be fetched"
echo "$checksum  source.tar.gz" | sha256sum --check --status || fail "$address has another content than expected"
rm -rf source objects
mkdir source objects
tar -xzf source.tar.gz -C source --strip-components 1 --wildcards '*/src/google/protobuf/*.cc' '*/src/google/protobuf/*.h' \
    '*/src/google/protobuf/*.inc'

cat >schema.cpp <<'END'
#include <google/protobuf/descriptor.pb.h>
#include <iostream>
#include <onnx/onnx_pb.h>
int main() {
    google::protobuf::FileDescriptorSet files;
    onnx::ModelProto::descriptor()->file()->CopyTo(files.add_file());
    return files.SerializeToOstream(&std::cout) ? 0 : 1;
}
END
onnx=(-DONNX_ML=1 -DONNX_NAMESPACE=onnx)
g++ "${onnx[@]}" schema.cpp -lonnx_proto -lprotobuf -o schema
./schema >schema.bin
protoc --descriptor_set_in=schema.bin --cpp_out=dllexport_decl=ONNX_API:source/src onnx/onnx-ml.proto
header=$(g++ "${onnx[@]}" -M schema.cpp | tr ' ' '\n' | grep 'onnx/onnx-ml.pb.h')
cmp source/src/onnx/onnx-ml.pb.h "$header" || fail "protoc makes other messages than $header has"

cd source/src
export FLAGS="-std=c++17 -O2 -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -ffunction-sections -fdata-sections -DNDEBUG
    -DHAVE_PTHREAD=1 -w -I."
compile() { g++ $FLAGS -c "$1" -o "../../objects/$(tr / _ <<<"$1").o"; }
export -f compile
ls google/protobuf/*.cc google/protobuf/io/*.cc google/protobuf/stubs/*.cc |
    grep -vE 'unittest|test_|_test|mock|/(gzip_stream|io_win32|printer)\.cc' |
    xargs -P "$(nproc)" -I{} bash -c 'compile {}'
# The messages' header is named as the schema names it; onnx_pb.h defines what its declarations ask for.
g++ $FLAGS "${onnx[@]}" -include onnx/onnx_pb.h -c onnx/onnx-ml.pb.cc -o ../../objects/onnx-ml.pb.o
cd ../..
ar rcs libseptum-protobuf.part objects/*.o
mv libseptum-protobuf.part libseptum-protobuf.a
rm -rf source objects source.tar.gz schema schema.*

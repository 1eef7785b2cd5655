// Only carries the linker flags that pkg-config gives for protobuf.

# find_package(Septum) gives the target Septum::septum, for C and for C++ from 17 on.
get_filename_component(_septum_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET Septum::septum)
  add_library(Septum::septum SHARED IMPORTED)
  set_target_properties(Septum::septum PROPERTIES
    IMPORTED_LOCATION "${_septum_prefix}/lib/libseptum.so.1"
    IMPORTED_SONAME "libseptum.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_septum_prefix}/include")
endif()
unset(_septum_prefix)

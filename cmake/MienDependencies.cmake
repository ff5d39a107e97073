# Where every outside library comes from; the reasons stand in docs/dependencies.md.
include_guard()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Eigen3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(GTest REQUIRED)
find_package(pugixml REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(SQLite3 REQUIRED)

pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# OpenCV: core and imgproc only, named directly so that no other OpenCV module is asked for.
add_library(mien_opencv INTERFACE)
target_include_directories(mien_opencv SYSTEM INTERFACE /usr/include/opencv4)
target_link_libraries(mien_opencv INTERFACE opencv_imgproc opencv_core)
add_library(OpenCV::Imgproc ALIAS mien_opencv)

# ONNX Runtime: the library of npm's onnxruntime-node, headers unpacked by tools/setup.
set(MIEN_NODE_MODULES ${CMAKE_SOURCE_DIR}/node_modules)
set(MIEN_PRIVATE ${CMAKE_SOURCE_DIR}/build/private)
add_library(OnnxRuntime::OnnxRuntime SHARED IMPORTED)
set_target_properties(OnnxRuntime::OnnxRuntime PROPERTIES
  IMPORTED_LOCATION ${MIEN_PRIVATE}/lib/libonnxruntime.so.1
  IMPORTED_SONAME libonnxruntime.so.1
  INTERFACE_INCLUDE_DIRECTORIES ${MIEN_PRIVATE}/include/onnxruntime)

# DuckDB: the library of npm's node bindings, the C header of npm's duckdb.
add_library(DuckDb::DuckDb SHARED IMPORTED)
set_target_properties(DuckDb::DuckDb PROPERTIES
  IMPORTED_LOCATION ${MIEN_PRIVATE}/lib/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${MIEN_PRIVATE}/include/duckdb)

# ONNX graph writing: Debian's own build of onnx.proto (a second copy would make protobuf abort).
find_package(Protobuf REQUIRED)
add_library(mien_onnx_proto INTERFACE)
target_compile_definitions(mien_onnx_proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(mien_onnx_proto INTERFACE onnx_proto protobuf::libprotobuf)
add_library(Onnx::Proto ALIAS mien_onnx_proto)

# FlatBuffers, for TensorFlow Lite's files, and zip archives of them. flatc makes the reader and its verifier.
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
find_program(MIEN_FLATC flatc)
find_path(MIEN_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h)
if(NOT MIEN_FLATC OR NOT MIEN_FLATBUFFERS_INCLUDE)
  message(FATAL_ERROR "FlatBuffers is missing; remedy: install flatbuffers-compiler and libflatbuffers-dev (tools/setup does)")
endif()

# LibTorch, for the program mien-train alone. Named directly: its own configuration adds flags.
find_library(MIEN_TORCH torch)
find_library(MIEN_TORCH_CPU torch_cpu)
find_library(MIEN_C10 c10)
find_path(MIEN_TORCH_INCLUDE torch/types.h PATH_SUFFIXES torch/csrc/api/include)
if(NOT MIEN_TORCH OR NOT MIEN_TORCH_CPU OR NOT MIEN_C10 OR NOT MIEN_TORCH_INCLUDE)
  message(FATAL_ERROR "LibTorch is missing; remedy: install libtorch-dev (tools/setup does)")
endif()
add_library(mien_torch INTERFACE)
target_include_directories(mien_torch SYSTEM INTERFACE ${MIEN_TORCH_INCLUDE})
target_link_libraries(mien_torch INTERFACE ${MIEN_TORCH} ${MIEN_TORCH_CPU} ${MIEN_C10})
add_library(Torch::Torch ALIAS mien_torch)

# The two shared libraries lie beside the program and are found there; installed, in lib/mien.
set(CMAKE_BUILD_RPATH ${MIEN_PRIVATE}/lib)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/mien")
# What is installed finds there too what its libraries need (in the tarball all that Debian has of them): only the
# older of the two kinds of run path holds for the libraries of libraries.
add_library(mien_installed INTERFACE)
target_link_options(mien_installed INTERFACE -Wl,--disable-new-dtags)

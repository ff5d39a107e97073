# One CMake target per room of src/. The links named here are the arrows of docs/architecture.md;
# tools/check_arrows.sh compares them with the #include lines.
#
#   mien_room(NAME face SOURCES detector.cc ... LINKS base model EXTERNAL PkgConfig::OPENCV)
#   mien_test(NAME face_detector_test SOURCES detector_test.cc LINKS face [LABELS fast])
include_guard()

add_library(mien_options INTERFACE)
target_compile_options(mien_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wformat=2
  $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>  # a batch of sources is no header
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # GCC 12 warns falsely about std::string + (its bug 105651)
  -fno-math-errno -ffp-contract=off
  $<$<BOOL:${MIEN_WERROR}>:-Werror>)
# What a memory fault in bytes from outside could be turned into is made harder: docs/threat-model.md.
include(CheckPIESupported)
check_pie_supported()
target_compile_options(mien_options INTERFACE -fstack-protector-strong -fstack-clash-protection
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)  # needs optimisation
target_link_options(mien_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
# Some hundred and fifty programs are linked: LLVM's linker takes a quarter to a sixth of the time of GNU's.
find_program(MIEN_LLD ld.lld)
if(MIEN_LLD)
  target_link_options(mien_options INTERFACE -fuse-ld=lld)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(mien_options INTERFACE -fcf-protection)
endif()
if(MIEN_SANITIZE)
  target_compile_options(mien_options INTERFACE
    -fsanitize=${MIEN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mien_options INTERFACE -fsanitize=${MIEN_SANITIZE})
endif()
if(MIEN_FUZZ)  # the rooms tell libFuzzer which ways a byte takes; tests do not notice
  target_compile_options(mien_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What waits for people or is run once is compiled quickly instead of for speed: verbs and tests.
add_library(mien_quick INTERFACE)
target_compile_options(mien_quick INTERFACE $<$<CONFIG:Release>:-O1>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>  # as mien_trust_lengths tells
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)

# The headers that most files open, read once for all rooms and once for all tests (which are compiled
# for programs instead of libraries, a difference that compilers do not let pass).
# Everybody sees the definitions of their libraries: with others, what was precompiled is not used.
option(MIEN_PRECOMPILE "Precompile the common headers" ON)
target_compile_definitions(mien_options INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
set(MIEN_COMMON_HEADERS
  <algorithm> <array> <chrono> <cmath> <cstdint> <filesystem> <fstream> <functional> <limits> <map> <memory>
  <optional> <set> <span> <string> <string_view> <utility> <vector> <fmt/format.h>
  ${CMAKE_SOURCE_DIR}/src/base/json.h)
function(mien_common_headers NAME TYPE)  # NAME TYPE HEADERS...: the target that others reuse
  set(source ${CMAKE_BINARY_DIR}/${NAME}.cc)
  file(WRITE ${source} "int main() { return 0; }\n")
  if(TYPE STREQUAL "LIBRARY")
    add_library(${NAME} STATIC ${source})
  else()
    add_executable(${NAME} ${source})
  endif()
  target_link_libraries(${NAME} PRIVATE mien_options nlohmann_json::nlohmann_json)
  if(TYPE STREQUAL "PROGRAM")
    target_link_libraries(${NAME} PRIVATE mien_quick GTest::gmock)
  endif()
  # clang instantiates their templates once and not in every source: a sixth of a test's time.
  target_compile_options(${NAME} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-fpch-instantiate-templates>)
  target_precompile_headers(${NAME} PRIVATE ${ARGN})
endfunction()
function(mien_precompile TARGET FROM)
  if(MIEN_PRECOMPILE)
    target_precompile_headers(${TARGET} REUSE_FROM ${FROM})
  endif()
endfunction()
if(MIEN_PRECOMPILE)
  # So that ccache can tell what a precompiled header holds.
  target_compile_options(mien_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  mien_common_headers(mien_room_headers LIBRARY ${MIEN_COMMON_HEADERS})
  mien_common_headers(mien_test_headers PROGRAM ${MIEN_COMMON_HEADERS} <gtest/gtest.h> <gmock/gmock.h>)
endif()

# The sources of a room are compiled a batch at a time, since each opens the same headers and instantiates the
# same templates: what an anonymous namespace holds must have a name of its own in the room. For work on
# a few files, where one source is built quicker than its batch: cmake --preset release -DMIEN_BATCHES=OFF.
option(MIEN_BATCHES "Compile the sources of rooms and tests in batches" ON)
function(mien_batches TARGET)  # TARGET [BY_SUBJECT]
  if(MIEN_BATCHES)
    set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    if("BY_SUBJECT" IN_LIST ARGN)
      set_target_properties(${TARGET} PROPERTIES UNITY_BUILD_MODE GROUP)
    endif()
  endif()
endfunction()

# A room of many sources (BY_SUBJECT) has a folder a subject; mien_subject(ROOM FOLDER SOURCES...) names what is in one,
# which is a batch, and FOLDER/BATCH a part of a large one.
function(mien_subject ROOM SUBJECT)
  string(REGEX REPLACE "/.*" "" folder ${SUBJECT})
  string(REPLACE "/" "_" batch ${SUBJECT})
  list(TRANSFORM ARGN PREPEND ${folder}/)
  target_sources(mien_${ROOM} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} PROPERTIES UNITY_GROUP ${batch})
endfunction()

function(mien_room)
  cmake_parse_arguments(ARG "BY_SUBJECT" "NAME" "SOURCES;LINKS;EXTERNAL" ${ARGN})
  add_library(mien_${ARG_NAME} STATIC ${ARG_SOURCES})
  target_include_directories(mien_${ARG_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(mien_${ARG_NAME} PRIVATE mien_options)
  foreach(link IN LISTS ARG_LINKS)
    target_link_libraries(mien_${ARG_NAME} PUBLIC mien_${link})
  endforeach()
  target_link_libraries(mien_${ARG_NAME} PRIVATE ${ARG_EXTERNAL})
  mien_precompile(mien_${ARG_NAME} mien_room_headers)
  set(subjects "")
  if(ARG_BY_SUBJECT)
    set(subjects BY_SUBJECT)
  endif()
  mien_batches(mien_${ARG_NAME} ${subjects})
endfunction()

# What `tools/build PRESET fast_tests` builds: the tests labelled fast and what they run; room_tests:
# those of the rooms that read bytes from outside, which carry the label `room` too.
add_custom_target(fast_tests)
add_custom_target(room_tests)

# A test executable run as one CTest entry. LABELS: fast (default), slow, browser. COST: those of greater
# cost start first, so that no long one is left to run alone.
# Tests find the source tree, the built program and the optional reference data through
# MIEN_SOURCE_DIR, MIEN_PROGRAM and MIEN_SHARED_DIR (see tests/support/paths.h).
function(mien_test)
  if(NOT MIEN_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT;COST" "SOURCES;LINKS;EXTERNAL;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(MIEN_SANITIZE)  # without optimisation and with every access looked at
    math(EXPR ARG_TIMEOUT "5 * ${ARG_TIMEOUT}")
  endif()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${ARG_NAME} PRIVATE mien_options mien_quick)
  foreach(link IN LISTS ARG_LINKS)
    target_link_libraries(${ARG_NAME} PRIVATE mien_${link})
  endforeach()
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_EXTERNAL} GTest::gmock GTest::gtest_main)
  mien_precompile(${ARG_NAME} mien_test_headers)
  mien_batches(${ARG_NAME})
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  if("fast" IN_LIST ARG_LABELS)
    add_dependencies(fast_tests ${ARG_NAME})
    if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/src/(base|table|context|media|model|store|survey|serve)$")
      add_dependencies(room_tests ${ARG_NAME})
      list(APPEND ARG_LABELS room)
    endif()
  endif()
  if(NOT ARG_COST)
    set(ARG_COST 0)
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} COST ${ARG_COST}
    ENVIRONMENT "MIEN_SOURCE_DIR=${CMAKE_SOURCE_DIR};MIEN_PROGRAM=${CMAKE_BINARY_DIR}/mien;MIEN_SHARED_DIR=${CMAKE_SOURCE_DIR}/../shared")
endfunction()

# GCC 12 warns falsely of what std::string copies where headers are precompiled (its bug 105329): for the
# sources named.
function(mien_trust_lengths)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-Wno-stringop-overflow;-Wno-array-bounds")
  endif()
endfunction()

# GCC 12 warns falsely of uninitialised variants where a sanitizer is built in or much is inlined (its bug
# 105562): for the sources named.
function(mien_trust_initialised)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -Wno-maybe-uninitialized)
  endif()
endfunction()

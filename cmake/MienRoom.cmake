# One CMake target per room of src/. The links named here are the arrows of docs/architecture.md;
# tools/check_arrows.sh compares them with the #include lines.
#
#   mien_room(NAME face SOURCES detector.cc ... LINKS base model EXTERNAL PkgConfig::OPENCV)
#   mien_test(NAME face_detector_test SOURCES detector_test.cc LINKS face [LABELS fast])
include_guard()

add_library(mien_options INTERFACE)
target_compile_options(mien_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wformat=2
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # GCC 12 warns falsely about std::string + (its bug 105651)
  -fno-math-errno -ffp-contract=off
  $<$<BOOL:${MIEN_WERROR}>:-Werror>)
if(MIEN_SANITIZE)
  target_compile_options(mien_options INTERFACE
    -fsanitize=${MIEN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mien_options INTERFACE -fsanitize=${MIEN_SANITIZE})
endif()

function(mien_room)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LINKS;EXTERNAL" ${ARGN})
  add_library(mien_${ARG_NAME} STATIC ${ARG_SOURCES})
  target_include_directories(mien_${ARG_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(mien_${ARG_NAME} PRIVATE mien_options)
  foreach(link IN LISTS ARG_LINKS)
    target_link_libraries(mien_${ARG_NAME} PUBLIC mien_${link})
  endforeach()
  target_link_libraries(mien_${ARG_NAME} PRIVATE ${ARG_EXTERNAL})
endfunction()

# What `tools/build PRESET fast_tests` builds: the tests labelled fast and what they run; room_tests:
# those of them below the pipeline, which carry the label `room` too.
add_custom_target(fast_tests)
add_custom_target(room_tests)

# A test executable run as one CTest entry. LABELS: fast (default), slow, browser.
# Tests find the source tree, the built program and the optional reference data through
# MIEN_SOURCE_DIR, MIEN_PROGRAM and MIEN_SHARED_DIR (see tests/support/paths.h).
function(mien_test)
  if(NOT MIEN_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;LINKS;EXTERNAL;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${ARG_NAME} PRIVATE mien_options)
  foreach(link IN LISTS ARG_LINKS)
    target_link_libraries(${ARG_NAME} PRIVATE mien_${link})
  endforeach()
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_EXTERNAL} GTest::gmock GTest::gtest_main)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  if("fast" IN_LIST ARG_LABELS)
    add_dependencies(fast_tests ${ARG_NAME})
    if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/src/(base|table|stats|media|model|face|expression|store|report)$")
      add_dependencies(room_tests ${ARG_NAME})
      list(APPEND ARG_LABELS room)
    endif()
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "MIEN_SOURCE_DIR=${CMAKE_SOURCE_DIR};MIEN_PROGRAM=${CMAKE_BINARY_DIR}/mien;MIEN_SHARED_DIR=${CMAKE_SOURCE_DIR}/../shared")
endfunction()

# GCC 12 warns falsely of uninitialised variants where a sanitizer is built in (its bug 105562): for
# the sources named.
function(mien_trust_initialised)
  if(MIEN_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -Wno-maybe-uninitialized)
  endif()
endfunction()

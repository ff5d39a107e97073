# What `cmake --install` puts where; docs/install.md tells it to people. Components: program (all that `mien` needs
# beside Debian's libraries), optional (networks that it can do without), training (mien-train, which needs LibTorch),
# library (libmien.so, its header, find_package(mien)), carried (Debian's libraries, for the tarball alone). Every path is relative to the prefix, so that an installed tree
# may be moved.
include_guard()

set(MIEN_MANUAL ${CMAKE_BINARY_DIR}/manual)
set(MIEN_SHARE share/mien)
set(MIEN_DOC share/doc/mien)

# A tree that lacks a network or the pages is not installed.
install(CODE "
  if(NOT EXISTS \"${CMAKE_SOURCE_DIR}/build/web/report.js\")
    message(FATAL_ERROR \"The pages are not built; remedy: tools/build_web\")
  endif()
  if(NOT EXISTS \"${CMAKE_SOURCE_DIR}/build/sbom/licences.md\")
    message(FATAL_ERROR \"The list of licences is not made; remedy: tools/sbom\")
  endif()
  execute_process(COMMAND \"$<TARGET_FILE:mien>\" models verify OUTPUT_VARIABLE verdicts RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR \"\${verdicts}The networks are not whole; remedy: tools/build release\")
  endif()
  file(REMOVE_RECURSE \"${MIEN_MANUAL}\")
  execute_process(COMMAND \"$<TARGET_FILE:mien>\" manual \"${MIEN_MANUAL}\" COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT program)

install(TARGETS mien RUNTIME DESTINATION bin COMPONENT program)
install(PROGRAMS ${MIEN_PRIVATE}/lib/libonnxruntime.so.1 ${MIEN_PRIVATE}/lib/libduckdb.so
  DESTINATION lib/mien COMPONENT program)
install(DIRECTORY models/ DESTINATION ${MIEN_SHARE}/manifests COMPONENT program)
# The networks. Those made from packages of PyPI are optional (tools/optional_models), and large.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS models models/optional models/sentence)
file(GLOB manifests models/*.json models/optional/*.json models/sentence/*.json)
foreach(manifest IN LISTS manifests)
  file(READ ${manifest} text)
  string(JSON id GET "${text}" id)
  string(JSON package ERROR_VARIABLE none GET "${text}" source package)
  set(component program)
  if(package MATCHES "^pypi:")
    set(component optional)
  endif()
  install(DIRECTORY build/models/ DESTINATION ${MIEN_SHARE}/models COMPONENT ${component}
    FILES_MATCHING PATTERN "${id}.*" PATTERN "context_vectors" EXCLUDE)  # a cache
endforeach()
install(DIRECTORY data/ DESTINATION ${MIEN_SHARE}/data COMPONENT program)
install(DIRECTORY build/web/ DESTINATION ${MIEN_SHARE}/web COMPONENT program PATTERN "stamp" EXCLUDE)

install(DIRECTORY ${MIEN_MANUAL}/man ${MIEN_MANUAL}/bash-completion ${MIEN_MANUAL}/zsh ${MIEN_MANUAL}/fish
  DESTINATION share COMPONENT program)
# Debian's zsh looks for packages' completion under another name than everybody's.
install(FILES ${MIEN_MANUAL}/zsh/site-functions/_mien DESTINATION share/zsh/vendor-completions COMPONENT program)
install(FILES cmake/copyright LICENSE README.md SECURITY.md build/sbom/licences.md build/sbom/mien.spdx.json
  DESTINATION ${MIEN_DOC} COMPONENT program)
install(DIRECTORY docs/ DESTINATION ${MIEN_DOC}/docs COMPONENT program)

install(TARGETS mien-train RUNTIME DESTINATION bin COMPONENT training OPTIONAL)
install(FILES cmake/copyright DESTINATION share/doc/mien-train COMPONENT training)
install(FILES cmake/copyright DESTINATION share/doc/mien-optional-models COMPONENT optional)

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/mienConfig.cmake.in ${CMAKE_BINARY_DIR}/mienConfig.cmake
  INSTALL_DESTINATION lib/cmake/mien NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/mienConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS mien_library LIBRARY DESTINATION lib COMPONENT library)
install(FILES src/api/mien.h DESTINATION include/mien COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/mienConfig.cmake ${CMAKE_BINARY_DIR}/mienConfigVersion.cmake
  DESTINATION lib/cmake/mien COMPONENT library)
install(DIRECTORY examples/ DESTINATION ${MIEN_DOC}/examples COMPONENT library)
install(FILES cmake/copyright DESTINATION share/doc/libmien-dev COMPONENT library)

install(CODE "
  execute_process(COMMAND \"${CMAKE_SOURCE_DIR}/tools/carry_libraries\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\" \"$<TARGET_FILE:mien>\" \"$<TARGET_FILE:mien_library>\"
    COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT carried EXCLUDE_FROM_ALL)

# The packages: tools/package.
set(CPACK_PACKAGE_NAME mien)
set(CPACK_PACKAGE_VENDOR "Mien")
set(CPACK_PACKAGE_CONTACT "Mien maintainers <maintainers@mien.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Measures facial expressions in their context, in one video or in millions")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGE_FILE_NAME mien-${PROJECT_VERSION}-Linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_SOURCE_DIR}/cmake/MienPackage.cmake)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)  # xz takes minutes for a percent: networks do not get smaller
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${MIEN_PRIVATE}/lib)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME mien)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "mien-train, mien-optional-models")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libmien-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "mien (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_OPTIONAL_PACKAGE_NAME mien-optional-models)
set(CPACK_DEBIAN_OPTIONAL_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_OPTIONAL_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_TRAINING_PACKAGE_NAME mien-train)
set(CPACK_DEBIAN_OPTIONAL_PACKAGE_DEPENDS "mien (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_TRAINING_PACKAGE_DEPENDS "mien (= ${PROJECT_VERSION})")
include(CPack)
cpack_add_component(program DESCRIPTION "Finds and follows faces, describes their movements, writes tables.
 A label is what raters would call a face, never what a person feels.")
cpack_add_component(optional DESCRIPTION "Networks that Mien can do without: sentences in many languages, objects.")
cpack_add_component(training DESCRIPTION "Fits networks of labels to ratings, for 'mien train expression'.")
cpack_add_component(library DESCRIPTION "Mien as a C++ library: libmien.so, its header and find_package(mien).")

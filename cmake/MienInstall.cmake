# What `cmake --install` puts where; docs/install.md tells it to people. Components: program (all that `mien` needs
# beside Debian's libraries), training (mien-train, which needs LibTorch), carried (Debian's libraries, for the
# tarball alone). Every path is relative to the prefix, so that an installed tree may be moved.
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
install(DIRECTORY build/models/ DESTINATION ${MIEN_SHARE}/models COMPONENT program
  FILES_MATCHING PATTERN "*.onnx" PATTERN "*.json" PATTERN "context_vectors" EXCLUDE)  # a cache
install(DIRECTORY data/ DESTINATION ${MIEN_SHARE}/data COMPONENT program)
install(DIRECTORY build/web/ DESTINATION ${MIEN_SHARE}/web COMPONENT program PATTERN "stamp" EXCLUDE)

install(DIRECTORY ${MIEN_MANUAL}/man ${MIEN_MANUAL}/bash-completion ${MIEN_MANUAL}/zsh ${MIEN_MANUAL}/fish
  DESTINATION share COMPONENT program)
# Debian's zsh looks for packages' completion under another name than everybody's.
install(FILES ${MIEN_MANUAL}/zsh/site-functions/_mien DESTINATION share/zsh/vendor-completions COMPONENT program)
install(FILES LICENSE README.md SECURITY.md build/sbom/licences.md build/sbom/mien.spdx.json
  DESTINATION ${MIEN_DOC} COMPONENT program)
install(DIRECTORY docs/ DESTINATION ${MIEN_DOC}/docs COMPONENT program)

install(TARGETS mien-train RUNTIME DESTINATION bin COMPONENT training OPTIONAL)

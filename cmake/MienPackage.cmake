# Read by CPack for each kind of package: which components it holds. MIEN_PACKAGES, an environment variable, picks
# among the Debian packages (tools/package).
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL program library optional training)
  set(CPACK_COMPONENTS_GROUPING IGNORE)
  if(DEFINED ENV{MIEN_PACKAGES})
    string(REPLACE " " ";" CPACK_COMPONENTS_ALL "$ENV{MIEN_PACKAGES}")
  endif()
else()
  set(CPACK_COMPONENTS_ALL program library carried)
  set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()

# What control/ gets from the build: its version, and the OpenAPI document as code.
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT revision)
  set(revision unknown)
endif()
set_source_files_properties(${CMAKE_SOURCE_DIR}/control/metrics/build_info.cc PROPERTIES
  COMPILE_DEFINITIONS "TEAL_VERSION=\"${PROJECT_VERSION}\";TEAL_REVISION=\"${revision}\";TEAL_COMPILER=\"${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}\"")

set(openapi_source ${CMAKE_BINARY_DIR}/generated/openapi.cc)
add_custom_command(OUTPUT ${openapi_source}
  COMMAND ${CMAKE_COMMAND} -DINPUT=${CMAKE_SOURCE_DIR}/control/api/openapi.json
    -DOUTPUT=${openapi_source} -DHEADER=control/api/openapi.h -DFUNCTION=openapi_document
    -P ${CMAKE_SOURCE_DIR}/cmake/EmbedText.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/control/api/openapi.json ${CMAKE_SOURCE_DIR}/cmake/EmbedText.cmake)
target_sources(teal_control PRIVATE ${openapi_source})

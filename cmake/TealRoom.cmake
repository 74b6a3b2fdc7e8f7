# teal_room(NAME [LINK libs...] [PRIVATE libs...]): the static library teal_NAME of all NAME/*.cc
# (but main.cc), with the project's warnings.

option(TEAL_WERROR "Warnings are errors" ON)
option(TEAL_FUZZ "The fuzz targets only, with libFuzzer (Clang)" OFF)
set(TEAL_SANITIZE "" CACHE STRING "Sanitizers for everything: address;undefined or thread")

add_library(teal_flags INTERFACE)
target_compile_options(teal_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor $<$<BOOL:${TEAL_WERROR}>:-Werror>
  # Both compilers shall ask for the same. Clang counts signedness among the conversions, wants
  # every field named that has a default, and minds what libstdc++ 12 itself calls deprecated.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion -Wno-missing-designated-field-initializers
    -Wno-deprecated-declarations>)
target_include_directories(teal_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(teal_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
if(TEAL_SANITIZE STREQUAL "thread")
  # Asio's fences; what they order is ordered by mutexes that ThreadSanitizer does understand.
  target_compile_options(teal_flags INTERFACE -Wno-tsan)
endif()
if(TEAL_FUZZ)
  target_compile_options(teal_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TEAL_SANITIZE)
  # -O1 and line tables only: the rooms run twice as fast as at -O0, the compiler not much slower.
  # Tests only have to compile: their targets say so by TEAL_QUICK_TO_COMPILE.
  list(JOIN TEAL_SANITIZE "," sanitizers)
  target_compile_options(teal_flags INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1
    $<IF:$<BOOL:$<TARGET_PROPERTY:TEAL_QUICK_TO_COMPILE>>,-O0,-O1>)
  target_link_options(teal_flags INTERFACE -fsanitize=${sanitizers})
endif()

function(teal_room name)
  cmake_parse_arguments(ROOM "" "" "LINK;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(NOT sources)
    add_library(teal_${name} INTERFACE)
    target_link_libraries(teal_${name} INTERFACE teal_flags ${ROOM_LINK} ${ROOM_PRIVATE})
    return()
  endif()
  add_library(teal_${name} STATIC ${sources})
  target_link_libraries(teal_${name} PUBLIC teal_flags ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE})
endfunction()

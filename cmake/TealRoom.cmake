# teal_room(NAME [FOLDERS folders...] [LINK libs...] [PRIVATE libs...] [PRECOMPILE headers...]): the static
# library teal_NAME, with the project's warnings, of all that is in the room NAME and its folders, but main.cc
# and what an earlier call took. FOLDERS instead of a whole room: a part of one, which links less than the room
# does, so that the linker proves what it does without.
# teal_cold(FILES...): files that are long to compile and on no path that is counted in microseconds.

option(TEAL_WERROR "Warnings are errors" ON)
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
if(TEAL_SANITIZE)
  # -O1 and line tables only: the rooms run twice as fast as at -O0, the compiler not much slower.
  list(JOIN TEAL_SANITIZE "," sanitizers)
  target_compile_options(teal_flags INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -O1)
  target_link_options(teal_flags INTERFACE -fsanitize=${sanitizers})
  # The library's containers say when they are asked for what they do not have.
  target_compile_definitions(teal_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()
# Tests only have to compile, in every tree: their targets say so by TEAL_QUICK_TO_COMPILE.
target_compile_options(teal_flags INTERFACE
  $<$<BOOL:$<TARGET_PROPERTY:TEAL_QUICK_TO_COMPILE>>:-O0$<SEMICOLON>-g1>)
target_compile_definitions(teal_flags INTERFACE
  $<$<BOOL:$<TARGET_PROPERTY:TEAL_QUICK_TO_COMPILE>>:_GLIBCXX_ASSERTIONS>)

# The fuzz targets are built beside the tests where there is libFuzzer: in the tree of Clang's
# AddressSanitizer. What they look into tells libFuzzer which way it went.
set(TEAL_FUZZ OFF)
if("address" IN_LIST TEAL_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(TEAL_FUZZ ON)
endif()
set(TEAL_FUZZED base config net follow)

# What an attacker would use is made hard where the compiler optimises: smashed stacks, overrun buffers
# whose size is known, jumps to where no function begins, stacks that grow over what lies below them, and
# tables of the linker that can be written. tests/binary/binary_test.py reads the binary for it. No path of
# the machine gets in: who builds the same sources elsewhere has the same binary (`./dev package --verify`).
set(TEAL_HARDENED OFF)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT TEAL_SANITIZE)
  set(TEAL_HARDENED ON)
endif()
function(teal_harden target)
  if(TEAL_HARDENED)
    target_compile_options(${target} PRIVATE -fstack-protector-strong -U_FORTIFY_SOURCE
      -D_FORTIFY_SOURCE=3 -fcf-protection=full -fstack-clash-protection -fPIE
      -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
    target_link_options(${target} PRIVATE -pie -Wl,-z,relro,-z,now,-z,noexecstack,--build-id)
  endif()
endfunction()

# teal_precompile(TARGET HEADERS...): headers are parsed once for the target. Both compilers and ccache
# want to be told (ccache's manual, "Precompiled headers").
function(teal_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
    "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()

function(teal_room name)
  cmake_parse_arguments(ROOM "" "" "FOLDERS;LINK;PRIVATE;PRECOMPILE" ${ARGN})
  if(NOT ROOM_FOLDERS)
    set(ROOM_FOLDERS ${name})
  endif()
  list(TRANSFORM ROOM_FOLDERS REPLACE "^(.+)$" "${CMAKE_SOURCE_DIR}/\\1/*.cc")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${ROOM_FOLDERS})
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  get_property(taken GLOBAL PROPERTY TEAL_SOURCES_OF_ROOMS)
  if(taken)
    list(REMOVE_ITEM sources ${taken})
  endif()
  set_property(GLOBAL APPEND PROPERTY TEAL_SOURCES_OF_ROOMS ${sources})
  if(NOT sources)
    add_library(teal_${name} INTERFACE)
    target_link_libraries(teal_${name} INTERFACE teal_flags ${ROOM_LINK} ${ROOM_PRIVATE})
    return()
  endif()
  add_library(teal_${name} STATIC ${sources})
  target_link_libraries(teal_${name} PUBLIC teal_flags ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE})
  teal_harden(teal_${name})
  if(TEAL_FUZZ AND name IN_LIST TEAL_FUZZED)
    target_compile_options(teal_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  # What ships is compiled as it is written, each file by itself: a missing include is found there.
  if(TEAL_SANITIZE AND ROOM_PRECOMPILE)
    teal_precompile(teal_${name} ${ROOM_PRECOMPILE})
  endif()
endfunction()

function(teal_cold)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/)
  if(TEAL_SANITIZE)
    set(level -O0)
  else()
    set(level -O1)
  endif()
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS ${level} SKIP_PRECOMPILE_HEADERS ON)
endfunction()

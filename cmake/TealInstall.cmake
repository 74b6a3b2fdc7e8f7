# cmake --install: bin/teal without symbols, and what a debugger wants of it in bin/.debug/teal.debug,
# where GDB looks by the link that the binary carries (GDB's manual, "Debugging Information in Separate
# Files"). Whoever installs no symbols leaves their component out: --component teal.
include(GNUInstallDirs)
find_program(OBJCOPY NAMES ${CMAKE_OBJCOPY} objcopy REQUIRED)

# Both components need the symbols: the link names them by their checksum.
set(teal_parted ${CMAKE_BINARY_DIR}/install)
set(teal_part_off "
  file(MAKE_DIRECTORY \"${teal_parted}\")
  execute_process(COMMAND \"${OBJCOPY}\" --only-keep-debug \"$<TARGET_FILE:teal>\" teal.debug
    WORKING_DIRECTORY \"${teal_parted}\" COMMAND_ERROR_IS_FATAL ANY)")
install(CODE "${teal_part_off}
  execute_process(COMMAND \"${OBJCOPY}\" --strip-all --add-gnu-debuglink=teal.debug
    \"$<TARGET_FILE:teal>\" teal WORKING_DIRECTORY \"${teal_parted}\" COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT teal)
install(PROGRAMS ${teal_parted}/teal DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT teal)
install(CODE "${teal_part_off}" COMPONENT symbols)
install(FILES ${teal_parted}/teal.debug DESTINATION ${CMAKE_INSTALL_BINDIR}/.debug COMPONENT symbols)

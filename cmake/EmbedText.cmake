# cmake -DINPUT=file -DOUTPUT=file.cc -DHEADER=declaring.h -DFUNCTION=name -P EmbedText.cmake:
# a text file as a function of namespace teal::control that returns it. Numbers, not a string
# literal: compilers limit the length of those.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
string(REGEX REPLACE "('[^,]*',){20}" "\\0\n    " bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace teal::control {
namespace {

constexpr char kText[] = {
    ${bytes}};

}  // namespace

std::string_view ${FUNCTION}() {
  return {kText, sizeof kText};
}

}  // namespace teal::control
")

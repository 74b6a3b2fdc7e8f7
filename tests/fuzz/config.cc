// Any text is a configuration or has problems that somebody can find and mend: each with a message,
// a place in the text, and no exception.
#include <variant>

#include "config/load.h"
#include "tests/fuzz/fuzz.h"

using namespace teal;

namespace {

void look_at(const config::Problems& problems, std::string_view text) {
  fuzz::expect(!problems.list.empty(), "a refusal says why", text);
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  // yaml-cpp counts a lone CR as the end of a line, too.
  const auto returns = std::count(text.begin(), text.end(), '\r');
  for (const config::Problem& problem : problems.list) {
    fuzz::expect(!problem.message.empty(), "a problem has a message", text);
    fuzz::expect(problem.line >= 0 && problem.line <= lines + returns + 1,
                 "a problem stands in the text", config::to_string(problem));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  if (input.bit(0)) {
    const auto deployment = config::parse_deployment_request(input.rest, config::Deploy{});
    if (!deployment) look_at(deployment.error(), input.rest);
    const auto split = config::parse_split_request(input.rest);
    if (!split) look_at(split.error(), input.rest);
    return 0;
  }
  const auto loaded = config::load_text(input.rest, "teal.yaml");
  if (!loaded) look_at(loaded.error(), input.rest);
  return 0;
}

// Whatever the rules, what comes out of them is settled: it would not change again. With dots not
// passed no reader, decode it as he may, finds a dot segment in it; and the quick look at a path
// sees what the slow one does. What is routed is the same whatever becomes of parameters, and
// taking them away never makes dots or slashes that were not there.
#include "net/http/path_rules.h"

#include "net/http/request_target.h"
#include "net/http/token.h"
#include "tests/fuzz/fuzz.h"

using namespace teal;

namespace {

config::PathAnomalyAction oddity(unsigned choice) {
  constexpr config::PathAnomalyAction kAll[] = {
      config::PathAnomalyAction::normalise, config::PathAnomalyAction::refuse,
      config::PathAnomalyAction::pass, config::PathAnomalyAction::normalise};
  return kAll[choice & 3U];
}

/// A target as the parsers let it through.
std::string target_of(std::string_view bytes) {
  std::string target = "/";
  for (const char c : bytes)
    if (net::is_in(net::kTarget, c)) target += c;
  return target;
}

int value_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// As the most eager reader has it: escapes decoded, backslashes taken for slashes.
std::string read_eagerly(std::string_view path) {
  std::string read;
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%' && i + 2 < path.size() && value_of(path[i + 1]) >= 0 &&
        value_of(path[i + 2]) >= 0) {
      c = static_cast<char>(value_of(path[i + 1]) * 16 + value_of(path[i + 2]));
      i += 2;
    }
    read += c == '\\' ? '/' : c;
  }
  return read;
}

bool has_dot_segment(const std::string& path) {
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = std::string_view(path).substr(at, end - at);
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
    at = end + 1;
  }
  return false;
}

config::PathParameters parameters(unsigned choice) {
  constexpr config::PathParameters kAll[] = {
      config::PathParameters::pass, config::PathParameters::strip, config::PathParameters::refuse,
      config::PathParameters::pass};
  return kAll[choice & 3U];
}

std::size_t dot_segments(std::string_view path) {
  std::size_t found = 0;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, std::min(path.find('/', 1), path.size()));
    path.remove_prefix(segment.size());
    const std::string read = read_eagerly(segment.substr(1));
    if (read == "." || read == "..") ++found;
  }
  return found;
}

/// The three ways to treat parameters, for the same path and the same other rules.
void compare_parameters(std::string_view path, config::PathRules rules) {
  std::string passed;
  std::string stripped;
  std::string refused;
  rules.parameters = config::PathParameters::refuse;
  const net::Refusal of_refuse = net::normalise_path(path, rules, refused);
  rules.parameters = config::PathParameters::pass;
  const net::Refusal of_pass = net::normalise_path(path, rules, passed);
  std::string of_passed;
  const std::string routed(net::routed_path(passed, rules, of_passed));
  rules.parameters = config::PathParameters::strip;
  const net::Refusal of_strip = net::normalise_path(path, rules, stripped);
  if (of_pass == net::Refusal::none && of_refuse == net::Refusal::none)
    fuzz::expect(passed == refused && routed == passed, "without parameters all are alike", path);
  if (of_pass != net::Refusal::none || of_strip != net::Refusal::none) return;
  std::string of_stripped;
  fuzz::expect(net::routed_path(stripped, rules, of_stripped) == routed,
               "the same is routed whatever becomes of parameters", path);
  fuzz::expect(stripped.find(';') == std::string::npos, "stripped is stripped", stripped);
  fuzz::expect(routed.find(';') == std::string::npos, "no parameter is routed", routed);
  fuzz::expect(dot_segments(stripped) == dot_segments(passed), "stripping makes no dot segment",
               stripped);
  for (std::size_t size = 0; size <= routed.size(); ++size)
    fuzz::expect(net::forwarded_size(passed, rules, size) <= passed.size(),
                 "what is covered is of the path", passed);
  fuzz::expect(net::forwarded_size(passed, rules, routed.size()) == passed.size(),
               "the whole is covered by the whole", passed);
}

void look(const std::string& target) {
  const net::PathScan slow = net::scan_path_bytewise(target);
  // As in a head, which has more behind the target.
  const std::string head = target + " HTTP/1.1\r\nhost: shop.example.com\r\n\r\n";
  const net::PathScan quick =
      net::scan_path(std::string_view(head).substr(0, target.size()), head.size());
  fuzz::expect(quick.size == slow.size, "both find the end of the path", target);
  const std::string_view path = std::string_view(target).substr(0, slow.size);
  fuzz::expect(quick.is_plain == slow.is_plain || (slow.is_plain && path.ends_with('/')),
               "both say whether it is plain", target);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = data[0] + 256U * data[1];
  config::PathRules rules;
  if ((choice & 1U) != 0) {
    rules.dot_segments = oddity(choice >> 1U);
    rules.double_slashes = oddity(choice >> 3U);
    rules.needless_escapes = oddity(choice >> 5U);
    rules.encoded_slashes = oddity(choice >> 7U);
    rules.backslashes = oddity(choice >> 9U);
    rules.refuses_encoded_controls = (choice >> 11U & 1U) != 0;
    rules.refuses_malformed_escapes = (choice >> 12U & 1U) != 0;
    rules.parameters = parameters(choice >> 13U);
  }
  const std::string target = target_of(fuzz::text_of(data + 2, size - 2));
  look(target);
  const std::string path = target.substr(0, target.find('?'));
  compare_parameters(path, rules);
  std::string out;
  const net::Refusal broken = net::normalise_path(path, rules, out);
  if (net::scan_path_bytewise(target).is_plain)
    fuzz::expect(broken == net::Refusal::none && out == path, "a plain path stays", path);
  if (broken != net::Refusal::none) return 0;
  fuzz::expect(out.size() <= path.size() && out.starts_with('/'), "it is a path, no longer", out);
  std::string again;
  fuzz::expect(net::normalise_path(out, rules, again) == net::Refusal::none && again == out,
               "settled is settled", out);
  if (rules.dot_segments != config::PathAnomalyAction::pass)
    fuzz::expect(!has_dot_segment(read_eagerly(out)), "nobody finds a dot segment", out);
  if (rules.double_slashes != config::PathAnomalyAction::pass)
    fuzz::expect(out.find("//") == std::string::npos, "no slash follows another", out);
  return 0;
}

#include "config/change/candidate.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "config/advise.h"
#include "config/parse.h"
#include "config/reader.h"
#include "config/report.h"
#include "config/validate.h"

namespace teal::config {
namespace {

Problems single(const std::string& name, std::string message, std::string hint) {
  Report report(name);
  report.add({}, "", std::move(message), std::move(hint));
  return report.take();
}

}  // namespace

Loaded<Candidate> read_candidate(std::string text, const std::string& name,
                                 const Variables& variables) {
  Report report(name);
  std::optional<Node> root = read_yaml(text, report);
  if (!root) return report.take();
  Candidate candidate;
  candidate.written = *root;
  expand_variables(*root, variables, report);
  candidate.config = parse_config(Value(*root, "", "", report));
  validate(candidate.config, report);
  if (!report.empty()) return report.take();
  advise(candidate.config, report);  // It knows the places.
  candidate.warnings = report.take().list;
  candidate.meant = *std::move(root);
  candidate.text = std::move(text);
  return candidate;
}

Loaded<Candidate> read_candidate_given(const std::string& path, const Variables& variables) {
  const std::string name = path == "-" ? "stdin" : path;
  FileText file = read_given_file(path, kMaxBytes);
  if (!file) return single(name, file.fault, file.remedy);
  return read_candidate(std::move(file.text), name, variables);
}

Loaded<Candidate> read_candidate_file(const std::string& path, const Variables& variables) {
  const bool is_descriptor = path == "-" || path == "/dev/stdin" || path.starts_with("/dev/fd/") ||
                             path.starts_with("/proc/self/fd/");
  if (is_descriptor)
    return single("stdin", "the configuration came from standard input and cannot be read again",
                  "start Teal with the path of a file to be able to reload it");
  return read_candidate_given(path, variables);
}

bool is_same(const Node& one, const Node& other) {
  const auto same_entries = [](const Entry& a, const Entry& b) {
    return a.key == b.key && is_same(a.value, b.value);
  };
  return one.kind == other.kind && one.text == other.text &&
         std::ranges::equal(one.entries, other.entries, same_entries) &&
         std::ranges::equal(one.items, other.items, is_same);
}

}  // namespace teal::config

#include "config/target_file.h"

#include "config/document.h"
#include "config/parse.h"
#include "config/reader.h"
#include "config/report.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxEntries = 1000;
constexpr std::size_t kMaxLabels = 100;

TargetFileEntry parse_entry(const Value& value) {
  TargetFileEntry entry;
  Mapping keys(value);
  if (const auto targets = keys.find("targets"))
    entry.targets = parse_targets(*targets);
  else if (!value.report().touches(value.path()))
    value.problem("has no targets", "write { targets: [ 10.0.0.1:80 ] }");
  if (const auto labels = keys.section("labels"))
    for (const auto& [name, label] : labels->named(kMaxLabels, Names::visible))
      if (name == "revision")
        if (const auto revision = parse_revision(label)) entry.revision = *revision;
  return entry;
}

}  // namespace

Loaded<std::vector<TargetFileEntry>> parse_target_file(std::string_view text,
                                                       const std::string& name) {
  Report report(name);
  const std::optional<Node> root =
      name.ends_with(".json") ? read_json(text, report) : read_yaml(text, report);
  if (!root) return report.take();
  std::vector<TargetFileEntry> entries;
  if (root->kind == Node::Kind::sequence) {
    const Value list(*root, "", "", report);
    for (const Value& item : list.items(kMaxEntries)) entries.push_back(parse_entry(item));
  } else {
    report.add(root->location, "", "must be a list of entries with targets",
               "write [ { targets: [ 10.0.0.1:80 ] } ], or [] for none");
  }
  if (!report.empty()) return report.take();
  return entries;
}

}  // namespace teal::config

// The metrics of docs/metrics.md and those of an exposition, as values that can be compared.
#pragma once

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace teal::testing_metrics {

struct Metric {
  std::string type;
  std::set<std::string> labels;
  bool operator==(const Metric&) const = default;
};
using Metrics = std::map<std::string, Metric>;

inline std::string contents(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// "`a`, `b`" gives a and b.
inline std::set<std::string> quoted_words(std::string_view cell) {
  std::set<std::string> words;
  for (std::size_t at = cell.find('`'); at != std::string_view::npos; at = cell.find('`', at)) {
    const std::size_t end = cell.find('`', at + 1);
    if (end == std::string_view::npos) break;
    words.emplace(cell.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

/// Rows of tables with the columns name, type, labels and meaning.
inline Metrics documented_metrics() {
  Metrics metrics;
  std::istringstream lines(contents(TEAL_SOURCE_DIR "/docs/metrics.md"));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    if (cells.size() < 5 || cells[1].find('`') == std::string::npos) continue;
    std::string type = cells[2];
    std::erase(type, ' ');
    for (const std::string& name : quoted_words(cells[1]))
      metrics[name] = {type, quoted_words(cells[3])};
  }
  return metrics;
}

/// The names of the labels between braces, whatever the values are.
inline std::set<std::string> label_names(std::string_view line) {
  std::set<std::string> names;
  const std::size_t open = line.find('{');
  if (open == std::string_view::npos) return names;
  std::string name;
  bool is_value = false;
  for (std::size_t i = open + 1; i < line.size(); ++i) {
    const char c = line[i];
    if (is_value) {
      if (c == '\\') ++i;
      if (c == '"') is_value = false;
    } else if (c == '"') {
      is_value = true;
      names.insert(std::exchange(name, {}));
    } else if (c == '}') {
      break;
    } else if (c != ',' && c != '=') {
      name += c;
    }
  }
  names.erase("le");
  return names;
}

inline Metrics exposed_metrics(const std::string& exposition) {
  Metrics metrics;
  std::string name;
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      std::istringstream words(line.substr(7));
      words >> name;
      words >> metrics[name].type;
    } else if (!line.starts_with('#')) {
      metrics[name].labels.merge(label_names(line));
    }
  }
  return metrics;
}

inline std::string to_text(const Metric& metric) {
  std::string text = metric.type + " with {";
  for (const std::string& label : metric.labels) text += " " + label;
  return text + " }";
}

/// One line for each metric that the documentation does not have, or otherwise; empty: it is right.
inline std::string undocumented(const Metrics& exposed) {
  const Metrics documented = documented_metrics();
  std::string text;
  for (const auto& [name, metric] : exposed) {
    const auto found = documented.find(name);
    if (found == documented.end())
      text += name + " is not in docs/metrics.md; it is a " + to_text(metric) + "\n";
    else if (found->second != metric)
      text += name + " is a " + to_text(metric) + "; docs/metrics.md says " +
              to_text(found->second) + "\n";
  }
  return text;
}

}  // namespace teal::testing_metrics

// What Teal answers in its own words, and how it packs what targets answer: error_pages, compress.
#include <algorithm>
#include <array>

#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxPages = 50;
constexpr std::size_t kMaxStatuses = 100;
constexpr std::size_t kMaxTypes = 100;
constexpr std::size_t kMaxTypeLength = 128;
constexpr std::uint32_t kMaxMinimum = 1'000'000'000;

std::string type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".htm", "text/html; charset=utf-8"},
      {".json", "application/json"},
      {".xml", "application/xml"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return std::string(type);
  return "text/plain; charset=utf-8";
}

void parse_statuses_of_page(const Value& value, std::vector<StatusRange>& statuses) {
  for (const Value& item : value.items_or_one(kMaxStatuses)) {
    const auto range = parse_statuses(item);
    if (!range) continue;
    if (range->first < 400)
      item.problem("is not the status of an error", "write statuses from 400 to 599");
    else
      statuses.push_back(*range);
  }
  if (value.is_list() && value.node().items.empty()) value.problem("must name at least one status");
}

ErrorPage parse_error_page(const Value& value) {
  ErrorPage page;
  Mapping keys(value);
  if (const auto statuses = keys.find("status"))
    parse_statuses_of_page(*statuses, page.statuses);
  else if (value.is_mapping() && !keys.has("status"))
    value.problem("has no status", "name those that it is for, like 500-599");
  if (const auto file = keys.find("file")) {
    if (auto given = parse_file(*file)) page.file = std::move(*given);
  } else if (value.is_mapping() && !keys.has("file")) {
    value.problem("has no file", "name the file with the page");
  }
  page.content_type = type_of(page.file.path);
  if (const auto type = keys.find("content_type"))
    if (auto given = parse_header_value(*type)) page.content_type = std::move(*given);
  return page;
}

void parse_types(const Value& value, std::vector<std::string>& types) {
  types.clear();
  for (const Value& item : value.items_or_one(kMaxTypes)) {
    auto type = item.word(kMaxTypeLength);
    if (!type) continue;
    const std::size_t slash = type->find('/');
    if (slash == type->npos || type->find(';') != type->npos)
      item.problem("must be a media type like text/html, not " + quoted(*type));
    else
      types.push_back(std::move(*type));
  }
}

}  // namespace

std::vector<ErrorPage> parse_error_pages(const Value& value) {
  std::vector<ErrorPage> pages;
  for (const Value& item : value.items_or_one(kMaxPages)) pages.push_back(parse_error_page(item));
  return pages;
}

std::optional<Compression> parse_compression(const Value& value) {
  if (value.is("false")) return std::nullopt;
  Compression compression;
  if (value.is("true")) return compression;
  if (!value.is_mapping()) {
    value.problem("must be true, false or a mapping with algorithms, types and min_bytes");
    return std::nullopt;
  }
  Mapping keys(value);
  if (const auto algorithms = keys.find("algorithms")) {
    compression.brotli = compression.gzip = false;
    for (const Value& item : algorithms->items_or_one(2))
      if (const auto is_gzip = item.choice<bool>({{"gzip", true}, {"br", false}}))
        (*is_gzip ? compression.gzip : compression.brotli) = true;
    if (algorithms->is_list() && algorithms->node().items.empty())
      algorithms->problem("must name br, gzip or both", "write compress: false for neither");
  }
  if (const auto types = keys.find("types")) parse_types(*types, compression.types);
  keys.integer("min_bytes", compression.min_bytes, 0, kMaxMinimum);
  return compression;
}

}  // namespace teal::config

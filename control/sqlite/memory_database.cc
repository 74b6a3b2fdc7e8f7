#include "control/sqlite/memory_database.h"

#include <algorithm>

namespace teal::control {
namespace {

/// With SQLITE_DESERIALIZE_FREEONCLOSE the bytes are SQLite's, whatever comes of it.
Database open(unsigned char* bytes, std::size_t size, unsigned how) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(":memory:", &raw, flags, nullptr);
  Database database(raw);
  if (opened != SQLITE_OK) {
    if ((how & SQLITE_DESERIALIZE_FREEONCLOSE) != 0) sqlite3_free(bytes);
    return nullptr;
  }
  const auto length = static_cast<sqlite3_int64>(size);
  if (sqlite3_deserialize(raw, "main", bytes, length, length, how) != SQLITE_OK) return nullptr;
  return database;
}

}  // namespace

Database read_in_memory(unsigned char* bytes, std::size_t size) {
  return open(bytes, size, SQLITE_DESERIALIZE_READONLY);
}

Database copy_into_memory(std::string_view bytes) {
  auto* const copy =
      static_cast<unsigned char*>(sqlite3_malloc64(std::max<std::size_t>(bytes.size(), 1)));
  if (copy == nullptr) return nullptr;
  std::copy(bytes.begin(), bytes.end(), copy);
  return open(copy, bytes.size(), SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
}

}  // namespace teal::control

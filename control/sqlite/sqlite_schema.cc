#include "control/sqlite/sqlite_schema.h"

#include <array>
#include <cstddef>

namespace teal::control {
namespace {

/// The first makes version 1 of an empty file, the second version 2 of version 1, and so on.
constexpr std::array<const char*, kSchemaVersion> kSteps{
    R"(
CREATE TABLE deployments (
  number INTEGER PRIMARY KEY, service TEXT NOT NULL, created INTEGER NOT NULL,
  spec TEXT NOT NULL, age INTEGER NOT NULL DEFAULT 0);
CREATE TABLE events (
  deployment INTEGER NOT NULL, sequence INTEGER NOT NULL, age INTEGER NOT NULL,
  at INTEGER NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY (deployment, sequence)) WITHOUT ROWID;
CREATE TABLE services (name TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (
  key TEXT PRIMARY KEY, digest TEXT NOT NULL, deployment INTEGER NOT NULL,
  at INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA application_id = 1413824844;
)",
    R"(
CREATE TABLE evidence (
  deployment INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (deployment, part)) WITHOUT ROWID;
)",
    R"(
CREATE TABLE secrets (
  name TEXT PRIMARY KEY, value TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
)",
    // What the store is called for its whole life, and how many numbers of events are spoken for.
    R"(
CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO identity VALUES ('id', lower(hex(randomblob(4)))), ('events', '0');
)",
    // The configurations that were loaded last.
    R"(
CREATE TABLE configs (
  generation INTEGER PRIMARY KEY, at INTEGER NOT NULL, digest TEXT NOT NULL, mark TEXT NOT NULL,
  loaded_by TEXT NOT NULL, text TEXT NOT NULL);
)"};

}  // namespace

std::string migration_from(std::int64_t version) {
  std::string sql = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step)
    sql += kSteps[step];
  sql += "PRAGMA user_version = ";
  sql += std::to_string(kSchemaVersion);
  sql += "; COMMIT;";
  return sql;
}

}  // namespace teal::control

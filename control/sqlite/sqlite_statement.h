// SQLite's handles as C++ values, and prepared statements. For the files of the store alone
// (control/store/sqlite_store.h): SQLite's header goes no further.
//
// Control thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "control/engine/protocol.h"

namespace teal::control {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// One prepared statement: bind in order, then step or read the columns in order.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    status_ = sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
    handle_.reset(statement);
  }

  Statement& bind(std::string_view text) {
    if (status_ == SQLITE_OK)
      status_ = sqlite3_bind_text64(handle_.get(), ++bound_, text.data(), text.size(),
                                    SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
  }
  Statement& bind(std::int64_t number) {
    if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(handle_.get(), ++bound_, number);
    return *this;
  }
  Statement& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  Statement& bind(WallTime at) { return bind(std::int64_t{at.time_since_epoch().count()}); }
  Statement& bind(Age age) { return bind(std::int64_t{age.count()}); }

  /// True while there are rows.
  bool next() {
    if (status_ != SQLITE_OK && status_ != SQLITE_ROW) return false;
    status_ = sqlite3_step(handle_.get());
    column_ = 0;
    return status_ == SQLITE_ROW;
  }
  bool ok() const { return status_ == SQLITE_DONE; }

  std::int64_t number() { return sqlite3_column_int64(handle_.get(), column_++); }
  std::string text() {
    const int column = column_++;
    const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
    const int size = sqlite3_column_bytes(handle_.get(), column);
    if (bytes == nullptr) return {};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }

 private:
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle_;
  int status_ = SQLITE_OK;
  int bound_ = 0;
  int column_ = 0;
};

/// The first column of the first row; nothing: it cannot be read.
inline std::optional<std::int64_t> read_number(sqlite3* database, const char* sql) {
  Statement statement(database, sql);
  if (!statement.next()) return std::nullopt;
  return statement.number();
}

}  // namespace teal::control

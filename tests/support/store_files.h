// StoreFiles: a directory for a store, and what is in it, byte for byte and with its modes; gone
// with the test.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "control/store/sqlite_store.h"

namespace teal::control {

class StoreFiles {
 public:
  StoreFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "teal-store-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~StoreFiles() { std::filesystem::remove_all(directory_); }
  StoreFiles(const StoreFiles&) = delete;
  StoreFiles& operator=(const StoreFiles&) = delete;

  std::string path(const std::string& name = "teal.db") const { return directory_ / name; }

  /// Each file by its name: its mode and its bytes.
  std::map<std::string, std::pair<unsigned, std::string>> all() const {
    std::map<std::string, std::pair<unsigned, std::string>> files;
    for (const auto& each : std::filesystem::directory_iterator(directory_)) {
      struct stat found{};
      EXPECT_EQ(::stat(each.path().c_str(), &found), 0);
      std::ifstream in(each.path(), std::ios::binary);
      files[each.path().filename()] = {found.st_mode, {std::istreambuf_iterator<char>(in), {}}};
    }
    return files;
  }

  void execute(const std::string& sql, const std::string& name = "teal.db") const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path(name).c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  std::unique_ptr<Store> open(const std::string& name = "teal.db") const {
    Result<std::unique_ptr<Store>> store = open_sqlite_store(path(name));
    EXPECT_TRUE(store) << store.error();
    return store ? std::move(*store) : nullptr;
  }
  /// Why it is not opened; empty: it is.
  std::string refusal() const {
    const Result<std::unique_ptr<Store>> store = open_sqlite_store(path());
    return store ? "" : store.error().message();
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace teal::control

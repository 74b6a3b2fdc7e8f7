#include "app/client/state.h"

#include <unistd.h>

#include <filesystem>
#include <ostream>
#include <utility>

#include <boost/json.hpp>

#include "app/client/client.h"
#include "app/client/exit_code.h"
#include "app/view/state.h"
#include "app/view/status.h"
#include "base/clock.h"
#include "base/new_file.h"
#include "base/printable.h"
#include "control/deploy/replay.h"
#include "control/json/text.h"
#include "control/sqlite/real_path.h"
#include "control/sqlite/restore.h"
#include "control/sqlite/sqlite_inspection.h"
#include "control/sqlite/sqlite_lock.h"
#include "control/sqlite/store_image.h"
#include "control/store/sqlite_store.h"

namespace teal::app {
namespace {

namespace json = boost::json;
using control::StoreImage;
using control::StoreSummary;
using IfThere = NewFile::IfThere;

/// For the copy of a store of some gigabytes on a slow disk, and again for its way over a slow
/// line. Teal itself gives up after ten minutes, and is to say so first.
constexpr Millis kWhole = std::chrono::minutes{10} + std::chrono::seconds{10};

/// Why no backup may be there; empty: it may. Once early, before anything is copied, and once more
/// before it gets its name; publish() sees to the rest.
std::string why_not_there(const std::string& to, bool force) {
  for (const char* suffix : {"-wal", "-journal"})
    if (::access((to + suffix).c_str(), F_OK) == 0)
      return to + suffix +
             " is there, and SQLite would take it for a part of the backup; name "
             "another file, or move that one away";
  if (::access(to.c_str(), F_OK) != 0) return {};
  if (!force) return to + " is there already; name another file, or replace it by --force";
  const std::string who = control::who_uses_store(to);
  return who.empty() ? who : to + " is in use by " + who + "; name another file";
}

Result<void> publish(NewFile& file, const std::string& to, bool force) {
  if (const std::string why = why_not_there(to, force); !why.empty())
    return Error{Source::config, why};
  return file.publish(force ? IfThere::replace : IfThere::refuse);
}

}  // namespace

std::optional<std::string> path_of_state(const std::string& given) {
  constexpr std::string_view kSqlite = "sqlite:";
  std::string path = given.starts_with(kSqlite) ? given.substr(kSqlite.size()) : given;
  if (path.empty() || path == ":memory:" || path.find("://") != std::string::npos)
    return std::nullopt;
  return path;
}

std::string why_not_used(const std::string& configured) {
  if (configured.starts_with('/') || configured == ":memory:") return {};
  return "'" + configured +
         "' is relative to the working folder of the service; name it: --state "
         "sqlite:/var/lib/teal/" +
         configured;
}

int StateCommands::fail(const std::string& message, int code) {
  terminal_.err << "teal: " << printable(message) << '\n';
  return code;
}

int StateCommands::tell(const StoreSummary& summary, const std::string& path) {
  if (prints_json_)
    terminal_.out << printable_json(control::to_text(to_json(summary, path))) << '\n';
  else
    terminal_.out << render_store(summary, path);
  return kSuccess;
}

int StateCommands::check(const std::string& given) {
  const std::string path = control::real_path(given);
  const Result<StoreImage> image = StoreImage::of_file(path);
  if (!image) return fail(image.error().message(), kError);
  const Result<StoreSummary> summary = image->check();
  if (!summary) return fail(summary.error().message(), kError);
  const Result<std::unique_ptr<control::Store>> store =
      control::open_sqlite_image(image->bytes(), path);
  if (!store) return fail(store.error().message(), kError);
  if (const Result<void> read = control::rehearse_start(**store); !read)
    return fail(path + " is a sound file, but this Teal cannot start with what is in it: " +
                    read.error().message() + "; restore another backup",
                kError);
  // It is sound by itself, and no Teal starts on it as it lies there.
  if (control::inspect_store(path).kind == control::StoreInspection::Kind::mixed)
    return fail(control::refusal_of_mixed(path), kError);
  return tell(*summary, path);
}

int StateCommands::backup(const StateChoice& choice, const std::string& given, bool force) {
  const std::string to = std::filesystem::absolute(given).lexically_normal().string();
  if (const std::string why = why_not_there(to, force); !why.empty()) return fail(why, kError);
  if (!choice.state.empty()) return backup_stopped(choice.state, to, force);
  std::optional<Error> unreached;
  const AdminClient admin(choice.admin, kChangeLimit);
  const int code = backup_running(admin, to, force, unreached);
  if (!unreached) return code;
  // Nobody listens there: the Teal of that configuration does not run.
  if (choice.configured && unreached->retry_safe()) {
    if (const std::string why = why_not_used(*choice.configured); !why.empty())
      return fail(why, kError);
    return backup_stopped(*choice.configured, to, force);
  }
  fail(unreached->message(), kUnreachable);
  if (unreached->retry_safe())
    terminal_.err << "  of a Teal that does not run: --config FILE, or --state sqlite:PATH\n";
  return kUnreachable;
}

int StateCommands::backup_running(const AdminClient& admin, const std::string& to, bool force,
                                  std::optional<Error>& unreached) {
  Result<NewFile> file = NewFile::create(to);
  if (!file) return fail(file.error().message(), kError);
  std::optional<Error> unwritten;
  const auto take = [&](std::string_view bytes) {
    const Result<void> written = file->write(bytes);
    if (!written) unwritten = written.error();
    return written.has_value();
  };
  const Result<AdminAnswer> answer = admin.receive("POST", "/v1/state/backup", kWhole, take);
  if (unwritten) return fail(unwritten->message(), kError);
  if (!answer) {
    unreached = answer.error();
    return kUnreachable;
  }
  if (answer->status != 200) {
    terminal_.err << (prints_json_ ? printable_json(answer->body)
                                   : "teal: " + render_problem(answer->body, answer->status));
    return kError;
  }
  const Result<StoreImage> image = StoreImage::of_descriptor(file->descriptor(), "what Teal sent");
  if (!image) return fail(image.error().message(), kError);
  const Result<StoreSummary> summary = image->check();
  if (!summary) return fail(summary.error().message(), kError);
  if (const Result<void> there = publish(*file, to, force); !there)
    return fail(there.error().message(), kError);
  return tell(*summary, to);
}

int StateCommands::backup_stopped(const std::string& path, const std::string& to, bool force) {
  const Result<StoreImage> image = StoreImage::of_file(path);
  if (!image) return fail(image.error().message(), kError);
  const Result<StoreSummary> summary = image->check();
  if (!summary) return fail(summary.error().message(), kError);
  Result<NewFile> file = NewFile::create(to);
  if (!file) return fail(file.error().message(), kError);
  if (const Result<void> written = file->write(image->bytes()); !written)
    return fail(written.error().message(), kError);
  if (const Result<void> there = publish(*file, to, force); !there)
    return fail(there.error().message(), kError);
  return tell(*summary, to);
}

int StateCommands::restore(const std::string& backup, const std::string& store) {
  const Result<control::Restored> done =
      control::restore_store(backup, store, SystemClock{}.wall());
  if (!done) return fail(done.error().message(), kError);
  if (prints_json_) {
    json::object report = to_json(done->summary, done->store);
    report["replaced"] =
        done->kept.empty() ? json::value(nullptr) : json::value(json::string(done->kept));
    terminal_.out << printable_json(control::to_text(report)) << '\n';
    return kSuccess;
  }
  terminal_.out << render_store(done->summary, backup) << "  restored to " << printable(done->store)
                << '\n';
  if (!done->kept.empty())
    terminal_.out << "  what was there is kept as " << printable(done->kept) << '\n';
  return kSuccess;
}

}  // namespace teal::app

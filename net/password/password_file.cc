#include "net/password/password_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/quoted.h"
#include "net/password/password_hash.h"
#include "net/tls/mac.h"

namespace teal::net {
namespace {

bool can_be_read_by_everybody(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

/// Which user's hash a stranger is held against: always the same, and not for strangers to foresee,
/// so that where hashes differ in their cost nobody is told apart by it.
std::size_t stand_in(std::string_view stranger, const Sha256Digest& digest, std::size_t users) {
  const Mac::Tag tag =
      Mac(digest).of({reinterpret_cast<const std::uint8_t*>(stranger.data()), stranger.size()});
  std::uint64_t number = 0;
  std::memcpy(&number, tag.data(), sizeof number);
  return number % users;
}

}  // namespace

std::shared_ptr<const PasswordFile> PasswordFile::load(const config::FileName& name,
                                                       FileFaults& faults) {
  const FileText file = read_regular_file(name.path, kMaxBytes);
  if (!file) {
    faults.push_back({name, name.path + ' ' + file.fault, file.remedy, true});
    return nullptr;
  }
  if (can_be_read_by_everybody(name.path))
    faults.push_back({name, name.path + " can be read by everybody on this machine",
                      "chmod o-r " + name.path, false});
  return parse(name, file.text, faults);
}

std::shared_ptr<const PasswordFile> PasswordFile::parse(const config::FileName& name,
                                                        std::string_view text, FileFaults& faults) {
  auto made = std::make_shared<PasswordFile>();
  made->digest_ = sha256(text);
  std::size_t number = 0;
  const auto refuse = [&](const std::string& message, std::string hint) {
    faults.push_back({name, name.path + " line " + std::to_string(number) + ": " + message,
                      std::move(hint), true});
    return nullptr;
  };
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == line.npos)
      return refuse("is not name:hash", "make it by htpasswd -B FILE USER");
    const std::string_view user = line.substr(0, colon);
    if (user.size() > kMaxName) return refuse("has a name of more than 255 bytes", "");
    line.remove_prefix(colon + 1);
    const std::string_view hash = line.substr(0, line.find(':'));
    if (std::optional<HashFault> fault = why_not_hash(hash))
      return refuse("the hash of " + quoted(user) + ' ' + fault->message, fault->hint);
    if (!made->hashes_.emplace(user, hash).second)
      return refuse(quoted(user) + " has a line above already", "remove one of the two");
  }
  if (!made->hashes_.empty()) return made;
  faults.push_back({name, name.path + " has no users", "add one: htpasswd -B FILE USER", true});
  return nullptr;
}

bool PasswordFile::check(std::string_view user, std::string_view password) const {
  // crypt(3) would read up to a zero byte only.
  const bool is_possible = password.size() <= kMaxPassword && password.find('\0') == password.npos;
  const auto found = hashes_.find(user);
  const bool is_known = found != hashes_.end() && is_possible;
  const auto held_against =
      is_known ? found
               : std::next(hashes_.begin(),
                           static_cast<std::ptrdiff_t>(stand_in(user, digest_, hashes_.size())));
  const bool is_good =
      is_password_of(held_against->second, is_possible ? password : std::string_view("x"));
  return is_good && is_known;
}

}  // namespace teal::net

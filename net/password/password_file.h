// PasswordFile: the users of one file of lines "name:hash" (htpasswd), and whether a password is
// one's. Lines that are empty or begin with "#" are passed over, and so is what stands behind a
// second colon.
//
// Immutable after load(); any thread. A file that has changed is another object. check() takes as
// long as a hash does (password_hash.h): it is for a thread that nobody waits for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "net/tls/fault.h"
#include "net/tls/sha256.h"

namespace teal::net {

class PasswordFile {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1024} * 1024;
  static constexpr std::size_t kMaxName = 255;

  /// Null where a fault is fatal. That everybody on the machine may read it is a fault that is not.
  static std::shared_ptr<const PasswordFile> load(const config::FileName& name, FileFaults& faults);
  /// The same of a text.
  static std::shared_ptr<const PasswordFile> parse(const config::FileName& name,
                                                   std::string_view text, FileFaults& faults);

  std::size_t users() const { return hashes_.size(); }
  /// What tells this text from others, so that nothing that was found out by one counts for
  /// another.
  const Sha256Digest& digest() const { return digest_; }
  /// Somebody who is not in the file costs as much as somebody who is.
  bool check(std::string_view user, std::string_view password) const;

 private:
  std::map<std::string, std::string, std::less<>> hashes_;  ///< By user; never empty.
  Sha256Digest digest_{};
};

}  // namespace teal::net

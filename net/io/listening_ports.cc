#include "net/io/listening_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <system_error>

#include "base/file.h"
#include "net/io/socket.h"

namespace teal::net {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 256 * 1024 * 1024;
constexpr const char* kListening = "0A";  ///< TCP_LISTEN.

/// "socket:[12345]" of each descriptor of this process.
std::set<std::string> own_sockets() {
  std::set<std::string> own;
  std::error_code failed;
  for (fs::directory_iterator each("/proc/self/fd", failed), end; !failed && each != end;
       each.increment(failed)) {
    std::error_code gone;
    const std::string link = fs::read_symlink(each->path(), gone).string();
    if (link.starts_with("socket:[")) own.insert(link);
  }
  return own;
}

template <class T>
std::optional<T> from_hex(std::string_view text) {
  T number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "0100007F:1F90": words as the machine keeps them, and the port.
std::optional<Address> parse_place(std::string_view text) {
  constexpr std::size_t kWord = 8;
  const std::size_t colon = text.find(':');
  if (colon != kWord && colon != 4 * kWord) return std::nullopt;
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i * kWord < colon; ++i) {
    const auto word = from_hex<std::uint32_t>(text.substr(i * kWord, kWord));
    if (!word) return std::nullopt;
    words[i] = *word;
  }
  const auto port = from_hex<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> host{};
  const bool is_ip4 = colon == kWord;
  if (::inet_ntop(is_ip4 ? AF_INET : AF_INET6, words.data(), host.data(), host.size()) == nullptr)
    return std::nullopt;
  return Address{is_ip4 ? Address::Kind::ip4 : Address::Kind::ip6, host.data(), *port};
}

void add_foreign(const std::string& table, std::uint16_t port, const std::set<std::string>& own,
                 std::set<Address>& found) {
  std::istringstream lines(read_regular_file(table, kMostBytes).text);
  std::string line;
  std::getline(lines, line);  // What the columns are.
  while (std::getline(lines, line)) {
    std::istringstream columns(line);
    std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    columns >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    if (state != kListening || own.contains("socket:[" + inode + ']')) continue;
    const std::optional<Address> address = parse_place(local);
    if (address && address->port == port) found.insert(*address);
  }
}

}  // namespace

std::vector<Address> foreign_listeners(std::uint16_t port) {
  const std::set<std::string> own = own_sockets();
  std::set<Address> found;
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"})
    add_foreign(table, port, own, found);
  return {found.begin(), found.end()};
}

}  // namespace teal::net

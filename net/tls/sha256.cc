#include "net/tls/sha256.h"

#include <openssl/sha.h>

namespace teal::net {

Sha256Digest sha256(std::string_view bytes) {
  Sha256Digest digest{};
  static_assert(std::tuple_size_v<Sha256Digest> == SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace teal::net

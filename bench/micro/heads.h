// The two requests and the response that the microbenches work on.
#pragma once

#include <string_view>

namespace teal::bench {

/// What h2load and wrk send.
inline constexpr std::string_view kSmallRequest =
    "GET /128 HTTP/1.1\r\nHost: shop.example.com:8080\r\nUser-Agent: h2load nghttp2/1.52.0\r\n\r\n";

inline constexpr std::string_view kBrowserRequest =
    "GET /catalogue/garden/chairs?page=3&sort=price HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: "
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://shop.example.com/catalogue/garden\r\n"
    "Cookie: session=6f1c0b8e5d2a4c739e0f8b7a6d5c4e3f; theme=dark; "
    "consent=necessary%2Cstatistics\r\n"
    "DNT: 1\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Priority: u=0, i\r\n\r\n";

/// What nginx answers.
inline constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Wed, 25 Nov 2026 10:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 128\r\nConnection: keep-alive\r\n\r\n";

}  // namespace teal::bench

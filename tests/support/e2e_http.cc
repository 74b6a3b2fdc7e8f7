#include "tests/support/e2e_http.h"

#include <strings.h>

#include <charconv>

namespace teal::e2e {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

BodyKind kind_of(const Headers& headers, BodyKind otherwise) {
  if (headers.has("transfer-encoding")) return BodyKind::chunked;
  if (headers.has("content-length")) return BodyKind::length;
  return otherwise;
}

}  // namespace

std::string Headers::get(std::string_view name) const {
  std::string out;
  for (const auto& [key, value] : list)
    if (same_name(key, name)) out += (out.empty() ? "" : ", ") + value;
  return out;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t found = 0;
  for (const auto& [key, value] : list) found += same_name(key, name) ? 1 : 0;
  return found;
}

std::string describe(const Response& response) {
  if (response.status == 0)
    return "no response, connection: " + std::string(to_string(response.ended));
  std::string out = response.start_line;
  for (const auto& [name, value] : response.headers.list) out += " | " + name + ": " + value;
  out += " | " + std::to_string(response.body.size()) + " bytes: " + response.body.substr(0, 120);
  if (!response.complete) out += " | truncated, " + std::string(to_string(response.ended));
  return out;
}

bool HttpReader::more(Deadline deadline) {
  if (at_ > 64 * 1024) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  ended_ = wire_->read(buffer_, deadline);
  return ended_ == Arrival::bytes;
}

std::optional<std::string> HttpReader::line(Deadline deadline) {
  while (true) {
    const std::size_t end = buffer_.find("\r\n", at_);
    if (end != std::string::npos) {
      std::string text = buffer_.substr(at_, end - at_);
      at_ = end + 2;
      return text;
    }
    if (!more(deadline)) return std::nullopt;
  }
}

bool HttpReader::fields(Headers& headers, std::string* raw, Deadline deadline) {
  while (true) {
    const std::optional<std::string> text = line(deadline);
    if (!text) return false;
    if (raw != nullptr) *raw += *text + "\r\n";
    if (text->empty()) return true;
    const std::size_t colon = text->find(':');
    const std::string value = colon == std::string::npos ? "" : trimmed(text->substr(colon + 1));
    headers.list.emplace_back(text->substr(0, colon), value);
  }
}

bool HttpReader::head(Message& message, Deadline deadline) {
  const std::optional<std::string> first = line(deadline);
  if (!first) return false;
  message.start_line = *first;
  message.raw_head = *first + "\r\n";
  return fields(message.headers, &message.raw_head, deadline);
}

bool HttpReader::bytes(std::size_t size, std::string& into, Deadline deadline) {
  while (true) {
    const std::size_t take = std::min(size, buffer_.size() - at_);
    into.append(buffer_, at_, take);
    at_ += take;
    size -= take;
    if (size == 0) return true;
    if (!more(deadline)) return false;
  }
}

bool HttpReader::chunked(Message& message, Deadline deadline) {
  while (true) {
    const std::optional<std::string> size_line = line(deadline);
    if (!size_line) return false;
    const std::size_t size = number(*size_line, 16);
    if (size == 0) return fields(message.trailers, nullptr, deadline);
    message.chunks.push_back(size);
    std::string crlf;
    if (!bytes(size, message.body, deadline) || !bytes(2, crlf, deadline)) return false;
    if (crlf != "\r\n") return false;
  }
}

bool HttpReader::body(Message& message, Deadline deadline) {
  switch (message.kind) {
    case BodyKind::none: message.complete = true; break;
    case BodyKind::length:
      message.complete =
          bytes(number(message.headers.get("content-length"), 10), message.body, deadline);
      break;
    case BodyKind::chunked: message.complete = chunked(message, deadline); break;
    case BodyKind::until_close:
      do message.body += std::exchange(buffer_, {}).substr(std::exchange(at_, 0));
      while (more(deadline));
      message.complete = ended_ == Arrival::closed;
      break;
  }
  return message.complete;
}

bool HttpReader::request_body(Message& message, Deadline deadline) {
  message.kind = kind_of(message.headers, BodyKind::none);
  return body(message, deadline);
}

Response HttpReader::response(bool to_head, Deadline deadline) {
  std::vector<Response> interim;
  while (true) {
    Response next;
    if (!head(next, deadline)) {
      next = {};
      next.interim = std::move(interim);
      next.ended = ended_;
      return next;
    }
    const std::size_t space = next.start_line.find(' ');
    next.status =
        static_cast<int>(number(std::string_view(next.start_line)
                                    .substr(std::min(space, next.start_line.size() - 1) + 1, 3),
                                10));
    if (next.status >= 100 && next.status < 200) {
      next.complete = true;
      interim.push_back(std::move(next));
      continue;
    }
    const bool no_body = to_head || next.status == 204 || next.status == 304;
    next.kind = no_body ? BodyKind::none : kind_of(next.headers, BodyKind::until_close);
    body(next, deadline);
    next.ended = ended_;
    next.interim = std::move(interim);
    return next;
  }
}

std::string request(std::string_view method, std::string_view path, std::string_view headers) {
  std::string out(method);
  out += ' ';
  out += path;
  out += " HTTP/1.1\r\nhost: shop.example.com\r\n";
  out += headers;
  out += "\r\n";
  return out;
}

Response HttpClient::get(std::string_view path, std::string_view headers) {
  return exchange(request("GET", path, headers));
}

Response HttpClient::post(std::string_view path, std::string_view body, std::string_view headers) {
  std::string lines = "content-length: " + std::to_string(body.size()) + "\r\n";
  lines += headers;
  return exchange(request("POST", path, lines) + std::string(body));
}

Response HttpClient::exchange(std::string_view bytes, bool to_head) {
  send(bytes);  // What could not be sent may still have been answered.
  return read(to_head);
}

Arrival HttpClient::await_end(Deadline deadline) {
  if (!reader_.rest().empty()) return Arrival::bytes;
  std::string unexpected;
  return wire_.read(unexpected, deadline);
}

}  // namespace teal::e2e

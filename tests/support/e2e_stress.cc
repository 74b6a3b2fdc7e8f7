#include "tests/support/e2e_stress.h"

#include <array>
#include <map>
#include <stdexcept>
#include <string_view>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

/// An answer takes less: what is waited for longer has been forgotten.
constexpr Millis kMaxWait{std::chrono::seconds{20}};

template <std::size_t kSize>
std::string pick(Rng& rng, const std::array<const char*, kSize>& from) {
  return from[rng.below(static_cast<std::uint32_t>(kSize))];
}

bool one_in(Rng& rng, std::uint32_t n) {
  return rng.below(n) == 0;
}

std::string host(Rng& rng) {
  return pick(rng, std::array{"shop.example", "shop.example", "cart.example", "news.example"});
}

std::string path(Rng& rng) {
  return pick(rng, std::array{"/", "/", "/", "/api/x", "/limited", "/old", "/robots", "/none"});
}

/// What can be answered as a whole, one way or another.
std::string answerable(Rng& rng) {
  return pick(rng, std::array{"ok", "ok", "ok", "ok", "big", "slow", "500", "503", "503", "reset",
                              "nonsense", "stall"});
}

struct Asked {
  std::string head, body;
  std::string text() const { return head + body; }
};

Asked ask_for(Rng& rng, const std::string& what) {
  Asked asked;
  const bool has_body = one_in(rng, 4);
  const std::string method = has_body ? (one_in(rng, 2) ? "POST" : "PUT") : "GET";
  asked.head = method + ' ' + path(rng) + " HTTP/1.1\r\nhost: " + host(rng) + "\r\nx-do: " + what +
               "\r\naccept-encoding: gzip\r\n";
  if (has_body) {
    asked.body = std::string(1 + rng.below(one_in(rng, 4) ? 100'000 : 100), 'b');
    if (one_in(rng, 3)) asked.head += "idempotency-key: \"k\"\r\n";
    asked.head += "content-length: " + std::to_string(asked.body.size()) + "\r\n";
  }
  asked.head += "\r\n";
  return asked;
}

/// Passes a little time while the other side may say something.
void hesitate(Wire& wire, Rng& rng) {
  std::string ignored;
  wire.read(ignored, Deadline{Millis{static_cast<int>(rng.below(20))} / kPatience});
}

void leave(Wire& wire, Rng& rng) {
  if (one_in(rng, 2)) {
    wire.reset();
  } else {
    wire.close();
  }
}

/// Runs `once` until the scene is over. That nobody listens is Teal's end.
template <class Once>
void repeat(StressScene& scene, const std::string& who, Once once) {
  while (!scene.is_over) {
    try {
      once();
    } catch (const std::runtime_error& failed) {
      scene.complaints.add(who + ": " + failed.what());
      return;
    }
  }
}

}  // namespace

void Complaints::add(std::string what) {
  ++count_;
  const std::scoped_lock lock(mutex_);
  if (list_.size() < 20) list_.push_back(std::move(what));
}

std::string Complaints::text() const {
  const std::scoped_lock lock(mutex_);
  std::string all = std::to_string(count_.load()) + " complaints\n";
  for (const std::string& each : list_) all += each + '\n';
  return all;
}

void play_what_is_asked(TargetConnection& connection, const SeenRequest& request) {
  if (request.headers.has("upgrade")) {
    connection.send(agreement_with(request));
    echo(connection);
    connection.close();
    return;
  }
  const std::string what = request.headers.get("x-do");
  constexpr std::string_view kText = "content-type: text/plain\r\n";
  if (what == "reset") {
    connection.reset();
  } else if (what == "nonsense") {
    connection.send("SSH-2.0-none\r\n");
    connection.close();
  } else if (what == "stall") {
    connection.await_end();
  } else if (what == "cut") {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    connection.close();
  } else if (what == "slow") {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n");
    for (int i = 0; i < 3; ++i)
      if (!connection.linger(Millis{10}) || !connection.send(".")) return;
  } else if (what == "500" || what == "503") {
    connection.send(response(std::stoi(what), "no\n"));
  } else {
    connection.send(response(200, std::string(what == "big" ? 100'000 : 20, 'x'), kText));
  }
}

void be_honest(StressScene& scene, Rng rng) {
  std::unique_ptr<HttpClient> client;
  repeat(scene, "a client", [&] {
    if (!client || one_in(rng, 20)) client = std::make_unique<HttpClient>(scene.door);
    const Asked asked = ask_for(rng, answerable(rng));
    client->send(asked.text());
    const Response answer = client->read(false, Deadline{kMaxWait / kPatience});
    ++scene.answers;
    if (answer.status < 200 || !answer.complete)
      scene.complaints.add("no whole answer: " + describe(answer) + "\nto " + asked.head);
    if (answer.status == 0 || !answer.complete || answer.headers.get("connection") == "close")
      client.reset();
  });
}

void be_honest_http2(StressScene& scene, Rng rng) {
  std::unique_ptr<Http2Client> client;
  std::uint32_t stream = 1;
  repeat(scene, "a client of HTTP/2", [&] {
    if (!client || one_in(rng, 10)) {
      client = std::make_unique<Http2Client>(scene.door);
      stream = 1;
    }
    std::map<std::uint32_t, std::string> open;  // What was asked for.
    for (std::uint32_t i = 1 + rng.below(6); i > 0; --i, stream += 2) {
      const std::string what = answerable(rng);
      open[stream] = what;
      h2::Lines fields = h2::get(path(rng), {{"x-do", what}, {"accept-encoding", "gzip"}});
      fields[3].second = host(rng);
      client->send(h2::headers(stream, fields));
    }
    const Deadline deadline{kMaxWait / kPatience};
    while (!open.empty()) {
      const std::optional<h2::Frame> frame = client->next(deadline);
      if (!frame) {
        scene.complaints.add(std::to_string(open.size()) +
                             " streams without an end, the first: " + open.begin()->second);
        client.reset();
        return;
      }
      if (frame->type == h2::kData && !frame->payload.empty()) {
        const auto size = static_cast<std::uint32_t>(frame->payload.size());
        client->send(h2::window_update(0, size) + h2::window_update(frame->stream, size));
      }
      if (frame->type == h2::kReset && open.contains(frame->stream))
        scene.complaints.add("a stream was reset: " + open[frame->stream]);
      if (frame->ends() || frame->type == h2::kReset) {
        scene.answers += open.erase(frame->stream);
      }
    }
  });
}

void be_rude(StressScene& scene, Rng rng) {
  repeat(scene, "a rude client", [&] {
    HttpClient client(scene.door);
    Wire& wire = client.wire();
    const Asked asked = ask_for(rng, one_in(rng, 3) ? "cut" : answerable(rng));
    switch (rng.below(6)) {
      case 0: wire.send(asked.head.substr(0, rng.below(40))); break;
      case 1: wire.send(asked.head + asked.body.substr(0, asked.body.size() / 2)); break;
      case 2:
        wire.send(asked.text());
        wire.finish_sending();
        client.read(false, Deadline{Millis{500} / kPatience});
        break;
      case 3:  // Several at once, of which it reads one.
        for (int i = 0; i < 4; ++i) wire.send(asked.text());
        client.read(false, Deadline{Millis{500} / kPatience});
        break;
      case 4:
        wire.send(asked.text());
        client.read(true, Deadline{Millis{500} / kPatience});
        break;
      default: wire.send(asked.text()); break;
    }
    hesitate(wire, rng);
    leave(wire, rng);
  });
}

void be_rude_http2(StressScene& scene, Rng rng) {
  repeat(scene, "a rude client of HTTP/2", [&] {
    Http2Client client(scene.door);
    const std::uint32_t count = 1 + rng.below(8);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string what = one_in(rng, 3) ? "cut" : answerable(rng);
      h2::Lines fields = one_in(rng, 3) ? h2::post(path(rng), {{"x-do", what}})
                                        : h2::get(path(rng), {{"x-do", what}});
      fields[3].second = host(rng);
      client.send(h2::headers(2 * i + 1, fields, fields[0].second == "GET"));
      if (fields[0].second == "POST")
        client.send(h2::frame(h2::kData, one_in(rng, 2) ? h2::kEndStream : 0, 2 * i + 1, "body"));
      if (one_in(rng, 4)) hesitate(client.wire(), rng);
      if (one_in(rng, 2)) client.send(h2::reset(2 * rng.below(i + 1) + 1));
    }
    hesitate(client.wire(), rng);
    leave(client.wire(), rng);
  });
}

void tunnel(StressScene& scene, Rng rng) {
  repeat(scene, "a client of a tunnel", [&] {
    Caller caller(scene.door);
    std::string asked = kAsk;
    const std::string where = pick(rng, std::array{"news.example", "news.example", "shop.example"});
    asked.replace(asked.find("shop.example.com"), 16, where);
    caller.send(asked);
    if (one_in(rng, 8)) return;
    if (!caller.hears("\r\n\r\n") || !caller.heard().starts_with("HTTP/1.1 101")) return;
    for (std::uint32_t i = rng.below(4); i > 0; --i) {
      caller.forget();
      const std::string said = "said " + std::to_string(rng.below(1000));
      if (!caller.send(said) || !caller.hears(said)) return;
    }
    switch (rng.below(6)) {
      case 0:
        caller.wire().finish_sending();
        caller.end();
        break;
      case 1: caller.wire().reset(); break;
      case 2: break;
      default: {
        std::string heard;  // Until the target leaves, or Teal has enough of the silence.
        caller.wire().read_to_end(heard, Deadline{Millis{500} / kPatience});
        break;
      }
    }
  });
}

}  // namespace teal::e2e

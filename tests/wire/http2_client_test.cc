// A client's Http2Session: what it writes for a request, and what it says of responses, however
// they are cut.
#include "tests/support/http2_driver.h"

namespace teal::net::testing {
namespace {

class Stream final : public Http2ClientStream {
 public:
  explicit Stream(Http2Session& session) : session_(session) {}

  void on_response(ResponseHead& head) override {
    said += std::to_string(head.status) + " " + to_text(head.framing) + "\n" + to_text(head.fields);
  }
  void on_body(std::string_view bytes) override {
    body += bytes;
    if (reads) session_.consume(*this, bytes.size());
  }
  void on_end(const Fields& trailers) override {
    said += "body [" + body + "]\nend\n" + to_text(trailers);
  }
  void on_refused(Refusal rule) override {
    said += "refused: " + std::string(to_string(rule)) + "\n";
  }

  std::string said, body;
  bool reads = true;

 private:
  Http2Session& session_;
};

class Http2ClientTest : public ::testing::Test {
 protected:
  Http2ClientTest() { begin(); }

  void begin() {
    session_ = Http2Session::make_client({}, true);
    session_->write(output_);
    EXPECT_TRUE(output_.text.starts_with(h2::kPreface));
    output_.text.clear();
    feed(h2::settings({{3, 50}}) + h2::frame(h2::kSettings, h2::kAck, 0));
    frames();
  }
  void feed(std::string_view bytes) { session_->feed(bytes, Mono{std::chrono::seconds{1}}); }
  std::vector<h2::Frame> frames() {
    session_->write(output_);
    reader_.feed(output_.text);
    output_.text.clear();
    return reader_.all();
  }
  std::unique_ptr<Stream> ask(const Http2RequestStart& start, std::string_view lines = {},
                              bool ends = true) {
    auto stream = std::make_unique<Stream>(*session_);
    EXPECT_TRUE(session_->send_request(*stream, start, section_of(lines), ends));
    return stream;
  }

  static constexpr Http2RequestStart kGet{"GET", "x.example", "/a?b"};

  std::unique_ptr<Http2Session> session_;
  TextOutput output_;
  h2::FrameReader reader_;
};

TEST_F(Http2ClientTest, WritesARequestWithoutWhatIsOfHttp1Only) {
  const auto stream =
      ask({"POST", "x.example:8080", "/x"},
          "te: trailers\r\nconnection: te\r\ntransfer-encoding: chunked\r\n", false);
  session_->send_body(*stream, "hello", output_);
  session_->send_trailers(*stream, section_of("x-sum: 1\r\n"));
  const auto sent = frames();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].stream, 1U);
  EXPECT_EQ(sent[0].fields, (h2::Lines{{":method", "POST"},
                                       {":scheme", "https"},
                                       {":authority", "x.example:8080"},
                                       {":path", "/x"},
                                       {"te", "trailers"}}));
  EXPECT_EQ(sent[1].payload, "hello");
  EXPECT_EQ(sent[2].fields, (h2::Lines{{"x-sum", "1"}}));
  EXPECT_TRUE(sent[2].ends());
  EXPECT_TRUE(stream->is_begun());
  EXPECT_TRUE(stream->is_sent());
}

TEST_F(Http2ClientTest, SaysTheSameOfAResponseHoweverItIsCut) {
  const std::string bytes =
      h2::headers(1, {{":status", "103"}, {"link", "</x>"}}, false) +
      h2::headers(1, {{":status", "200"}, {"content-length", "10"}, {"set-cookie", "a"}}, false) +
      h2::frame(h2::kData, 0, 1, "hello") + h2::frame(h2::kPing, 0, 0, "12345678") +
      h2::frame(h2::kData, 8, 1, std::string("\2world\0\0", 8)) +
      h2::headers(1, {{"grpc-status", "0"}});
  const std::string expected =
      "103 none\n  link=[</x>] canonical\n"
      "200 length 10\n  content-length=[10] canonical\n  set-cookie=[a] canonical\n"
      "body [helloworld]\nend\n  grpc-status=[0] canonical\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    begin();
    const auto stream = ask(kGet);
    frames();
    feed(std::string_view(bytes).substr(0, cut));
    feed(std::string_view(bytes).substr(cut));
    ASSERT_EQ(stream->said, expected) << cut;
    ASSERT_EQ(session_->take_closed().size(), 1U) << cut;
  }
}

TEST_F(Http2ClientTest, NamesTheRuleThatAResponseBreaks) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {h2::headers(1, {{"a", "b"}}), "pseudo_field_malformed"},
      {h2::headers(1, {{":status", "2000"}}), "status_malformed"},
      {h2::headers(1, {{":status", "600"}}), "status_malformed"},
      {h2::headers(1, {{":status", "101"}}, false), "upgrade_unrequested"},
      {h2::headers(1, {{":status", "100"}}), "interim_with_body"},
      {h2::headers(1, {{":status", "200"}, {"upgrade", "x"}}), "connection_field"},
      {h2::headers(1, {{":status", "200"}, {"te", "trailers"}}), "te_not_trailers"},
      {h2::headers(1, {{":status", "200"}, {"content-length", "1"}}), "content_length_mismatch"},
      {h2::headers(1, {{":status", "200"}, {"content-length", "+1"}}, false),
       "content_length_malformed"},
  };
  for (const auto& [bytes, rule] : cases) {
    begin();
    const auto stream = ask(kGet);
    frames();
    feed(bytes);
    EXPECT_EQ(stream->said, "refused: " + rule + "\n");
    const auto sent = frames();
    ASSERT_FALSE(sent.empty()) << rule;
    EXPECT_EQ(sent.back().type, h2::kReset) << rule;
  }
}

TEST_F(Http2ClientTest, RefusesABodyBeforeTheHead) {
  const auto early = ask(kGet);
  frames();
  feed(h2::headers(1, {{":status", "103"}}, false) + h2::frame(h2::kData, h2::kEndStream, 1, "x"));
  EXPECT_EQ(early->said, "103 none\nrefused: http2_protocol_error\n");
  const auto none = ask(kGet);
  frames();
  feed(h2::frame(h2::kData, h2::kEndStream, 3, "x"));
  frames();
  EXPECT_EQ(session_->fault(), Refusal::http2_protocol_error) << "not even an interim one";
}

TEST_F(Http2ClientTest, RefusesBodiesWhereThereIsNone) {
  const auto head = ask({"HEAD", "x", "/"});
  const auto empty = ask(kGet);
  frames();
  feed(h2::headers(1, {{":status", "200"}, {"content-length", "7"}}, false) +
       h2::frame(h2::kData, h2::kEndStream, 1, "x") + h2::headers(3, {{":status", "304"}}, false) +
       h2::frame(h2::kData, h2::kEndStream, 3, "x"));
  EXPECT_TRUE(head->said.ends_with("refused: content_length_mismatch\n")) << head->said;
  EXPECT_TRUE(empty->said.ends_with("refused: content_length_mismatch\n")) << empty->said;
}

TEST_F(Http2ClientTest, AStreamThatIsNotReadHoldsItsOwnWindowOnly) {
  const auto slow = ask(kGet);
  slow->reads = false;
  frames();
  feed(h2::headers(1, {{":status", "200"}}, false));
  for (int i = 0; i < 8; ++i) feed(h2::frame(h2::kData, 0, 1, std::string(16'000, 'x')));
  for (const h2::Frame& frame : frames())
    EXPECT_FALSE(frame.type == h2::kWindowUpdate && frame.stream == 1);
  for (int i = 0; i < 200; ++i) {  // 3 MB more than the connection's window, by others
    const auto quick = ask(kGet);
    frames();
    const auto id = static_cast<std::uint32_t>(3 + 2 * i);
    feed(h2::headers(id, {{":status", "200"}}, false) +
         h2::frame(h2::kData, h2::kEndStream, id, std::string(16'000, 'x')) +
         h2::frame(h2::kPing, 0, 0, "12345678"));
    ASSERT_EQ(quick->body.size(), 16'000U) << i;
    ASSERT_EQ(session_->fault(), Refusal::none);
    session_->take_closed();
  }
}

TEST_F(Http2ClientTest, TellsWhatTheServerDidNothingOf) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 3; ++i) streams.push_back(ask(kGet));
  frames();
  EXPECT_TRUE(session_->accepts_streams());
  EXPECT_EQ(session_->max_streams(), 50U);
  EXPECT_FALSE(session_->streams_taken());
  feed(h2::reset(1, 7) + h2::frame(h2::kGoAway, 0, 0, h2::number(3, 4) + h2::number(0, 4)));
  EXPECT_FALSE(session_->accepts_streams());
  EXPECT_EQ(session_->streams_taken(), 2U);
  const auto closed = session_->take_closed();
  ASSERT_EQ(closed.size(), 2U);
  EXPECT_EQ(closed[0].stream, streams[0].get());
  EXPECT_EQ(closed[0].error, Http2Error::refused_stream);
  EXPECT_EQ(closed[1].stream, streams[2].get());
  EXPECT_EQ(closed[1].error, Http2Error::refused_stream);
  feed(h2::headers(3, {{":status", "200"}}));
  EXPECT_EQ(streams[1]->said, "200 length 0\nbody []\nend\n");
}

TEST_F(Http2ClientTest, ClosesWhatItHadNotSentWhenTheServerLeft) {
  const auto stream = ask(kGet);
  feed(h2::frame(h2::kGoAway, 0, 0, h2::number(0, 4) + h2::number(0, 4)));
  EXPECT_EQ(session_->streams_taken(), 0U);
  for (const h2::Frame& frame : frames()) EXPECT_NE(frame.type, h2::kHeaders);
  ASSERT_EQ(session_->take_closed().size(), 1U);
  EXPECT_FALSE(stream->is_begun());
  feed(h2::frame(h2::kGoAway, 0, 0, h2::number(0x7fffffff, 4) + h2::number(0, 4)));
  EXPECT_LE(session_->streams_taken().value_or(0), 0x40000000U);
}

TEST_F(Http2ClientTest, KeepsARequestUntilTheServerTakesOne) {
  feed(h2::settings({{3, 0}}));
  EXPECT_EQ(session_->max_streams(), 0U);
  const auto stream = ask(kGet);
  for (const h2::Frame& frame : frames()) EXPECT_NE(frame.type, h2::kHeaders);
  feed(h2::settings({{3, 1}}));
  EXPECT_FALSE(frames().empty());
  EXPECT_TRUE(stream->is_begun());
}

TEST_F(Http2ClientTest, EndsWithAServerThatFloods) {
  for (int i = 0; i < 3000; ++i) feed(h2::frame(h2::kPriority, 0, 1, h2::number(0, 4) + "\x10"));
  EXPECT_EQ(session_->fault(), Refusal::http2_frame_flood);
  begin();
  const auto stream = ask(kGet);
  frames();
  for (int i = 0; i < 40; ++i) feed(h2::headers(1, {{":status", "103"}}, false));
  EXPECT_TRUE(stream->said.ends_with("refused: http2_frame_flood\n"));
  begin();
  for (int i = 0; i < 3000; ++i) {  // each may be reset once, and is
    const auto one = ask(kGet);
    frames();
    feed(h2::reset(static_cast<std::uint32_t>(2 * i + 1), 8));
    session_->take_closed();
  }
  EXPECT_EQ(session_->fault(), Refusal::none);
}

TEST_F(Http2ClientTest, CancelsARequestThatWasNotSentYet) {
  const auto stream = ask(kGet);
  session_->reset(*stream, Http2Error::cancel);
  for (const h2::Frame& frame : frames()) EXPECT_NE(frame.type, h2::kHeaders);
  ASSERT_EQ(session_->take_closed().size(), 1U);
  EXPECT_FALSE(stream->is_begun());
}

}  // namespace
}  // namespace teal::net::testing

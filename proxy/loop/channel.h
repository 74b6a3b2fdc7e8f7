// Channel: one connection's socket with what waits to be written to it, and WriteBatch: what the
// present callback wants to write, collected so that it leaves in one system call (a head and the
// first bytes of its body go together). Views given to write_view() need only live to the end of
// the callback: what the socket does not take at once is copied to the channel's own pending
// buffer.
//
// Owned by their worker, used by its thread. A channel does not know HTTP; downstream.h and
// upstream/http1_upstream.h do.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_buffer.h"
#include "net/io/pipe.h"
#include "net/io/reactor.h"
#include "net/stream/stream.h"

namespace teal::proxy {

class Channel;
class WorkerLoop;

/// The output of one channel in the present callback. One per worker: a second channel that writes
/// makes the first one's output leave.
class WriteBatch {
 public:
  /// Chunks up to this size are copied next to each other rather than referred to: one send() of a
  /// few hundred bytes is cheaper than one sendmsg() of many chunks.
  static constexpr std::size_t kCopied = 2048;

  /// What is appended to the returned text, while no other channel writes, leaves with the rest.
  ByteBuffer& text(Channel& owner) {
    if (owner_ != &owner) own(owner);
    return text_;
  }
  void view(Channel& owner, std::string_view bytes);
  /// Writes what there is.
  void flush();
  /// The channel is closing without having its output written.
  void forget(const Channel& owner);

 private:
  void flush_chunks();

  friend class Channel;
  static constexpr std::size_t kMaxChunks = 64;

  /// What is referred to, with the own text that goes before it: nearly always there is only text.
  struct Chunk {
    std::size_t text_end = 0;
    std::string_view outside;
  };
  void own(Channel& owner);
  void clear();

  Channel* owner_ = nullptr;
  ByteBuffer text_;
  std::vector<Chunk> chunks_;
};

/// Makes `kept` the rest of an input that cannot be used yet; the rest may be a part of it. An idle
/// connection keeps no memory for that.
inline void keep_rest(std::string& kept, std::string_view rest) {
  if (rest.empty() && kept.empty()) [[likely]]
    return;
  std::string(rest).swap(kept);
}

class Channel : public net::EventHandler {
 public:
  /// So many reads in a row; then the other connections have their turn.
  static constexpr int kReadsPerTurn = 16;
  /// What is read at once, until a message shows that it is worth more: 16 KiB, as programs like to
  /// write them, come together with their head. From there it grows fourfold.
  static constexpr std::size_t kFirstRead = std::size_t{32} * 1024;

  /// Bytes that the socket has taken since forget_written().
  std::uint64_t written() const { return written_; }
  /// More output than this waiting means that the other side should not be read.
  bool is_blocked() const { return !pending_.empty() || pipe_ || stream_.has_unsent(); }
  bool is_open() const { return stream_.is_open(); }
  /// Moves up to `most` bytes from the other's socket to this one, so that nobody sees them. What
  /// this socket does not take waits, as other output does. Nothing: that cannot be now, since one
  /// of them is not plain, output waits already, or there is no pipe.
  std::optional<net::ReadResult> splice_from(Channel& from, std::size_t most);
  /// Called by the worker after resume_soon().
  virtual void resume() = 0;
  /// Called by the worker after resume_after_turn().
  virtual void finish_turn() {}
  /// For the worker: false if it stands in the list of those to resume already.
  bool mark_resume() { return !std::exchange(is_resume_marked_, true); }
  void unmark_resume() { is_resume_marked_ = false; }

  ~Channel() override;

 protected:
  Channel(WorkerLoop& loop, net::Stream stream);
  /// Gives the socket away: another channel goes on with it. Requires: no output waits.
  net::Stream release_stream();

  Result<void> watch();
  /// Closes at once; output not written yet is lost. Safe to call twice. May destroy *this unless
  /// somebody else holds it: the reactor does during on_ready(), the worker during resume().
  void close_channel();

  // ---- output
  /// What is appended to it is written, as long as nothing is written to another channel.
  ByteBuffer& output();
  void write_view(std::string_view bytes);
  /// Not to be written to yet: output is kept until connected() is called.
  void start_unconnected() { is_connected_ = false; }
  /// Writes what waited.
  void connected();
  /// Takes the pending output to the socket; true if all of it went.
  bool write_pending();
  /// We send no more once the output has left; the peer may.
  void finish_output();
  void forget_written() { written_ = 0; }
  /// The present output is the last, and the end of the connection follows it in this turn if all
  /// of it leaves.
  void mark_last_output() { is_last_output_ = true; }
  /// The socket refused a write; noticed later, in resume() or on_ready().
  bool is_broken() const { return is_broken_; }

  // ---- input
  /// Marks what the reactor said.
  void mark_ready(net::Readiness ready);
  /// Something may be there to read.
  bool may_read() const { return is_readable_; }
  /// The peer has ended its side, behind what there is to read.
  bool has_ended() const { return has_ended_; }
  /// Reads into the worker's scratch buffer behind `kept` bytes that it is given to begin with.
  net::ReadResult read_behind(std::string_view kept, std::size_t most);

  WorkerLoop& loop_;
  net::Stream stream_;

 private:
  friend class WriteBatch;
  void take(std::string_view bytes);
  void take(std::span<const iovec> pieces);
  bool can_write() const { return is_connected_ && pending_.empty() && !pipe_; }
  bool empty_pipe();
  void on_write_failed();
  void keep_unwritten(std::span<const iovec> pieces, std::size_t written);

  std::string pending_;
  std::size_t pending_at_ = 0;
  std::unique_ptr<net::Pipe> pipe_;  ///< With what goes before pending_; null if that is nothing.
  std::uint64_t written_ = 0;
  bool is_resume_marked_ = false;
  bool is_watched_ = false;
  bool is_connected_ = true;
  bool is_broken_ = false;
  bool ends_output_ = false;
  bool is_last_output_ = false;
  bool is_readable_ = false;
  bool has_ended_ = false;
};

}  // namespace teal::proxy

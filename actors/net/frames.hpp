#pragma once

#include <cstdint>
#include <optional>

#include "actors/net/wire.hpp"

namespace lorafleet::actors::net {

/// In place of CAF's own protocol, which a peer can crash or bloat before any of our code runs
/// (docs/architecture.md, "Several hosts").
///
/// What stands on the wire between a head and a host: a header of 8 bytes (payload length as u32,
/// type as u8, three zeros), then the payload.
enum class FrameType : std::uint8_t {
  hello = 1,    ///< host to head: who it is
  refused,      ///< either way: why the connection ends
  ready,        ///< host to head: what it found and computed
  chunk,        ///< either way: a part of a parcel
  credit,       ///< either way: so many chunks were taken
  alive,        ///< either way: nothing but a sign of life
  admitted,     ///< head to host: jobs may come
  farewell,     ///< either way: the orderly end
  ask_status,   ///< anybody to head
  tell_status,  ///< head to that one
};

struct Frame {
  FrameType type{};
  Bytes payload;
};

constexpr std::size_t kFrameHeader = 8;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;         ///< of a parcel in one frame
constexpr std::size_t kLongestFrame = kChunkBytes + 1024;         ///< from somebody admitted
constexpr std::size_t kLongestStrangerFrame = std::size_t{4096};  ///< from somebody who is not

/// Appends a frame. The payload may have up to kLongestFrame bytes.
void write_frame(Bytes& out, FrameType type, BytesView payload);

/// Cuts a byte stream into frames. Holds at most one frame and what `feed` brought.
class FrameReader {
 public:
  explicit FrameReader(std::size_t longest) : longest_(longest) {}
  void allow(std::size_t longest) { longest_ = longest; }

  void feed(BytesView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  /// The next whole frame. Throws ProtocolError for headers that no peer of ours writes, before the
  /// payload is waited for.
  std::optional<Frame> next();

 private:
  std::optional<Frame> wait();

  std::size_t longest_;
  Bytes buffer_;
  std::size_t begin_ = 0;  // of what was not read yet
};

}  // namespace lorafleet::actors::net

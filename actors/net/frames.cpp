#include "actors/net/frames.hpp"

#include <stdexcept>

namespace lorafleet::actors::net {

void write_frame(Bytes& out, FrameType type, BytesView payload) {
  if (payload.size() > kLongestFrame) throw std::logic_error("a frame is too long");
  WireWriter writer(out);
  writer.number(static_cast<std::uint32_t>(payload.size()));
  writer.number(static_cast<std::uint32_t>(type));
  out.insert(out.end(), payload.begin(), payload.end());
}

std::optional<Frame> FrameReader::next() {
  const BytesView rest = BytesView(buffer_).subspan(begin_);
  if (rest.size() < kFrameHeader) return wait();
  WireReader header(rest.first(kFrameHeader));
  const auto length = header.number<std::uint32_t>();
  const auto type = header.number<std::uint32_t>();
  if (type < static_cast<std::uint32_t>(FrameType::hello) ||
      type > static_cast<std::uint32_t>(FrameType::tell_status)) {
    throw ProtocolError("this is not LoRAFleet's protocol");
  }
  if (length > longest_) {
    throw ProtocolError("a frame of " + std::to_string(length) + " bytes; allowed: at most " +
                        std::to_string(longest_));
  }
  if (rest.size() < kFrameHeader + length) return wait();
  const BytesView payload = rest.subspan(kFrameHeader, length);
  Frame frame{static_cast<FrameType>(type), Bytes(payload.begin(), payload.end())};
  begin_ += kFrameHeader + length;
  return frame;
}

std::optional<Frame> FrameReader::wait() {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  return std::nullopt;
}

}  // namespace lorafleet::actors::net

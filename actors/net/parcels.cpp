#include "actors/net/parcels.hpp"

#include <algorithm>
#include <utility>

#include "actors/net/frames.hpp"

namespace lorafleet::actors::net {

namespace {

/// What is reserved when a parcel is announced; the rest grows as it arrives.
constexpr std::uint64_t kMostReserved = std::uint64_t{1} << 28;

}  // namespace

void ParcelSender::add_credit(std::uint32_t chunks) {
  if (chunks == 0 || chunks > kCreditChunks - credit_) {
    throw ProtocolError("a credit of " + std::to_string(chunks) + " chunks that were never sent");
  }
  credit_ += chunks;
}

std::optional<Bytes> ParcelSender::next() {
  if (credit_ == 0 || parcels_.empty()) return std::nullopt;
  const Parcel& parcel = parcels_.front();
  const BytesView rest = BytesView(*parcel.bytes).subspan(sent_);
  const BytesView part = rest.first(std::min(rest.size(), kChunkBytes));
  Bytes chunk;
  chunk.reserve(part.size() + 16);
  WireWriter writer(chunk);
  writer.number(static_cast<std::uint8_t>(parcel.kind));
  writer.number<std::uint64_t>(parcel.bytes->size());
  chunk.insert(chunk.end(), part.begin(), part.end());
  --credit_;
  sent_ += part.size();
  if (sent_ == parcel.bytes->size()) {
    parcels_.pop_front();
    sent_ = 0;
  }
  return chunk;
}

std::optional<Parcel> ParcelReceiver::add(BytesView chunk) {
  constexpr std::size_t kHead = 9;
  if (chunk.size() < kHead) throw ProtocolError("a chunk is cut off");
  WireReader reader(chunk.first(kHead));
  const auto kind = reader.number<std::uint8_t>();
  const auto size = reader.number<std::uint64_t>();
  if (kind < static_cast<std::uint8_t>(ParcelKind::scenario) ||
      kind > static_cast<std::uint8_t>(ParcelKind::failure)) {
    throw ProtocolError("a parcel of unknown kind " + std::to_string(kind));
  }
  if (size > largest_) {
    throw ProtocolError("a parcel of " + std::to_string(size) + " bytes; allowed: at most " +
                        std::to_string(largest_));
  }
  if (open_ && (kind_ != static_cast<ParcelKind>(kind) || announced_ != size)) {
    throw ProtocolError("a parcel that changes on its way");
  }
  const BytesView part = chunk.subspan(kHead);
  if (part.size() > size - bytes_.size()) throw ProtocolError("a parcel longer than announced");
  if (part.empty() && size > 0) throw ProtocolError("an empty chunk");
  if (!open_) bytes_.reserve(static_cast<std::size_t>(std::min(size, kMostReserved)));
  open_ = true;
  kind_ = static_cast<ParcelKind>(kind);
  announced_ = size;
  bytes_.insert(bytes_.end(), part.begin(), part.end());
  if (bytes_.size() < size) return std::nullopt;
  open_ = false;
  return Parcel{kind_, std::make_shared<const Bytes>(std::exchange(bytes_, {}))};
}

}  // namespace lorafleet::actors::net

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "actors/net/wire.hpp"

namespace lorafleet::actors::net {

/// What may be too large for a frame, and what must not overtake it: parcels travel in chunks, one
/// after the other.
enum class ParcelKind : std::uint8_t {
  scenario = 1,  ///< head to host
  base_change,   ///< head to host
  adapter,       ///< head to host
  order,         ///< head to host: train this
  abandon,       ///< head to host: a job that can no longer count
  forget,        ///< head to host: adapters that are not needed any more
  update,        ///< host to head: trained
  failure,       ///< host to head: the training itself failed
};

struct Parcel {
  ParcelKind kind{};
  std::shared_ptr<const Bytes> bytes;
};

/// Chunks that may be on their way before the receiver says that it took some.
constexpr std::uint32_t kCreditChunks = 4;

/// Hands out the chunks of queued parcels as far as the receiver's credit goes.
class ParcelSender {
 public:
  void queue(Parcel parcel) { parcels_.push_back(std::move(parcel)); }
  /// Throws ProtocolError where more is given back than was lent.
  void add_credit(std::uint32_t chunks);
  /// Payload of the next chunk frame: kind, length of the whole parcel, bytes.
  std::optional<Bytes> next();
  [[nodiscard]] std::size_t queued() const { return parcels_.size(); }

 private:
  std::deque<Parcel> parcels_;
  std::size_t sent_ = 0;  // bytes of the first one
  std::uint32_t credit_ = kCreditChunks;
};

/// Puts chunks together again. What is announced is held against the largest that is allowed before
/// memory is reserved.
class ParcelReceiver {
 public:
  explicit ParcelReceiver(std::uint64_t largest) : largest_(largest) {}
  /// The parcel, with its last chunk. Throws ProtocolError.
  std::optional<Parcel> add(BytesView chunk);

 private:
  std::uint64_t largest_;
  std::uint64_t announced_ = 0;
  ParcelKind kind_{};
  bool open_ = false;
  Bytes bytes_;
};

}  // namespace lorafleet::actors::net

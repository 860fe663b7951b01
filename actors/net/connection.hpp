#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "actors/net/frames.hpp"
#include "actors/net/parcels.hpp"
#include "actors/net/tls.hpp"

namespace lorafleet::actors::net {

/// One peer, as a function of bytes: TLS or plain, frames, parcels and their credits. It knows no
/// socket and no clock.
class Connection {
 public:
  /// A whole parcel, or a frame that is none of this class's own business.
  using Incoming = std::variant<Frame, Parcel>;

  /// `tls` null: plain. `largest_parcel` in bytes.
  Connection(Side side, std::shared_ptr<const TlsContext> tls, std::uint64_t largest_parcel);

  /// What the bytes bring. Throws ProtocolError.
  std::vector<Incoming> receive(BytesView from_wire);
  /// A frame overtakes parcels that wait.
  void send(FrameType type, BytesView payload = {});
  void send(Parcel parcel);
  /// To be written to the wire.
  Bytes take_output();

  /// From now on the peer may send long frames and parcels.
  void admit();
  /// With TLS: both sides know each other.
  [[nodiscard]] bool established() const { return !tls_ || tls_->established(); }
  /// The subject of its certificate; empty without TLS and before the handshake.
  [[nodiscard]] std::string peer() const { return tls_ ? tls_->peer() : std::string(); }

 private:
  std::optional<Incoming> take(Frame frame);
  void send_chunks();
  void write(FrameType type, BytesView payload);

  std::unique_ptr<TlsChannel> tls_;
  FrameReader reader_;
  ParcelSender sender_;
  ParcelReceiver receiver_;
  Bytes plain_out_;
  bool admitted_ = false;
};

}  // namespace lorafleet::actors::net

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/config/tls_files.hpp"
#include "actors/net/wire.hpp"

namespace lorafleet::actors::net {

/// Which end of a connection one is.
enum class Side { listening, connecting };

/// Files read and checked once for all connections.
class TlsContext {
 public:
  /// Throws InputError: a file is missing or no PEM, the key does not belong to the certificate, or
  /// the authority did not sign it, it is outside its dates, or not made for this side.
  TlsContext(const TlsFiles& files, Side side);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsChannel;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// TLS 1.3 as a function of bytes, without a socket: what came from the wire goes in, what has to
/// go to the wire comes out.
class TlsChannel {
 public:
  TlsChannel(std::shared_ptr<const TlsContext> context, Side side);
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  /// Returns the plain bytes. Throws ProtocolError where the peer is no TLS, has no certificate of
  /// ours, or a subject that is not allowed. `take_output` may then hold an alert for the peer.
  Bytes receive(BytesView from_wire);
  /// Plain bytes to be sent, as soon as both sides know each other.
  void send(BytesView plain);
  Bytes take_output();

  [[nodiscard]] bool established() const { return established_; }
  /// RFC 2253 ("CN=gpu-7,O=lab"), once established.
  [[nodiscard]] const std::string& peer() const { return peer_; }

 private:
  void shake_hands();
  void learn_peer();
  void encrypt(BytesView plain);

  struct Impl;
  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<Impl> impl_;
  bool established_ = false;
  bool closed_ = false;  // by the peer
  std::string peer_;
  Bytes early_;
};

}  // namespace lorafleet::actors::net

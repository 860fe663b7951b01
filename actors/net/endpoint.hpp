#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lorafleet::actors::net {

/// "head:4242", "127.0.0.1:4242", "[::1]:4242".
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  [[nodiscard]] std::string text() const;
};

/// Throws InputError that names `option`.
Endpoint parse_endpoint(const std::string& text, const std::string& option);

/// A socket, and whether all of it stays inside this machine.
struct Socket {
  int fd = -1;
  bool loopback = false;
  std::uint16_t port = 0;  ///< bound, where one was asked for with port 0
};

/// Binds and listens. Throws InputError for an address that is not one of this machine's,
/// RuntimeFailure where it cannot be had.
Socket listen_on(const Endpoint& endpoint);

/// Connects to the first address that answers. Throws RuntimeFailure with the reason after at most
/// `patience` for each address.
Socket connect_to(const Endpoint& endpoint, std::chrono::milliseconds patience);

/// Ends a connection for both directions now, whatever is still on its way; the one who waits for
/// data on it learns of its end.
void cut(int fd);

}  // namespace lorafleet::actors::net

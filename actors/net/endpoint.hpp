#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace lorafleet::actors::net {

/// "head:4242", "127.0.0.1:4242", "[::1]:4242"; to listen on also "*:4242", all of this machine.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  [[nodiscard]] std::string text() const;
};

enum class EndpointUse { connect, listen };

/// Throws InputError that names `option`, and says what is wrong. Only who listens may leave the
/// address ("*") and the port (0) open.
Endpoint parse_endpoint(const std::string& text, const std::string& option, EndpointUse use);

/// A socket, and whether all of it stays inside this machine.
struct Socket {
  int fd = -1;
  bool loopback = false;
  std::uint16_t port = 0;  ///< bound, where one was asked for with port 0
  std::string address;     ///< in numbers, with the port: "[::1]:4242"
};

/// The sockets of one endpoint, all with the same port.
struct Listening {
  std::vector<Socket> sockets;         ///< one or more, in the order of the addresses
  std::vector<std::string> passed_by;  ///< "[::1]:4242: reason": addresses not of this machine

  [[nodiscard]] std::uint16_t port() const { return sockets.front().port; }
  [[nodiscard]] bool loopback() const;  ///< all of them
  /// "[::1]:4242, 127.0.0.1:4242"
  [[nodiscard]] std::string addresses() const;
  void close();
};

/// Binds and listens on every address that the host's name has. Addresses that this machine does
/// not have (IPv6 where there is none) are passed by if there are others. Throws InputError for a
/// name that is not known, RuntimeFailure that names the address where one cannot be had.
Listening listen_on(const Endpoint& endpoint);

/// Connects to the first address of the name that answers. Throws RuntimeFailure with the reason of
/// each after at most `patience` for each address.
Socket connect_to(const Endpoint& endpoint, std::chrono::milliseconds patience);

/// Ends a connection for both directions now, whatever is still on its way; the one who waits for
/// data on it learns of its end.
void cut(int fd);

}  // namespace lorafleet::actors::net

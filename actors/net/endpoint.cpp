#include "actors/net/endpoint.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "partition/support/error.hpp"

namespace lorafleet::actors::net {

namespace {

struct AddressDeleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressDeleter>;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Addresses resolve(const Endpoint& endpoint, int flags, std::string& reason) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int status =
      ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  if (status != 0) reason = ::gai_strerror(status);
  return Addresses(status == 0 ? list : nullptr);
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

std::string system_reason(int code) {
  return std::strerror(code);
}

/// 0, or the error number.
int connect_within(int fd, const addrinfo& address, std::chrono::milliseconds patience) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{fd, POLLOUT, 0};
  const int ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

}  // namespace

std::string Endpoint::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Endpoint parse_endpoint(const std::string& text, const std::string& option) {
  const std::string allowed = "; allowed: HOST:PORT, for instance 127.0.0.1:4242 or [::1]:4242";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    throw InputError(option, "\"" + text + "\" is no address" + allowed);
  }
  Endpoint endpoint;
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  } else if (endpoint.host.find(':') != std::string::npos) {
    throw InputError(option, "\"" + text + "\" is no address" + allowed);
  }
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, endpoint.port);
  if (error != std::errc() || stop != end || begin == end || endpoint.host.empty()) {
    throw InputError(option, "\"" + text + "\" is no address" + allowed);
  }
  return endpoint;
}

Socket listen_on(const Endpoint& endpoint) {
  std::string reason;
  const Addresses addresses = resolve(endpoint, AI_PASSIVE, reason);
  if (!addresses) throw InputError("--listen " + endpoint.text(), reason);
  const addrinfo& address = *addresses;
  Descriptor fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd.get() < 0 || ::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    throw RuntimeFailure("cannot listen on " + endpoint.text() + ": " + system_reason(errno));
  }
  Socket socket{-1, is_loopback(address.ai_addr), bound_port(fd.get())};
  socket.fd = fd.release();
  return socket;
}

Socket connect_to(const Endpoint& endpoint, std::chrono::milliseconds patience) {
  std::string reason;
  const Addresses addresses = resolve(endpoint, 0, reason);
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Descriptor fd(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int error = fd.get() < 0 ? errno : connect_within(fd.get(), *address, patience);
    if (error == 0) return {fd.release(), is_loopback(address->ai_addr), endpoint.port};
    reason = system_reason(error);
  }
  throw RuntimeFailure("cannot connect to " + endpoint.text() + ": " + reason);
}

void cut(int fd) {
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace lorafleet::actors::net

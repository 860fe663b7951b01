#include "actors/net/endpoint.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

constexpr const char* kEverywhere = "*";

Addresses resolve(const Endpoint& endpoint, int flags, std::string& reason) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const char* host = endpoint.host == kEverywhere ? nullptr : endpoint.host.c_str();
  const int status = ::getaddrinfo(host, std::to_string(endpoint.port).c_str(), &hints, &list);
  if (status != 0) reason = ::gai_strerror(status);
  return Addresses(status == 0 ? list : nullptr);
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  if (address->sa_family != AF_INET6) return false;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

std::string numeric(const addrinfo& address, std::uint16_t port) {
  char host[NI_MAXHOST] = "";
  ::getnameinfo(address.ai_addr, address.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return Endpoint{host, port}.text();
}

/// With another port.
sockaddr_storage with_port(const addrinfo& address, std::uint16_t port) {
  sockaddr_storage changed{};
  std::memcpy(&changed, address.ai_addr, address.ai_addrlen);
  if (changed.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(changed).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(changed).sin_port = htons(port);
  }
  return changed;
}

/// Each address once.
std::vector<const addrinfo*> distinct(const addrinfo* list) {
  std::vector<const addrinfo*> found;
  for (; list != nullptr; list = list->ai_next) {
    const auto same = [&](const addrinfo* known) {
      return known->ai_addrlen == list->ai_addrlen &&
             std::memcmp(known->ai_addr, list->ai_addr, list->ai_addrlen) == 0;
    };
    if (std::none_of(found.begin(), found.end(), same)) found.push_back(list);
  }
  return found;
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

Endpoint parse_endpoint(const std::string& text, const std::string& option, EndpointUse use) {
  const bool listens = use == EndpointUse::listen;
  const auto fail = [&](const std::string& what) {
    throw InputError(option, '"' + text + "\" " + what +
                                 "; allowed: HOST:PORT, for instance 127.0.0.1:4242 or [::1]:4242" +
                                 (listens ? ", or *:4242 for all addresses" : ""));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.back() == ']') fail("has no port");
  Endpoint endpoint;
  endpoint.host = text.substr(0, colon);
  const bool brackets =
      endpoint.host.size() > 1 && endpoint.host.front() == '[' && endpoint.host.back() == ']';
  if (brackets) endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  if (endpoint.host.empty()) fail("has no host");
  if (!brackets && endpoint.host.find(':') != std::string::npos) {
    fail("has an IPv6 address without brackets");
  }
  if (endpoint.host == kEverywhere && !listens) fail("says nobody in particular to connect to");
  const bool plain = std::all_of(endpoint.host.begin(), endpoint.host.end(), [](char letter) {
    return letter > ' ' && letter < 127 && letter != '[' && letter != ']';
  });
  if (!plain) fail("has characters that no host has");
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, endpoint.port);
  if (error != std::errc() || stop != end) {
    fail("has no port that is a number from " + std::string(listens ? "0" : "1") + " to 65535");
  }
  if (endpoint.port == 0 && !listens) fail("has port 0, which nobody listens on");
  return endpoint;
}

bool Listening::loopback() const {
  return std::all_of(sockets.begin(), sockets.end(),
                     [](const Socket& socket) { return socket.loopback; });
}

std::string Listening::addresses() const {
  std::string text;
  for (const Socket& socket : sockets)
    text += (text.empty() ? "" : ", ") + socket.address;
  return text;
}

void Listening::close() {
  for (const Socket& socket : sockets)
    ::close(socket.fd);
  sockets.clear();
}

namespace {

/// 0, or the error number. `alone`: no other address shares the port, so that [::] may take IPv4's
/// callers too, as the system does.
int open_listener(const addrinfo& address, std::uint16_t port, bool alone, Socket& socket) {
  Descriptor fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return errno;
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6 && !alone) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  const sockaddr_storage bound = with_port(address, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&bound), address.ai_addrlen) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return errno;
  }
  socket.port = bound_port(fd.get());
  socket.loopback = is_loopback(address.ai_addr);
  socket.address = numeric(address, socket.port);
  socket.fd = fd.release();
  return 0;
}

/// One try; the first address says which port the others get where none was asked for. Nothing:
/// that port is taken at another address.
std::optional<Listening> try_listening(const Endpoint& endpoint,
                                       const std::vector<const addrinfo*>& addresses) {
  Listening listening;
  std::uint16_t port = endpoint.port;
  for (const addrinfo* address : addresses) {
    Socket socket;
    const int error = open_listener(*address, port, addresses.size() == 1, socket);
    if (error == 0) {
      port = socket.port;
      listening.sockets.push_back(std::move(socket));
      continue;
    }
    const std::string where = numeric(*address, port);
    if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) {
      listening.passed_by.push_back(where + ": " + system_reason(error));
      continue;
    }
    const bool another_port = endpoint.port == 0 && error == EADDRINUSE && port != 0;
    listening.close();
    if (another_port) return std::nullopt;
    throw RuntimeFailure("cannot listen on " + endpoint.text() +
                         (where == endpoint.text() ? "" : " (" + where + ")") + ": " +
                         system_reason(error));
  }
  if (listening.sockets.empty()) {
    std::string reasons;
    for (const auto& reason : listening.passed_by)
      reasons += (reasons.empty() ? "" : "; ") + reason;
    throw RuntimeFailure("cannot listen on " + endpoint.text() + ": " + reasons);
  }
  return listening;
}

}  // namespace

Listening listen_on(const Endpoint& endpoint) {
  std::string reason;
  const Addresses addresses = resolve(endpoint, AI_PASSIVE, reason);
  if (!addresses) throw InputError("--listen " + endpoint.text(), reason);
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    if (auto listening = try_listening(endpoint, distinct(addresses.get()))) return *listening;
  }
  throw RuntimeFailure("cannot listen on " + endpoint.text() +
                       ": no port is free at all of its addresses");
}

Socket connect_to(const Endpoint& endpoint, std::chrono::milliseconds patience) {
  std::string reason;
  const Addresses addresses = resolve(endpoint, 0, reason);
  if (!addresses) throw RuntimeFailure("cannot connect to " + endpoint.text() + ": " + reason);
  const auto known = distinct(addresses.get());
  for (const addrinfo* address : known) {
    const std::string where = numeric(*address, endpoint.port);
    Descriptor fd(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int error = fd.get() < 0 ? errno : connect_within(fd.get(), *address, patience);
    if (error == 0) return {fd.release(), is_loopback(address->ai_addr), endpoint.port, where};
    reason += (reason.empty() ? "" : "; ") + (known.size() > 1 ? where + ": " : "") +
              system_reason(error);
  }
  throw RuntimeFailure("cannot connect to " + endpoint.text() + ": " + reason);
}

void cut(int fd) {
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace lorafleet::actors::net

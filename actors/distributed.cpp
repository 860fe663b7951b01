#include "actors/distributed.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>

#include "actors/head_setup.hpp"
#include "actors/net/connection.hpp"
#include "actors/remote_host_actor.hpp"
#include "actors/system_config.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

std::shared_ptr<const net::TlsContext> context_of(const net::TlsFiles& files, net::Side side) {
  if (!files.any() && !files.allow.empty()) {
    throw InputError("tls.allow", "needs tls.cert, key and ca: without TLS nobody has a name");
  }
  return files.any() ? std::make_shared<const net::TlsContext>(files, side) : nullptr;
}

/// A connection without actors, for one question and its answer.
class Caller {
 public:
  Caller(const net::Endpoint& endpoint, std::shared_ptr<const net::TlsContext> tls, double patience)
      : deadline_(Clock::now() + std::chrono::milliseconds(static_cast<int>(patience * 1000))),
        endpoint_(endpoint) {
    // Half of it, so that an address that swallows everything leaves time for the name's next one.
    const net::Socket socket = net::connect_to(endpoint, left() / 2);
    fd_ = socket.fd;
    if (!tls && !socket.loopback) {
      ::close(fd_);
      throw InputError(endpoint.text(),
                       "another machine needs TLS; allowed: --cert, --key and --ca");
    }
    connection_ = std::make_unique<net::Connection>(net::Side::connecting, std::move(tls), 0);
    connection_->admit();
  }
  ~Caller() { ::close(fd_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  std::string ask_status() {
    connection_->send(net::FrameType::ask_status);
    for (;;) {
      write();
      for (const auto& incoming : read()) {
        const auto* frame = std::get_if<net::Frame>(&incoming);
        if (frame == nullptr) continue;
        if (frame->type == net::FrameType::tell_status) {
          return net::decode_text(frame->payload, net::kChunkBytes);
        }
        if (frame->type == net::FrameType::refused) {
          throw RuntimeFailure(endpoint_.text() + ": " + net::decode_text(frame->payload));
        }
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }
  void wait_for(short events) const {
    pollfd wait{fd_, events, 0};
    if (::poll(&wait, 1, static_cast<int>(left().count())) > 0) return;
    throw RuntimeFailure(endpoint_.text() + ": no answer");
  }
  void write() {
    const net::Bytes out = connection_->take_output();
    for (std::size_t sent = 0; sent < out.size();) {
      wait_for(POLLOUT);
      const auto count = ::send(fd_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN) {
        throw RuntimeFailure(endpoint_.text() + ": " + std::strerror(errno));
      }
      if (count > 0) sent += static_cast<std::size_t>(count);
    }
  }
  std::vector<net::Connection::Incoming> read() {
    std::uint8_t buffer[65536];
    wait_for(POLLIN);
    const auto count = ::recv(fd_, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) return {};
    if (count <= 0) {
      throw RuntimeFailure(endpoint_.text() + ": closed the connection without an answer");
    }
    try {
      return connection_->receive({buffer, static_cast<std::size_t>(count)});
    } catch (const net::ProtocolError& failure) {
      throw RuntimeFailure(endpoint_.text() + ": " + failure.what());
    }
  }

  Clock::time_point deadline_;
  net::Endpoint endpoint_;
  int fd_ = -1;
  std::unique_ptr<net::Connection> connection_;
};

}  // namespace

net::Environment environment_here(const std::string& version) {
  const auto runtime = model::runtime_info();
  return {version,        runtime.libtorch, runtime.blas, runtime.kernels,
          runtime.onednn, runtime.isa,      runtime.cpu};
}

HeadSetup open_head(const net::HeadOptions& options) {
  HeadSetup setup;
  setup.options = options;
  setup.tls = context_of(options.tls, net::Side::listening);
  setup.listening = net::listen_on(options.listen);
  setup.options.listen.port = setup.listening.port();
  if (!setup.tls && !setup.listening.loopback()) {
    const std::string addresses = setup.listening.addresses();
    setup.listening.close();
    throw InputError(
        "--listen " + options.listen.text(),
        "is " + addresses +
            ": other machines could connect, and a plain port trusts everybody; allowed: "
            "--cert, --key and --ca, or an address of this machine alone (127.0.0.1)");
  }
  return setup;
}

bool run_host(const net::HostOptions& options) {
  for (const auto& line : model::runtime_warnings())
    options.warning(line);
  RemoteHostParts parts;
  parts.options = options;
  parts.tls = context_of(options.tls, net::Side::connecting);
  parts.hello.name = options.name;
  std::random_device random;
  parts.hello.instance = (std::uint64_t{random()} << 32) | random();
  parts.hello.slots = static_cast<std::uint32_t>(options.slots);
  parts.hello.environment = environment_here(options.version);
  const auto threads = std::make_shared<std::atomic<int>>(1);
  parts.set_threads = [threads](int count) {
    *threads = count;
    model::configure_thread(count);
  };
  SystemConfig config(threads, 2, true);
  caf::actor_system system(config);
  const auto host = system.spawn<RemoteHostActor, caf::detached>(std::move(parts));
  const std::stop_callback on_stop(options.stop, [&] { caf::anon_send(host, InterruptRun{}); });
  caf::scoped_actor self(system);
  HeadServed served;
  self->request(host, caf::infinite, ServeHead{})
      .receive([&](const HeadServed& result) { served = result; },
               [&](const caf::error& failure) { served.failed = system.render(failure); });
  caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
  if (!served.refused.empty()) throw InputError("", served.refused);
  if (!served.failed.empty()) throw RuntimeFailure(served.failed);
  return !served.stopped;
}

std::string head_status(const StatusOptions& options) {
  Caller caller(options.head, context_of(options.tls, net::Side::connecting),
                options.patience_seconds);
  return caller.ask_status();
}

}  // namespace lorafleet::actors

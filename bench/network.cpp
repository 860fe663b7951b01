// What a message costs between a head and a host: frames and parcels through two brokers over
// loopback, plain and with TLS, and the parts of it that are no network (encode, decode).
//
//   bench_network [CERTIFICATES]     a folder made by tools/make-certs.sh with a host named "host"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "actors/link_actor.hpp"
#include "actors/net/payloads.hpp"
#include "actors/system_config.hpp"
#include "model/device/process.hpp"

namespace {

using namespace lorafleet;
using namespace lorafleet::actors;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Counts what arrives, and says when it was enough.
struct Sink {
  LinkHandle links;
  std::promise<LinkId> up;
  std::promise<void> enough;
  std::size_t expected = 0;
  bool is_up = false;
};

caf::behavior sink_behavior(caf::event_based_actor*, std::shared_ptr<Sink> sink) {
  return {[sink](const LinkUp& message) {
            sink->is_up = true;
            sink->up.set_value(message.link);
          },
          [](const LinkFrame&) {},
          [sink](const LinkParcel&) {
            if (--sink->expected == 0) sink->enough.set_value();
          },
          [](const LinkDown& message) { std::printf("link down: %s\n", message.reason.c_str()); }};
}

class Side {
 public:
  explicit Side(std::shared_ptr<const net::TlsContext> tls, std::vector<int> listening_fds)
      : config_(std::make_shared<std::atomic<int>>(1), 1, true), system_(config_) {
    sink = std::make_shared<Sink>();
    const caf::actor owner = system_.spawn(sink_behavior, sink);
    LinkConfig links;
    links.owner = caf::actor_cast<caf::strong_actor_ptr>(owner);
    links.tls = std::move(tls);
    links.listening_fds = std::move(listening_fds);
    links.largest_parcel = std::uint64_t{1} << 32;
    sink->links = spawn_links(system_, std::move(links));
    owner_ = owner;
  }
  ~Side() {
    caf::anon_send_exit(sink->links, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
    sink->links = nullptr;
  }
  std::shared_ptr<Sink> sink;

 private:
  SystemConfig config_;
  caf::actor_system system_;
  caf::actor owner_;
};

void measure(const char* name, const std::shared_ptr<const net::TlsContext>& head_tls,
             const std::shared_ptr<const net::TlsContext>& host_tls) {
  const net::Socket socket = net::listen_on({"127.0.0.1", 0}).sockets.front();
  Side head(head_tls, {socket.fd});
  Side host(host_tls, {});
  caf::anon_send(host.sink->links, Dial{{"127.0.0.1", socket.port}});
  const LinkId from = head.sink->up.get_future().get();
  host.sink->up.get_future().wait();
  caf::anon_send(head.sink->links, AdmitPeer{from});
  for (const std::size_t bytes : {std::size_t{64}, std::size_t{200} << 10, std::size_t{1} << 20,
                                  std::size_t{4} << 20, std::size_t{64} << 20}) {
    const std::size_t count =
        std::max<std::size_t>(4, std::min<std::size_t>(20000, (std::size_t{1} << 30) / bytes));
    const auto parcel = std::make_shared<const net::Bytes>(bytes, std::uint8_t{1});
    host.sink->expected = count;
    host.sink->enough = {};
    const auto start = Clock::now();
    for (std::size_t i = 0; i < count; ++i)
      caf::anon_send(head.sink->links, SendParcel{from, {net::ParcelKind::adapter, parcel}});
    host.sink->enough.get_future().wait();
    const double seconds = seconds_since(start);
    std::printf("%-6s parcels of %9zu bytes: %8.1f us each, %8.1f MB/s\n", name, bytes,
                1e6 * seconds / static_cast<double>(count),
                static_cast<double>(bytes * count) / seconds / 1e6);
  }
}

void measure_codec() {
  const auto layout = std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>(24, model::LoraModule{"module", 768, 768, 8, 16.0, false}));
  const auto adapter = std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.5f)});
  const ClientUpdate update{{{1}, {1}}, adapter, {}, nullptr};
  constexpr int kTimes = 200;
  net::Bytes bytes;
  auto start = Clock::now();
  for (int i = 0; i < kTimes; ++i)
    bytes = net::encode(update);
  const double encode = seconds_since(start) / kTimes;
  start = Clock::now();
  std::size_t read = 0;
  for (int i = 0; i < kTimes; ++i)
    read += net::decode_update(bytes).values.size();
  const double decode = seconds_since(start) / kTimes;
  std::printf(
      "update of opt-125m, q and v, r 8 (%zu bytes): encode %.0f us, decode %.0f us (%zu)\n",
      bytes.size(), 1e6 * encode, 1e6 * decode, read);
}

}  // namespace

int main(int count, char** values) {
  model::configure_process();
  measure_codec();
  measure("plain", nullptr, nullptr);
  if (count < 2) return 0;
  const std::filesystem::path folder = values[1];
  const auto context = [&](const std::string& name) {
    return std::make_shared<const net::TlsContext>(
        net::TlsFiles{folder / (name + ".pem"), folder / (name + ".key"), folder / "ca.pem", {}},
        name == "head" ? net::Side::listening : net::Side::connecting);
  };
  measure("TLS", context("head"), context("host"));
}

// The models of heterogeneity alone: making a world, moving its clock, pricing jobs.
// Usage: bench_world [clients]

#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "actors/sim/world.hpp"

namespace {

using namespace lorafleet::sim;

class Watch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Case {
  std::string name;
  DevicesConfig devices;
  NetworkConfig network;
  AvailabilityConfig availability;
};

void measure(const Case& made, std::size_t clients) {
  const std::size_t before = allocated_bytes();
  const Watch construction;
  World world(made.devices, made.network, made.availability, clients, 1, 0.0);
  const double constructed = construction.seconds();
  const double bytes =
      static_cast<double>(allocated_bytes() - before) / static_cast<double>(clients);

  std::int64_t changes = 0;
  const Watch hour;
  world.advance(VirtualTime{} + VirtualDuration::from_seconds(3600.0),
                [&](ClientId, bool) { ++changes; });
  const double advanced = hour.seconds();

  constexpr std::uint64_t kJobs = 1'000'000;
  std::int64_t lost = 0;
  const Watch pricing;
  for (std::uint64_t seq = 1; seq <= kJobs; ++seq) {
    const auto client = static_cast<std::uint32_t>(seq * 2654435761u % clients);
    const JobLoad load{{{client}, {seq}}, 5000, 1'000'000, 1'000'000};
    lost += world.predict(load, world.now()).lost ? 1 : 0;
  }
  const double priced = pricing.seconds();
  std::printf(
      "%-22s made in %6.3f s, %5.1f bytes a client; an hour in %6.3f s (%9lld changes, %5.2f M/s); "
      "%6.2f M predictions/s (%lld lost)\n",
      made.name.c_str(), constructed, bytes, advanced, static_cast<long long>(changes),
      static_cast<double>(changes) / advanced / 1e6, kJobs / priced / 1e6,
      static_cast<long long>(lost));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t clients = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  Case plain{"always", {}, {}, {}};
  measure(plain, clients);
  Case jitter = plain;
  jitter.name = "jitter, drops";
  jitter.devices.jitter = Distribution::lognormal(1.0, 0.5);
  jitter.availability.drop_probability = 0.05;
  measure(jitter, clients);
  Case daily = plain;
  daily.name = "daily";
  daily.availability.model = "daily";
  measure(daily, clients);
  Case markov = plain;
  markov.name = "markov";
  markov.availability.model = "markov";
  measure(markov, clients);
  Case pause = markov;
  pause.name = "markov, pause";
  pause.availability.leaving = "pause";
  measure(pause, clients);
  Case slow = markov;
  slow.name = "markov, slow-downs";
  slow.devices.slow_down.mean_between_seconds = 300.0;
  measure(slow, clients);
  Case outages = markov;
  outages.name = "markov, outages";
  OutageConfig outage;
  outage.mean_between_seconds = 600.0;
  outages.availability.outages = {outage, outage};
  outages.availability.outages[1].share = 0.3;
  measure(outages, clients);
}

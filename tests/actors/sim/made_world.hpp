#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "actors/sim/world.hpp"

namespace lorafleet::tests {

inline sim::VirtualTime at_seconds(double seconds) {
  return sim::VirtualTime{} + sim::VirtualDuration::from_seconds(seconds);
}

/// A world of devices that make 100 tokens/s with 8 Mbit/s and no latency, so that a load of
/// {seconds * 100 tokens, seconds * 1e6 bytes} takes whole seconds.
struct PlainWorld {
  sim::DevicesConfig devices;
  sim::NetworkConfig network;
  sim::AvailabilityConfig availability;

  PlainWorld() {
    sim::DeviceTier tier;
    tier.tokens_per_second = sim::Distribution::constant(100.0);
    devices.tiers = {tier};
    network.download_mbps = sim::Distribution::constant(8.0);
    network.upload_mbps = sim::Distribution::constant(8.0);
    network.latency_seconds = sim::Distribution::constant(0.0);
  }
  sim::World make(std::size_t clients, std::uint64_t seed = 1) const {
    return {devices, network, availability, clients, seed, 0.0};
  }
};

inline sim::JobLoad load_of(std::uint32_t client, std::uint64_t seq, double down, double compute,
                            double up) {
  return {{{client}, {seq}},
          static_cast<std::int64_t>(compute * 100.0),
          static_cast<std::int64_t>(down * 1e6),
          static_cast<std::int64_t>(up * 1e6)};
}

/// (microseconds, client, online) for each change that advance reports; times are those of the
/// steps.
using Changes = std::vector<std::tuple<std::int64_t, std::uint32_t, bool>>;

inline void advance_by_changes(sim::World& world, sim::VirtualTime end, Changes& changes) {
  const auto step = [&](sim::VirtualTime time) {
    world.advance(time, [&](sim::ClientId client, bool online) {
      changes.emplace_back(time.microseconds, client.value, online);
    });
  };
  while (world.next_change() && *world.next_change() <= end)
    step(*world.next_change());
  step(end);
}

/// Any mixture of the models that need no file, with times of seconds.
inline PlainWorld random_world() {
  PlainWorld made;
  auto& availability = made.availability;
  availability.model = *rc::gen::element<std::string>("always", "bernoulli", "markov", "daily");
  availability.mean_up_seconds = *rc::gen::inRange(1, 30);
  availability.mean_down_seconds = *rc::gen::inRange(1, 30);
  availability.day_seconds = *rc::gen::inRange(5, 50);
  availability.online_share = *rc::gen::element(0.1, 0.5, 1.0);
  availability.window_start_seconds =
      *rc::gen::element(sim::Distribution::uniform(0.0, 100.0), sim::Distribution::constant(7.0));
  availability.leaving = *rc::gen::element<std::string>("lose", "pause");
  availability.drop_probability = *rc::gen::element(0.0, 0.0, 0.2);
  availability.crash_rate_per_hour = *rc::gen::element(0.0, 0.0, 200.0);
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    sim::OutageConfig outage;
    outage.share = *rc::gen::element(0.3, 1.0);
    outage.start_seconds = *rc::gen::inRange(0, 30);
    outage.duration_seconds = *rc::gen::inRange(1, 9);
    outage.every_seconds = *rc::gen::element(0.0, 10.0, 20.0);
    outage.mean_between_seconds = *rc::gen::element(0.0, 15.0);
    outage.mean_seconds = 3.0;
    availability.outages.push_back(outage);
  }
  made.devices.slow_down.mean_between_seconds = *rc::gen::element(0.0, 4.0);
  made.devices.slow_down.mean_seconds = 2.0;
  made.devices.tiers[0].watts = 10.0;
  made.devices.tiers[0].cost_per_hour = 3.6;
  made.network.cost_per_gb = *rc::gen::element(0.0, 2.0);
  made.network.server_upload_mbps = *rc::gen::element(0.0, 0.0, 4.0, 100.0);
  if (*rc::gen::arbitrary<bool>()) made.network.jitter = sim::Distribution::lognormal(1.0, 0.4);
  return made;
}

}  // namespace lorafleet::tests

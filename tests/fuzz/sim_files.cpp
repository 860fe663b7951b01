#include <cstdint>
#include <string_view>

#include "actors/sim/device_file.hpp"
#include "actors/sim/trace.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

constexpr std::uint32_t kClients = 5;
constexpr int kPeriods = 50;

void walk(const sim::Trace& trace) {
  for (std::uint32_t client = 0; client < kClients; ++client) {
    sim::Period period = trace.first(client);
    for (int i = 0; i < kPeriods && period.until < sim::kNever; ++i) {
      const sim::Period next = trace.after(client, period);
      if (next.until <= period.until || next.on == period.on) __builtin_trap();
      period = next;
    }
  }
}

}  // namespace

void read_sim_files(std::string_view input) {
  if (input.empty()) return;
  const char kind = input.front();
  input.remove_prefix(1);
  if (kind == 'd') {
    (void)sim::parse_device_file(input, "devices.csv");
  } else {
    walk(sim::parse_trace(input, "trace.csv", kClients, kind == 'r' ? 1000.0 : 0.0));
  }
}

}  // namespace lorafleet::fuzz

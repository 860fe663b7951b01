#include "actors/sim/world_warnings.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "actors/sim/time/durations.hpp"
#include "actors/sim/trace.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::sim {

namespace {

constexpr VirtualDuration kNegligible{1000};
constexpr std::size_t kNamed = 5;

std::string seconds_text(VirtualDuration duration) {
  return shortest(duration.seconds()) + " s";
}

/// "3 of 10 clients (0, 4, 9)".
std::string count_text(const std::vector<std::uint32_t>& clients, std::size_t of) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(clients.size(), kNamed); ++i)
    names.push_back(std::to_string(clients[i]));
  if (clients.size() > kNamed) names.emplace_back("...");
  return std::to_string(clients.size()) + " of " + std::to_string(of) + " clients (" + join(names) +
         ")";
}

bool is_constant(const Distribution& distribution) {
  return distribution.kind == Distribution::Kind::constant;
}

void warn_of_times(const World& world, const std::vector<JobLoad>& jobs,
                   std::vector<std::string>& warnings) {
  if (jobs.empty()) return;
  VirtualDuration shortest_compute{kNever.microseconds};
  VirtualDuration longest_compute;
  VirtualDuration longest_transfers;
  for (const auto& job : jobs) {
    const JobWork work = job_work(world.profile(job.id.client), world.devices(), world.network(),
                                  world.run_seed(), job);
    shortest_compute = std::min(shortest_compute, work.compute);
    longest_compute = std::max(longest_compute, work.compute);
    longest_transfers = std::max(longest_transfers, work.down + work.up);
  }
  const bool varies =
      !is_constant(world.devices().jitter) || world.devices().slow_down.mean_between_seconds > 0.0;
  if (longest_compute < kNegligible) {
    warnings.push_back("no job computes for more than " + seconds_text(longest_compute) +
                       ": devices are too fast for their speed to matter");
  } else if (jobs.size() > 1 && shortest_compute == longest_compute && !varies) {
    warnings.push_back("every job of every client computes for " + seconds_text(longest_compute) +
                       ": there are no stragglers; give devices other speeds, or a jitter");
  }
  if (longest_transfers < kNegligible) {
    warnings.push_back("no job is on the network for more than " + seconds_text(longest_transfers) +
                       ": transfers take no time");
  }
}

void warn_of_absence(const World& world, VirtualDuration horizon,
                     std::vector<std::string>& warnings) {
  const bool known = horizon > VirtualDuration{};
  const VirtualTime limit = later(world.now(), known ? horizon : bounded_duration(kLongestSeconds));
  const std::string ever =
      known ? "in the " + seconds_text(horizon) + " of the run" : std::string("at any time");
  std::vector<std::uint32_t> never;
  VirtualTime first = kNever;
  for (std::uint32_t c = 0; c < world.clients(); ++c) {
    const auto from = world.online_from({c}, limit);
    if (from) {
      first = std::min(first, *from);
    } else {
      never.push_back(c);
    }
  }
  if (world.clients() > 0 && never.size() == world.clients()) {
    warnings.push_back("no client is online " + ever);
    return;
  }
  if (!never.empty()) {
    warnings.push_back(count_text(never, world.clients()) + (never.size() == 1 ? " is" : " are") +
                       " not online " + ever);
  }
  if (world.clients() > 0 && first > world.now()) {
    warnings.push_back("nobody is online in the first " + seconds_text(first - world.now()));
  }
}

void warn_of_short_stays(const World& world, const std::vector<JobLoad>& jobs,
                         std::vector<std::string>& warnings) {
  if (world.pauses()) return;
  const auto stay = world.model().longest_stay(world.availability());
  if (!stay || !(stay->seconds > 0.0)) return;
  std::vector<std::uint32_t> hopeless;
  for (const auto& job : jobs) {
    const JobWork work = job_work(world.profile(job.id.client), world.devices(), world.network(),
                                  world.run_seed(), job);
    if (work.total().seconds() > stay->seconds) hopeless.push_back(job.id.client.value);
  }
  if (hopeless.empty()) return;
  warnings.push_back("the jobs of " + count_text(hopeless, world.clients()) + " take longer than " +
                     shortest(stay->seconds) + " s, " + stay->what +
                     ": they are lost, almost all, with availability.leaving = \"lose\"");
}

void warn_of_the_trace(const World& world, std::vector<std::string>& warnings) {
  const auto* trace = dynamic_cast<const Trace*>(world.timeline());
  if (trace == nullptr || trace->rows_beyond() == 0) return;
  warnings.push_back(std::to_string(trace->rows_beyond()) +
                     " rows of availability.file are of clients that the run does not have (it has "
                     "0 to " +
                     std::to_string(world.clients() - 1) + ")");
}

}  // namespace

std::vector<std::string> world_warnings(const World& world, const std::vector<JobLoad>& jobs,
                                        VirtualDuration horizon) {
  std::vector<std::string> warnings;
  warn_of_times(world, jobs, warnings);
  warn_of_absence(world, horizon, warnings);
  warn_of_short_stays(world, jobs, warnings);
  warn_of_the_trace(world, warnings);
  return warnings;
}

}  // namespace lorafleet::sim

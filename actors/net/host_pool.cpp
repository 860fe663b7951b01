#include "actors/net/host_pool.hpp"

namespace lorafleet::actors::net {

void HostPool::add_host(HostId host, std::uint32_t slots) {
  hosts_.insert_or_assign(host, Host{slots, {}});
}

std::vector<sim::JobId> HostPool::remove_host(HostId host) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return {};
  std::vector<sim::JobId> jobs(found->second.jobs.begin(), found->second.jobs.end());
  hosts_.erase(found);
  for (const sim::JobId& job : jobs) {
    Place& place = places_.at(job);
    place.host.reset();
    queue_.insert({place.arrival, job});
  }
  return jobs;
}

std::size_t HostPool::slots() const {
  std::size_t sum = 0;
  for (const auto& [id, host] : hosts_)
    sum += host.slots;
  return sum;
}

void HostPool::queue(sim::JobId job, sim::VirtualTime arrival) {
  if (places_.try_emplace(job, Place{arrival, std::nullopt}).second) queue_.insert({arrival, job});
}

std::optional<HostPool::Assignment> HostPool::next() {
  if (queue_.empty()) return std::nullopt;
  // The most idle slots first; where none is idle, the fewest jobs ahead.
  auto best = hosts_.end();
  std::int64_t most = -static_cast<std::int64_t>(kAhead);
  for (auto host = hosts_.begin(); host != hosts_.end(); ++host) {
    const std::int64_t idle = static_cast<std::int64_t>(host->second.slots) -
                              static_cast<std::int64_t>(host->second.jobs.size());
    if (idle > most) {
      most = idle;
      best = host;
    }
  }
  if (best == hosts_.end()) return std::nullopt;
  const sim::JobId job = queue_.begin()->id;
  queue_.erase(queue_.begin());
  places_.at(job).host = best->first;
  best->second.jobs.insert(job);
  return Assignment{best->first, job};
}

bool HostPool::finish(HostId host, sim::JobId job) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end() || found->second.jobs.erase(job) == 0) return false;
  places_.erase(job);
  return true;
}

bool HostPool::has(HostId host, sim::JobId job) const {
  const auto found = hosts_.find(host);
  return found != hosts_.end() && found->second.jobs.contains(job);
}

std::optional<HostPool::HostId> HostPool::abandon(sim::JobId job) {
  const auto found = places_.find(job);
  if (found == places_.end()) return std::nullopt;
  const Place place = found->second;
  places_.erase(found);
  if (place.host) {
    hosts_.at(*place.host).jobs.erase(job);
  } else {
    queue_.erase({place.arrival, job});
  }
  return place.host;
}

std::size_t HostPool::running(HostId host) const {
  const auto found = hosts_.find(host);
  return found == hosts_.end() ? 0 : found->second.jobs.size();
}

}  // namespace lorafleet::actors::net

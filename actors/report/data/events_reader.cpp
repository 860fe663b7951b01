#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "actors/report/data/event_file.hpp"
#include "actors/report/data/run_data.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kMostRows = 40;

double seconds(std::int64_t microseconds) {
  return static_cast<double>(microseconds) / 1e6;
}

/// Puts the busiest clients to the front of `order`: of each tier two where there is room, then
/// whoever they are.
template <typename Busier>
void busiest_first(const Clients& clients, std::size_t count, const Busier& busier,
                   std::vector<std::uint64_t>& order) {
  const std::size_t each = std::min<std::size_t>(2, count / clients.tiers.size());
  std::vector<std::vector<std::uint64_t>> best(clients.tiers.size());
  for (const std::uint64_t client : order) {
    auto& own = best[clients.tier_of[client]];
    own.insert(std::upper_bound(own.begin(), own.end(), client, busier), client);
    if (own.size() > each) own.pop_back();
  }
  const auto rest = std::partition(order.begin(), order.end(), [&](std::uint64_t client) {
    const auto& own = best[clients.tier_of[client]];
    return std::find(own.begin(), own.end(), client) != own.end();
  });
  std::partial_sort(rest, order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), busier);
}

/// Of the clients that had jobs: the busiest, some of each tier among them, and as many spread over
/// the others from the fastest to the slowest.
std::vector<std::uint64_t> clients_to_show(const Clients& clients) {
  std::vector<std::uint64_t> order;
  for (std::uint64_t client = 0; client < clients.jobs.size(); ++client) {
    if (clients.jobs[client] > 0) order.push_back(client);
  }
  if (order.size() <= kMostRows) return order;
  const auto busier = [&](std::uint64_t a, std::uint64_t b) {
    if (clients.received[a] != clients.received[b])
      return clients.received[a] > clients.received[b];
    return clients.jobs[a] != clients.jobs[b] ? clients.jobs[a] > clients.jobs[b] : a < b;
  };
  busiest_first(clients, kMostRows / 2, busier, order);
  std::vector<std::uint64_t> shown(order.begin(), order.begin() + kMostRows / 2);
  order.erase(order.begin(), order.begin() + kMostRows / 2);
  const auto faster = [&](std::uint64_t a, std::uint64_t b) {
    return clients.speed[a] != clients.speed[b] ? clients.speed[a] > clients.speed[b] : a < b;
  };
  // The places that are asked for alone are put in order.
  const std::size_t rest = kMostRows - shown.size();
  auto sorted = order.begin();
  for (std::size_t i = 0; i < rest; ++i) {
    const auto place =
        order.begin() + static_cast<std::ptrdiff_t>(i * (order.size() - 1) / (rest - 1));
    if (place >= sorted) {
      std::nth_element(sorted, place, order.end(), faster);
      sorted = place + 1;
    }
    shown.push_back(*place);
  }
  return shown;
}

class EventCounter {
 public:
  explicit EventCounter(const Clients* clients) : clients_(clients) {
    const std::size_t tiers = clients == nullptr ? 1 : clients->tiers.size();
    events_.fates.resize(tiers);
    events_.staleness.resize(tiers);
    events_.weight.resize(tiers);
    applied_.resize(tiers);
    if (clients != nullptr) {
      events_.client_weight.resize(clients->tier_of.size());
      events_.shown = clients_to_show(*clients);
      std::sort(events_.shown.begin(), events_.shown.end(), [&](auto a, auto b) {
        return clients->speed[a] != clients->speed[b] ? clients->speed[a] > clients->speed[b]
                                                      : a < b;
      });
    }
    for (std::size_t row = 0; row < events_.shown.size(); ++row)
      row_of_[events_.shown[row]] = row;
  }

  /// False for a line that is no event.
  bool add(const EventLine& line) {
    const std::string_view kind = line.event;
    const double now = seconds(line.time);
    events_.end_seconds = std::max(events_.end_seconds, now);
    if (kind == "job_dispatched") {
      dispatch(line, now);
    } else if (kind == "update_arrived") {
      arrive(line, now);
    } else if (kind == "update_lost") {
      lose(line, now);
    } else if (kind == "job_unfinished") {
      end_job(line, now, Events::kInFlight);
    } else if (kind == "version_made") {
      make_version(line);
    } else if (kind == "run_stopped") {
      events_.stop_reason = line.reason;
    } else {
      return kind == "round_failed";
    }
    return true;
  }

  Events finish() {
    flow(events_.end_seconds);
    for (const auto& [seq, job] : open_)
      ++events_.fates[job.tier][Events::kInFlight].jobs;
    for (const auto& group : arrived_) {
      for (const auto& update : group.second)
        count(update.tier, Events::kWaiting, update.fate);
    }
    for (std::uint32_t tier = 0; tier < applied_.size(); ++tier) {
      if (applied_[tier].jobs > 0) count(tier, Events::kApplied, applied_[tier]);
    }
    const auto before = [](const JobBar& a, const JobBar& b) {
      return a.row != b.row ? a.row < b.row : a.start < b.start;
    };
    if (events_.bars_until == 0.0) events_.bars_until = events_.end_seconds;
    std::erase_if(events_.bars, [&](const JobBar& bar) { return bar.start >= events_.bars_until; });
    std::stable_sort(events_.bars.begin(), events_.bars.end(), before);
    return std::move(events_);
  }

 private:
  struct Job {
    std::uint32_t tier = 0;
    std::int64_t tokens = 0;
    double start = 0.0;
    double downloaded = 0.0;
    double computed = 0.0;
  };
  struct Arrived {
    std::int64_t seq;
    std::uint64_t client;
    std::uint32_t tier;
    double weight;
    Fate fate;
    std::size_t bar;  ///< its place in bars; their number where it has none
  };

  [[nodiscard]] std::uint32_t tier_of(std::uint64_t client) const {
    return clients_ != nullptr && client < clients_->tier_of.size() ? clients_->tier_of[client] : 0;
  }

  /// The jobs in flight were as many since the last change.
  void flow(double now) {
    const auto jobs = static_cast<double>(open_.size());
    events_.flight.over(flowed_, now, [&](Flight& cell, double overlap) {
      if (overlap > 0.0) cell.include(jobs, overlap);
    });
    flowed_ = now;
  }

  void dispatch(const EventLine& line, double now) {
    flow(now);
    ++events_.jobs;
    const std::int64_t computed = line.computed >= 0 ? line.computed : line.arrival;
    const std::int64_t downloaded = line.downloaded >= 0 ? line.downloaded : computed;
    open_[line.seq] = {tier_of(client_of(line)), line.tokens, now, seconds(downloaded),
                       seconds(computed)};
  }

  static std::uint64_t client_of(const EventLine& line) {
    return static_cast<std::uint64_t>(line.client);
  }

  static void add_to(Fate& fate, const Fate& what) {
    fate.jobs += what.jobs;
    fate.tokens += what.tokens;
    fate.bytes += what.bytes;
    fate.joules += what.joules;
  }
  void count(std::uint32_t tier, const std::string& name, const Fate& what) {
    add_to(events_.fates[tier][name], what);
  }

  Fate close(const EventLine& line, double now, std::string_view name) {
    flow(now);
    const auto found = open_.find(line.seq);
    Fate fate{1, 0, line.bytes_down + line.bytes_up, line.joules};
    if (found == open_.end()) return fate;
    fate.tokens = found->second.tokens;
    draw(line, found->second, now, name);
    open_.erase(found);
    return fate;
  }

  void end_job(const EventLine& line, double now, const std::string& name) {
    const Fate fate = close(line, now, name);
    count(tier_of(client_of(line)), name, fate);
  }

  void arrive(const EventLine& line, double now) {
    const std::size_t bars = events_.bars.size();
    const Fate fate = close(line, now, Events::kApplied);
    const std::uint64_t client = client_of(line);
    const std::uint32_t tier = tier_of(client);
    ++events_.flight.at(now).arrivals;
    events_.staleness[tier].add(static_cast<std::uint64_t>(line.staleness));
    Losses& losses = events_.losses.at(now);
    const bool apart = events_.fates.size() <= Events::kMostTiersApart;
    losses.tiers.resize(apart ? events_.fates.size() : 1);
    if (line.loss > 0.0) losses.tiers[apart ? tier : 0].add(line.loss);
    const std::size_t bar = events_.bars.size() > bars ? bars : kNoBar;
    const double weight = std::isfinite(line.weight) ? line.weight : 0.0;
    arrived_[line.tier].push_back({line.seq, client, tier, weight, fate, bar});
  }

  void lose(const EventLine& line, double now) {
    const std::string reason(line.reason);
    if (!line.phase.empty()) {
      end_job(line, now, reason);
      return;
    }
    for (auto& [group, updates] : arrived_) {
      const auto found = std::find_if(updates.begin(), updates.end(), [&](const Arrived& update) {
        return update.seq == line.seq;
      });
      if (found == updates.end()) continue;
      count(found->tier, reason, found->fate);
      if (found->bar != kNoBar) events_.bars[found->bar].fate = reason;
      updates.erase(found);
      return;
    }
  }

  void make_version(const EventLine& line) {
    auto& folded = arrived_[line.tier];
    for (const Arrived& update : folded) {
      add_to(applied_[update.tier], update.fate);
      events_.weight[update.tier] += update.weight;
      if (update.client < events_.client_weight.size())
        events_.client_weight[update.client] += static_cast<float>(update.weight);
    }
    folded.clear();
  }

  void draw(const EventLine& line, const Job& job, double now, std::string_view name) {
    if (events_.bars_until > 0.0) return;
    const auto row = row_of_.find(client_of(line));
    if (row == row_of_.end()) return;
    events_.bars.push_back({row->second, job.start, std::min(job.downloaded, now),
                            std::min(job.computed, now), now, std::string(name),
                            static_cast<std::uint64_t>(line.version)});
    if (events_.bars.size() == Events::kMostBars) events_.bars_until = now;
  }

  static constexpr std::size_t kNoBar = static_cast<std::size_t>(-1);

  const Clients* clients_;
  Events events_;
  std::unordered_map<std::int64_t, Job> open_;
  std::unordered_map<std::uint64_t, std::size_t> row_of_;
  std::map<std::int64_t, std::vector<Arrived>> arrived_;  ///< since the last fold, by fold's tier
  std::vector<Fate> applied_;                             ///< by tier
  double flowed_ = 0.0;
};

}  // namespace

void Flight::include(double jobs, double overlap) {
  least = seconds == 0.0 ? jobs : std::min(least, jobs);
  largest = std::max(largest, jobs);
  integral += jobs * overlap;
  seconds += overlap;
}

void Flight::merge(const Flight& other) {
  if (other.seconds > 0.0) {
    least = seconds == 0.0 ? other.least : std::min(least, other.least);
  }
  largest = std::max(largest, other.largest);
  integral += other.integral;
  seconds += other.seconds;
  arrivals += other.arrivals;
}

void Losses::merge(const Losses& other) {
  tiers.resize(std::max(tiers.size(), other.tiers.size()));
  for (std::size_t i = 0; i < other.tiers.size(); ++i)
    tiers[i].merge(other.tiers[i]);
}

Events read_events(const std::filesystem::path& file, const Clients* clients, bool growing) {
  EventCounter counter(clients);
  for_each_event(
      file, [&](const EventLine& line) { return counter.add(line); }, growing);
  return counter.finish();
}

}  // namespace lorafleet::report

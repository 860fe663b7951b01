#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "actors/sim/event_queue.hpp"
#include "actors/sim/timing.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "model/adapter/adapter.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// From the dispatch of a job to its virtual end.
struct Job {
  sim::JobEnd end;       ///< who, which, and when it ends
  sim::Version version;  ///< trained from
  sim::VirtualTime dispatched;
  model::JobSize size;
  std::int64_t bytes_down = 0;  ///< of the messages
  std::int64_t bytes_up = 0;
  std::int64_t base_bytes = 0;  ///< of the base's changes, that the client has once it downloaded
  sim::JobTiming timing;
  strategy::Fate fate = strategy::Fate::counts;
  std::uint16_t lane = 0;
  bool carried = false;          ///< its round is over
  bool training = false;         ///< handed to `train` and not abandoned since
  model::AdapterPtr base;        ///< what the client received, while the job is training
  model::PrivateStatePtr state;  ///< the client's own, before the job
  model::AdapterPtr trained;     ///< the result; null until it is delivered
  model::TrainStats stats;
  model::PrivateStatePtr new_state;  ///< the client's own, if the update arrives

  [[nodiscard]] sim::JobId id() const { return end.id; }
  [[nodiscard]] sim::JobLoad load() const { return {end.id, size.tokens, bytes_down, bytes_up}; }
  [[nodiscard]] bool lost() const { return timing.lost; }

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    // Without the result: the jobs of a checkpoint are trained again.
    visit("end", self.end);
    visit("version", self.version);
    visit("dispatched", self.dispatched);
    visit("size", self.size);
    visit("bytes_down", self.bytes_down);
    visit("bytes_up", self.bytes_up);
    visit("base_bytes", self.base_bytes);
    visit("timing", self.timing);
    visit("fate", self.fate);
    visit("lane", self.lane);
    visit("carried", self.carried);
    visit("training", self.training);
    visit("base", self.base);
    visit("state", self.state);
  }
};

/// The jobs in flight, at most one for each client. All operations are O(1); 4 bytes a client.
class JobTable {
 public:
  explicit JobTable(std::size_t clients) : places_(clients, kNone) {}

  Job& add(Job job) {
    std::uint32_t& place = places_[job.id().client.value];
    assert(place == kNone);
    if (free_.empty()) {
      place = static_cast<std::uint32_t>(jobs_.size());
      jobs_.push_back(std::move(job));
    } else {
      place = free_.back();
      free_.pop_back();
      jobs_[place] = std::move(job);
    }
    return jobs_[place];
  }
  [[nodiscard]] bool busy(sim::ClientId client) const { return places_[client.value] != kNone; }
  /// nullptr where that job is not in flight. Valid until the next `add`.
  [[nodiscard]] Job* find(sim::JobId id) {
    if (id.client.value >= places_.size() || !busy(id.client)) return nullptr;
    Job& job = jobs_[places_[id.client.value]];
    return job.id() == id ? &job : nullptr;
  }
  /// Out of the table. The client must be busy.
  Job take(sim::ClientId client) {
    std::uint32_t& place = places_[client.value];
    Job job = std::exchange(jobs_[place], {});
    free_.push_back(place);
    place = kNone;
    return job;
  }
  [[nodiscard]] std::size_t size() const { return jobs_.size() - free_.size(); }
  /// In the order of dispatch.
  [[nodiscard]] std::vector<Job*> in_order();
  void clear();

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> places_;  // by client
  std::vector<Job> jobs_;
  std::vector<std::uint32_t> free_;  // places in jobs_
};

}  // namespace lorafleet::actors

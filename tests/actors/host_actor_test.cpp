#include "actors/host_actor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "actors/slot_actor.hpp"
#include "actors/system_config.hpp"
#include "tests/actors/fake_run.hpp"
#include "tests/actors/seeded_schedule.hpp"

namespace lorafleet::actors {
namespace {

/// Trains when it is told to; its result is the number of the attempt.
class HeldTrainer final : public model::Trainer {
 public:
  model::JobSize size(const model::TrainJob&) const override { return {1, 1}; }
  model::TrainResult train(const model::TrainJob&) const override {
    std::unique_lock lock(mutex_);
    const int attempt = ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return released_ >= attempt; });
    return {*tests::flat_adapter(static_cast<float>(attempt)), {}, nullptr};
  }
  void wait_for(int begun) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= begun; });
  }
  void release(int attempts) const {
    const std::lock_guard lock(mutex_);
    released_ = attempts;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int begun_ = 0;
  mutable int released_ = 0;
};

TEST_CASE("the result of a job that was given up is never taken for that of the same job later") {
  SystemConfig config(std::make_shared<std::atomic<int>>(1), 2, false);
  caf::actor_system system(config);
  const auto trainer = std::make_shared<const HeldTrainer>();
  std::vector<SlotHandle> slots;
  for (int i = 0; i < 2; ++i)
    slots.push_back(system.spawn<SlotActor, caf::detached>(trainer));
  const auto host = system.spawn<HostActor>(slots);
  model::TrainJob job;
  job.client = 3;
  job.seq = 7;
  caf::scoped_actor first(system);
  caf::scoped_actor second(system);
  auto early = first->request(host, caf::infinite, QueueJob{{1}, job});
  trainer->wait_for(1);
  caf::anon_send(host, AbandonJob{{{3}, {7}}});
  auto late = second->request(host, caf::infinite, QueueJob{{1}, job});
  trainer->wait_for(2);
  trainer->release(1);
  early.receive([](const JobResult& result) { CHECK(result.result == nullptr); },
                [](const caf::error&) { FAIL("an error"); });
  trainer->release(2);
  late.receive(
      [](const JobResult& result) {
        REQUIRE(result.result != nullptr);
        CHECK(result.result->adapter.values[0] == 2.0f);
      },
      [](const caf::error&) { FAIL("an error"); });
  caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
  for (const auto& slot : slots)
    caf::anon_send_exit(slot, caf::exit_reason::user_shutdown);
}

/// Jobs of `client + 1` passes; remembers how many there were at each.
class CountingTrainer final : public model::Trainer {
 public:
  class Passes final : public model::Cohort {
   public:
    explicit Passes(const CountingTrainer& trainer) : trainer_(trainer) {}
    void add(std::uint64_t ticket, const model::TrainJob& job) override {
      left_[ticket] = {job.client + 1, job.client};
    }
    std::vector<Ended> advance() override {
      std::vector<Ended> ended;
      trainer_.note(left_.size());
      for (auto it = left_.begin(); it != left_.end();) {
        if (--it->second.first > 0) {
          ++it;
          continue;
        }
        const auto client = it->second.second;
        Ended own{it->first, {*tests::flat_adapter(static_cast<float>(client)), {}, nullptr}};
        if (client == 2) own.failure = std::make_exception_ptr(std::runtime_error("no luck"));
        ended.push_back(std::move(own));
        it = left_.erase(it);
      }
      return ended;
    }

   private:
    const CountingTrainer& trainer_;
    std::map<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>> left_;
  };

  model::JobSize size(const model::TrainJob&) const override { return {1, 1}; }
  model::TrainResult train(const model::TrainJob&) const override {
    throw std::logic_error("alone");
  }
  std::unique_ptr<model::Cohort> cohort(std::size_t) const override {
    return std::make_unique<Passes>(*this);
  }
  void note(std::size_t jobs) const {
    const std::lock_guard lock(mutex_);
    largest_ = std::max(largest_, jobs);
  }
  std::size_t largest() const {
    const std::lock_guard lock(mutex_);
    return largest_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::size_t largest_ = 0;
};

TEST_CASE("a slot trains as many jobs side by side as it may, and no more") {
  SystemConfig config(std::make_shared<std::atomic<int>>(1), 2, false);
  caf::actor_system system(config);
  const auto trainer = std::make_shared<const CountingTrainer>();
  const auto board = std::make_shared<SlotBoard>(1);
  const auto slot = system.spawn<SlotActor, caf::detached>(trainer, std::size_t{0}, board);
  const auto host = system.spawn<HostActor>(std::vector<SlotHandle>{slot}, std::size_t{3});
  constexpr std::uint32_t kJobs = 40;
  std::uint32_t failed = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint32_t ended = 0;
  for (std::uint32_t client = 0; client < kJobs; ++client) {
    model::TrainJob job;
    job.client = client;
    system.spawn([&, job, host](caf::event_based_actor* asker) {
      asker->request(host, caf::infinite, QueueJob{{1}, job})
          .then(
              [&, client = job.client](const JobResult& result) {
                const std::lock_guard lock(mutex);
                CHECK(result.result->adapter.values[0] == static_cast<float>(client));
                ++ended;
                changed.notify_all();
              },
              [&](const caf::error& failure) {
                const std::lock_guard lock(mutex);
                CHECK(failure.context().get_as<std::string>(0) ==
                      "training of client 2 failed: no luck");
                ++failed;
                ++ended;
                changed.notify_all();
              });
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ended == kJobs; });
  CHECK(failed == 1);
  CHECK(trainer->largest() == 3);
  CHECK(board->read().front().jobs == kJobs - 1);
  caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(slot, caf::exit_reason::user_shutdown);
}

/// Holds its jobs until they are released; knows which slot has which.
class HoldingTrainer final : public model::Trainer {
 public:
  class Held final : public model::Cohort {
   public:
    Held(const HoldingTrainer& trainer, std::size_t slot) : trainer_(trainer), slot_(slot) {}
    void add(std::uint64_t ticket, const model::TrainJob&) override {
      tickets_.push_back(ticket);
      const std::lock_guard lock(trainer_.mutex_);
      ++trainer_.begun_[slot_];
      trainer_.changed_.notify_all();
    }
    std::vector<Ended> advance() override {
      std::unique_lock lock(trainer_.mutex_);
      trainer_.changed_.wait_for(lock, std::chrono::milliseconds(1));
      std::vector<Ended> ended;
      if (trainer_.held_) return ended;
      for (const auto ticket : std::exchange(tickets_, {}))
        ended.push_back({ticket, {*tests::flat_adapter(0.0f), {}, nullptr}});
      return ended;
    }

   private:
    const HoldingTrainer& trainer_;
    std::size_t slot_;
    std::vector<std::uint64_t> tickets_;
  };

  model::JobSize size(const model::TrainJob&) const override { return {1, 1}; }
  model::TrainResult train(const model::TrainJob&) const override {
    throw std::logic_error("alone");
  }
  std::unique_ptr<model::Cohort> cohort(std::size_t slot) const override {
    return std::make_unique<Held>(*this, slot);
  }
  void hold(bool held) const {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  /// Jobs that began since the last call, by slot, once there are so many, or after a while.
  std::map<std::size_t, int> begun(int jobs) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      int all = 0;
      for (const auto& [slot, count] : begun_)
        all += count;
      return all == jobs;
    });
    return std::exchange(begun_, {});
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::map<std::size_t, int> begun_;
  mutable bool held_ = true;
};

TEST_CASE("jobs go to the slot that has the fewest, each of which trains by its number") {
  SystemConfig config(std::make_shared<std::atomic<int>>(1), 2, false);
  caf::actor_system system(config);
  const auto trainer = std::make_shared<const HoldingTrainer>();
  std::vector<SlotHandle> slots;
  for (std::size_t slot = 0; slot < 2; ++slot)
    slots.push_back(system.spawn<SlotActor, caf::detached>(trainer, slot));
  const auto host = system.spawn<HostActor>(slots, std::size_t{4});
  caf::scoped_actor self(system);
  std::uint32_t client = 0;
  using Begun = std::map<std::size_t, int>;
  for (const int jobs : {6, 2, 4}) {
    CAPTURE(jobs);
    trainer->hold(true);
    std::vector<decltype(self->request(host, caf::infinite, QueueJob{}))> open;
    for (int i = 0; i < jobs; ++i) {
      model::TrainJob job;
      job.client = ++client;
      open.push_back(self->request(host, caf::infinite, QueueJob{{1}, job}));
    }
    CHECK(trainer->begun(jobs) == Begun{{0, jobs / 2}, {1, jobs / 2}});
    trainer->hold(false);
    for (auto& result : open)
      result.receive([](const JobResult&) {}, [](const caf::error&) { FAIL("an error"); });
  }
  caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
  for (const auto& slot : slots)
    caf::anon_send_exit(slot, caf::exit_reason::user_shutdown);
}

/// Jobs of 1 to 4 passes, which get nowhere while they are held; knows what each pass had.
class WatchedTrainer final : public model::Trainer {
 public:
  struct Pass {
    std::size_t slot = 0;
    std::size_t jobs = 0;
    std::size_t begun = 0;  ///< by all slots until then
    bool after_an_end = false;
  };

  class Watched final : public model::Cohort {
   public:
    Watched(const WatchedTrainer& trainer, std::size_t slot) : trainer_(trainer), slot_(slot) {}
    void add(std::uint64_t ticket, const model::TrainJob& job) override {
      left_.emplace_back(ticket, 1 + job.client * 7 % 4);
      trainer_.begun.push_back(job.client);
    }
    std::vector<Ended> advance() override {
      std::vector<Ended> ended;
      if (trainer_.held) return ended;
      trainer_.passes.push_back({slot_, left_.size(), trainer_.begun.size(), ended_});
      std::erase_if(left_, [&](auto& job) {
        if (--job.second > 0) return false;
        ended.push_back({job.first, {*tests::flat_adapter(0.0f), {}, nullptr}});
        return true;
      });
      ended_ = !ended.empty();
      return ended;
    }

   private:
    const WatchedTrainer& trainer_;
    std::size_t slot_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> left_;
    bool ended_ = false;
  };

  model::JobSize size(const model::TrainJob&) const override { return {1, 1}; }
  model::TrainResult train(const model::TrainJob&) const override {
    throw std::logic_error("alone");
  }
  std::unique_ptr<model::Cohort> cohort(std::size_t slot) const override {
    return std::make_unique<Watched>(*this, slot);
  }

  mutable bool held = true;
  mutable std::vector<std::uint32_t> begun;  ///< clients
  mutable std::vector<Pass> passes;
};

TEST_CASE("a place that becomes free is filled before the next pass, by the job that is due") {
  constexpr std::size_t kPlaces = 3;
  constexpr std::uint32_t kJobs = 60;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    const std::size_t count = 1 + seed % 3;
    const auto trainer = std::make_shared<const WatchedTrainer>();
    std::size_t answers = 0;
    tests::SeededSchedule schedule(seed);
    std::vector<SlotHandle> slots;
    for (std::size_t slot = 0; slot < count; ++slot)
      slots.push_back(schedule.system().spawn<SlotActor>(trainer, slot));
    const auto host = schedule.system().spawn<HostActor>(slots, kPlaces);
    schedule.system().spawn([&, host](caf::event_based_actor* asker) {
      const auto queue = [&](std::uint32_t client) {
        model::TrainJob job;
        job.client = client;
        job.seq = 1;
        const sim::VirtualTime arrival{client < kJobs ? client * 13 % kJobs : kJobs};
        return asker->request(host, caf::infinite, QueueJob{arrival, job});
      };
      for (std::uint32_t client = 0; client < kJobs; ++client)
        queue(client).then([&](const JobResult&) { ++answers; });
      // Answered when all others are queued.
      queue(kJobs).then([&](const JobResult&) { trainer->held = false; });
      asker->send(host, AbandonJob{{{kJobs}, {1}}});
    });
    schedule.run();
    CHECK(answers == kJobs);
    std::size_t refilled = 0;
    for (const WatchedTrainer::Pass& pass : trainer->passes) {
      CHECK(pass.jobs <= kPlaces);
      // Others that are not begun may be on their way to the other slots.
      if (!pass.after_an_end || kJobs - pass.begun <= (count - 1) * kPlaces) continue;
      ++refilled;
      CHECK(pass.jobs == kPlaces);
    }
    CHECK(refilled > 10);
    if (count == 1) {
      const auto due = [](std::uint32_t a, std::uint32_t b) {
        return a * 13 % kJobs < b * 13 % kJobs;
      };
      CHECK(std::is_sorted(trainer->begun.begin() + kPlaces, trainer->begun.end(), due));
    }
    for (const auto& slot : slots)
      caf::anon_send_exit(slot, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
  }
}

}  // namespace
}  // namespace lorafleet::actors

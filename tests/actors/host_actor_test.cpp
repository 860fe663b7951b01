#include "actors/host_actor.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include "actors/slot_actor.hpp"
#include "actors/system_config.hpp"
#include "tests/actors/fake_run.hpp"

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

}  // namespace
}  // namespace lorafleet::actors

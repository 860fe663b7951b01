#include "actors/run/calibration.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

using actors::CalibrationSetting;
using actors::JobTime;

/// Trains nothing; remembers which jobs it got.
class Recorder final : public model::Trainer {
 public:
  [[nodiscard]] model::JobSize size(const model::TrainJob&) const override { return {1, 10}; }
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override {
    const std::lock_guard lock(mutex_);
    if (job.client == fails) throw std::runtime_error("no memory");
    seen.emplace_back(job.client, job.seq);
    model::TrainResult result{*job.start, {}};
    result.stats.tokens = 10 + job.client;
    return result;
  }
  std::uint32_t fails = 1000;
  mutable std::vector<std::pair<std::uint32_t, std::uint64_t>> seen;

 private:
  mutable std::mutex mutex_;
};

std::vector<model::TrainJob> jobs(std::uint32_t count) {
  const auto layout =
      std::make_shared<const model::AdapterLayout>(std::vector<model::LoraModule>{});
  std::vector<model::TrainJob> list(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    list[i].client = i;
    list[i].start = std::make_shared<const model::Adapter>(model::Adapter{layout, {}});
  }
  return list;
}

TEST_CASE("the speed is the median over jobs, the jitter the deviation of their logarithms") {
  // 100, 200, 400 and 800 tokens/s.
  const std::vector<JobTime> times = {{0, 100, 1.0}, {1, 100, 0.25}, {0, 100, 0.5}, {1, 200, 0.25}};
  const auto speed = actors::summarise_speed({2, 1}, times);
  CHECK(speed.jobs == 4);
  CHECK(speed.tokens_per_second == doctest::Approx(300.0));
  CHECK(speed.low == doctest::Approx(130.0));   // 0.3 of the way from 100 to 200
  CHECK(speed.high == doctest::Approx(680.0));  // 0.7 of the way from 400 to 800
  CHECK(speed.total_tokens_per_second == doctest::Approx(200.0 / 1.5 + 300.0 / 0.5));
  // Logarithms in steps of log 2 around their mean: -1.5, -0.5, 0.5, 1.5; squares sum to 5.
  CHECK(speed.sigma == doctest::Approx(std::log(2.0) * std::sqrt(5.0 / 3.0)));

  const auto one = actors::summarise_speed({1, 1}, {{0, 50, 0.5}});
  CHECK(one.tokens_per_second == doctest::Approx(100.0));
  CHECK(one.sigma == 0.0);
}

TEST_CASE("the jitter of several settings is pooled by their jobs") {
  actors::MeasuredSpeed a;
  a.jobs = 4;
  a.sigma = 0.2;
  actors::MeasuredSpeed b;
  b.jobs = 2;
  b.sigma = 0.4;
  CHECK(actors::pooled_sigma({a, b}) == doctest::Approx(std::sqrt((3 * 0.04 + 0.16) / 4.0)));
  b.jobs = 1;
  CHECK(actors::pooled_sigma({a, b}) == doctest::Approx(0.2));
  CHECK(actors::pooled_sigma({b}) == 0.0);
}

TEST_CASE("each slot trains jobs of its own, the first one uncounted, none twice alike") {
  const Recorder trainer;
  const auto times = actors::time_jobs(trainer, jobs(5), {3, 1}, 0.0);
  CHECK(times.size() == 6);         // at least two in each slot, whatever the time
  CHECK(trainer.seen.size() == 9);  // and one in each before them
  std::map<std::size_t, int> of_slot;
  for (const auto& time : times) {
    ++of_slot[time.slot];
    CHECK(time.seconds > 0.0);
    CHECK(time.tokens >= 10);
  }
  CHECK(of_slot == std::map<std::size_t, int>{{0, 2}, {1, 2}, {2, 2}});
  const std::set<std::pair<std::uint32_t, std::uint64_t>> seen(trainer.seen.begin(),
                                                               trainer.seen.end());
  std::set<std::pair<std::uint32_t, std::uint64_t>> expected;
  for (std::uint64_t place = 0; place < 9; ++place)
    expected.emplace(static_cast<std::uint32_t>(place % 5), place);
  CHECK(seen == expected);
  CHECK(actors::time_jobs(trainer, jobs(1), {1, 1}, 0.02).size() > 2);
}

TEST_CASE("jobs that share a slot share its time") {
  actors::FederationConfig config;
  config.model.path = tests::golden_folder() / "families" / "llama" / "gqa" / "hf";
  config.train.batch_tokens = 40;
  config.encoding.max_tokens = 16;
  config.lora.target_modules = {"all-linear"};
  const auto work = actors::synthetic_work(config, [](const std::string&) {});
  const auto times = actors::time_jobs(*work.trainer, work.jobs, {1, 1, 4}, 0.05);
  double seconds = 0.0;
  for (const auto& time : times)
    seconds += time.seconds;
  CHECK(times.size() >= 2);
  CHECK(seconds > 0.0);
  const auto speed = actors::summarise_speed({1, 1, 4}, times);
  CHECK(speed.jobs == times.size());
  CHECK(speed.total_tokens_per_second > 0.0);
}

TEST_CASE("a job that fails ends the measurement with its reason") {
  Recorder trainer;
  trainer.fails = 1;
  CHECK_THROWS_WITH(actors::time_jobs(trainer, jobs(2), {2, 1}, 0.0), "no memory");
  trainer.fails = 0;
  CHECK_THROWS_WITH(actors::time_jobs(trainer, jobs(3), {1, 1}, 0.0), "no memory");
}

TEST_CASE("made-up work has the model's tokens, and about two steps a job") {
  actors::FederationConfig config;
  config.model.path = tests::golden_folder() / "opt" / "opt_prenorm" / "hf";
  config.train.batch_tokens = 300;
  config.encoding.max_tokens = 40;
  const auto work = actors::synthetic_work(config, [](const std::string&) {});
  CHECK(work.jobs.size() == 16);
  CHECK(work.train_flops_per_token == 4.0 * (2 * 49152 + 32768));
  for (const auto& job : work.jobs) {
    const auto tokens = work.trainer->size(job).tokens;
    CHECK(tokens >= 600);
    CHECK(tokens < 640);
  }
  const auto result = work.trainer->train(work.jobs.front());
  CHECK(result.stats.tokens == work.trainer->size(work.jobs.front()).tokens);
  CHECK(result.stats.label_tokens > 0);
  CHECK(result.adapter.values != work.jobs.front().start->values);
}

}  // namespace
}  // namespace lorafleet

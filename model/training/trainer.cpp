#include "model/training/trainer.hpp"

#include <deque>
#include <utility>

namespace lorafleet::model {
namespace {

class OneAfterTheOther final : public Cohort {
 public:
  explicit OneAfterTheOther(const Trainer& trainer) : trainer_(trainer) {}

  void add(std::uint64_t ticket, const TrainJob& job) override { jobs_.emplace_back(ticket, job); }

  [[nodiscard]] std::vector<Ended> advance() override {
    std::vector<Ended> ended;
    if (jobs_.empty()) return ended;
    const auto [ticket, job] = std::move(jobs_.front());
    jobs_.pop_front();
    ended.push_back({ticket, {}, nullptr});
    try {
      ended.back().result = trainer_.train(job);
    } catch (...) {
      ended.back().failure = std::current_exception();
    }
    return ended;
  }

 private:
  const Trainer& trainer_;
  std::deque<std::pair<std::uint64_t, TrainJob>> jobs_;
};

}  // namespace

TrainResult train_alone(Cohort& cohort, const TrainJob& job) {
  cohort.add(0, job);
  for (;;) {
    for (Cohort::Ended& ended : cohort.advance()) {
      if (ended.failure) std::rethrow_exception(ended.failure);
      return std::move(ended.result);
    }
  }
}

std::unique_ptr<Cohort> Trainer::cohort(std::size_t /*slot*/) const {
  return std::make_unique<OneAfterTheOther>(*this);
}

const std::vector<float>* PrivateState::find(std::string_view name) const {
  for (const auto& [known, values] : vectors) {
    if (known == name) return &values;
  }
  return nullptr;
}

}  // namespace lorafleet::model

#include "actors/output/tensorboard/tensorboard_log.hpp"

#include <charconv>
#include <system_error>

#include "actors/output/tensorboard/record.hpp"

namespace lorafleet::actors::tensorboard {

namespace {

constexpr std::string_view kBefore = "events.out.tfevents.";
constexpr std::string_view kAfter = ".lorafleet";

/// The numbers of the files that are there.
std::vector<std::uint64_t> file_numbers_in(const std::filesystem::path& directory) {
  std::vector<std::uint64_t> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kBefore) || !name.ends_with(kAfter)) continue;
    std::uint64_t number = 0;
    const char* const begin = name.data() + kBefore.size();
    std::from_chars(begin, name.data() + name.size(), number);
    if (name == TensorBoardLog::file_name(number)) numbers.push_back(number);
  }
  return numbers;
}

void add_scores(SummaryEvent& event, const model::Evaluation& evaluation) {
  event.scalar("eval/loss", evaluation.total.loss());
  const bool classes = evaluation.total.of_classifier();
  if (classes) {
    event.scalar("eval/accuracy", evaluation.total.accuracy());
    event.scalar("eval/f1", evaluation.total.f1());
    event.scalar("eval/matthews", evaluation.total.matthews());
  } else {
    event.scalar("eval/perplexity", evaluation.total.perplexity());
    event.scalar("eval/token_accuracy", evaluation.total.token_accuracy());
  }
  for (const auto& [name, value] : evaluation.metrics)
    event.scalar("eval/" + name, value);
  if (evaluation.by_context_length.size() < 2) return;
  for (const model::ContextBin& bin : evaluation.by_context_length) {
    if (bin.score.label_tokens == 0) continue;
    const std::string name = classes ? "eval_accuracy_by_context/" : "eval_perplexity_by_context/";
    event.scalar(name + std::to_string(bin.low) + "_to_" + std::to_string(bin.high),
                 classes ? bin.score.accuracy() : bin.score.perplexity());
  }
}

void add_fold(SummaryEvent& event, const FoldFigures& fold) {
  if (fold.reconstruction_error)
    event.scalar("lora/reconstruction_error", *fold.reconstruction_error);
  if (fold.effective_rank) event.scalar("lora/effective_rank", *fold.effective_rank);
  event.scalar("lora/dropped_energy", fold.dropped_energy);
  for (const auto& [rank, energy] : fold.views)
    event.scalar("lora/dropped_energy_r" + std::to_string(rank), energy);
  event.scalar("lora/mean_cosine", fold.mean_cosine);
  event.scalar("lora/min_cosine", fold.min_cosine);
}

}  // namespace

std::string TensorBoardLog::file_name(std::uint64_t number) {
  return std::string(kBefore) + std::to_string(number) + std::string(kAfter);
}

TensorBoardLog::TensorBoardLog(const std::filesystem::path& directory) {
  const auto old = file_numbers_in(directory);
  std::uint64_t number = 0;
  for (const std::uint64_t other : old)
    number = std::max(number, other + 1);
  file_.emplace(directory / file_name(number));
  file_->write(record_of(first_event(0.0)));
  file_->flush();
  std::error_code ignored;
  for (const std::uint64_t other : old)
    std::filesystem::remove(directory / file_name(other), ignored);
}

void TensorBoardLog::add(const Event& event) {
  if (std::holds_alternative<JobDispatched>(event.what)) {
    ++in_flight_;
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    arrived_.arrive(*arrived, {arrived->loss, arrived->norm,
                               static_cast<double>(arrived->staleness), arrived->weight});
    tokens_ += arrived->tokens;
    charge(arrived->used);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    ++dropped_;
    if (lost->used) {
      charge(*lost->used);
    } else {
      arrived_.refuse(lost->id.seq);
    }
  } else if (const auto* unfinished = std::get_if<JobUnfinished>(&event.what)) {
    charge(unfinished->used);
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    make_version(*made, event.time);
  }
}

/// A job has ended.
void TensorBoardLog::charge(const sim::JobUsage& used) {
  --in_flight_;
  bytes_down_ += used.bytes_down;
  bytes_up_ += used.bytes_up;
  joules_ += used.joules;
}

void TensorBoardLog::make_version(const VersionMade& made, sim::VirtualTime time) {
  times_.push_back(time);
  std::vector<double> losses;
  std::vector<double> norms;
  std::vector<double> staleness;
  std::vector<double> weights;
  double loss = 0.0;
  for (const Update& update : arrived_.fold(made)) {
    losses.push_back(update.loss);
    norms.push_back(update.norm);
    staleness.push_back(update.staleness);
    weights.push_back(update.weight);
    loss += update.loss;
  }
  SummaryEvent event(time.seconds(), static_cast<std::int64_t>(made.version.value));
  if (!losses.empty()) event.scalar("train/loss", loss / static_cast<double>(losses.size()));
  event.scalar("train/tokens", static_cast<double>(tokens_));
  event.scalar("fleet/jobs_in_flight", static_cast<double>(in_flight_));
  event.scalar("fleet/updates_dropped", static_cast<double>(dropped_));
  event.scalar("fleet/staleness", made.mean_staleness);
  event.scalar("fleet/updates_folded", static_cast<double>(made.updates));
  if (made.tier) event.scalar("fleet/tier", static_cast<double>(*made.tier));
  if (joules_ > 0.0) event.scalar("fleet/energy_wh", joules_ / 3600.0);
  event.scalar("links/bytes_down", static_cast<double>(bytes_down_));
  event.scalar("links/bytes_up", static_cast<double>(bytes_up_));
  event.scalar("adapter/norm", made.adapter_norm);
  event.scalar("adapter/step_norm", made.step_norm);
  if (made.fold) add_fold(event, *made.fold);
  event.histogram("updates/train_loss", losses);
  event.histogram("updates/norm", norms);
  event.histogram("updates/staleness", staleness);
  event.histogram("updates/weight", weights);
  write(event);
}

void TensorBoardLog::add_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  const double seconds =
      version.value < times_.size() ? times_[version.value].seconds() : times_.back().seconds();
  SummaryEvent event(seconds, static_cast<std::int64_t>(version.value));
  add_scores(event, evaluation);
  write(event);
}

void TensorBoardLog::write(const SummaryEvent& event) {
  file_->write(record_of(event.bytes()));
  file_->flush();
}

}  // namespace lorafleet::actors::tensorboard

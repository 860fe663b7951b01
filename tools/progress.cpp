#include "tools/progress.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "partition/support/printable.hpp"
#include "tools/console.hpp"
#include "tools/text.hpp"

namespace lorafleet::tools {

namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr auto kLogEvery = std::chrono::seconds(5);

}  // namespace

ProgressDisplay::ProgressDisplay(std::int64_t versions, bool quiet)
    : logger_(std::make_shared<spdlog::logger>("lorafleet",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      versions_(versions),
      quiet_(quiet),
      live_(has_live_terminal()) {
  logger_->set_pattern("%H:%M:%S %v");
}

ProgressDisplay::~ProgressDisplay() {
  finish();
}

void ProgressDisplay::info(const std::string& text) {
  if (quiet_) return;
  const std::scoped_lock lock(mutex_);
  clear_line();
  logger_->info("{}", printable(text, true));
}

void ProgressDisplay::warning(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  clear_line();
  print_warning(text);
}

void ProgressDisplay::update(const actors::Progress& progress) {
  if (quiet_) return;
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  const bool first = !last_;
  const bool last = progress.done >= 1.0;
  if (!first && !last && now - *last_ < (live_ ? Clock::duration(kRedrawEvery) : kLogEvery)) return;
  last_ = now;
  const std::string text = describe(progress);
  if (!live_) {
    logger_->info("{}", text);
    return;
  }
  std::fprintf(stderr, "\r%s\033[K", text.substr(0, terminal_width() - 1).c_str());
  std::fflush(stderr);
  line_shown_ = true;
}

void ProgressDisplay::finish() {
  const std::scoped_lock lock(mutex_);
  clear_line();
}

std::string ProgressDisplay::describe(const actors::Progress& progress) const {
  const auto& totals = progress.totals;
  std::string text = "version " + std::to_string(totals.versions);
  if (versions_ > 0) text += "/" + std::to_string(versions_);
  text += "  virtual " + clock_text(totals.time.seconds());
  text += "  updates " + grouped(totals.updates_applied);
  if (totals.versions > 0) text += "  loss " + fixed(progress.train_loss, 3);
  if (progress.evaluated_version) {
    text += "  perplexity " + figure(progress.perplexity) + " (version " +
            std::to_string(*progress.evaluated_version) + ")";
  }
  text += "  " + grouped(std::llround(progress.tokens_per_second)) + " tokens/s";
  if (progress.done > 0.02 && progress.done < 1.0) {
    text += "  left " + clock_text(progress.wall_seconds * (1.0 - progress.done) / progress.done);
  }
  return text;
}

void ProgressDisplay::clear_line() {
  if (!line_shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  line_shown_ = false;
}

actors::RunOptions observed_by(ProgressDisplay& display) {
  actors::RunOptions options;
  options.progress = [&display](const actors::Progress& progress) { display.update(progress); };
  options.log = [&display](const std::string& text) { display.info(text); };
  options.warning = [&display](const std::string& text) { display.warning(text); };
  return options;
}

}  // namespace lorafleet::tools

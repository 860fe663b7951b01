#include "tools/progress.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "actors/output/progress_json.hpp"
#include "partition/support/printable.hpp"
#include "partition/support/registry.hpp"
#include "tools/terminal/panel.hpp"

namespace lorafleet::tools {

namespace {

ProgressKind kind_here() {
  return is_live_terminal(stderr) ? ProgressKind::panel : ProgressKind::plain;
}

}  // namespace

void add_progress(CommandLine& line) {
  line.option("progress", "KIND",
              "what stderr gets: a live panel where it is a terminal (auto), log lines (plain), "
              "only warnings (none), or a JSON object a line (json)",
              "auto");
  line.flag("quiet", "as --progress none");
}

ProgressKind progress_of(const CommandLine& line) {
  const std::string kind = line.text("progress");
  if (line.on("quiet")) {
    if (line.given("progress") && kind != "none")
      throw InputError("--quiet", "cannot stand beside --progress " + kind);
    return ProgressKind::none;
  }
  if (kind == "auto") return kind_here();
  if (kind == "plain") return ProgressKind::plain;
  if (kind == "none") return ProgressKind::none;
  if (kind == "json") return ProgressKind::json;
  throw InputError("--progress", "\"" + kind + "\" is unknown; allowed: auto, plain, none, json");
}

ProgressKind progress_unless(bool quiet) {
  return quiet ? ProgressKind::none : kind_here();
}

ProgressDisplay::ProgressDisplay(ProgressKind kind)
    : logger_(std::make_shared<spdlog::logger>("lorafleet",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      kind_(kind) {
  logger_->set_pattern("%H:%M:%S %v");
  if (kind_ == ProgressKind::panel)
    clock_ = std::jthread([this](const std::stop_token& stop) { draw_each_second(stop); });
}

ProgressDisplay::~ProgressDisplay() {
  finish();
}

void ProgressDisplay::draw() {
  if (!latest_) return;
  panel_.draw(aged(*latest_, std::chrono::duration<double>(Clock::now() - told_).count()));
}

void ProgressDisplay::draw_each_second(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    second_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    if (!stop.stop_requested()) draw();
  }
}

void ProgressDisplay::tell(const char* kind, const std::string& text) {
  const nlohmann::ordered_json json = {{"kind", kind}, {"text", text}};
  const auto line = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::fputs(line.c_str(), stderr);
}

void ProgressDisplay::tell(const actors::Progress& progress) {
  if (kind_ == ProgressKind::plain) return logger_->info("{}", line_of(progress));
  const auto line = R"({"kind":"progress",)" + actors::progress_json(progress).substr(1) + "\n";
  std::fputs(line.c_str(), stderr);
}

void ProgressDisplay::info(const std::string& text) {
  if (kind_ == ProgressKind::none) return;
  const std::scoped_lock lock(mutex_);
  if (kind_ == ProgressKind::json) return tell("log", text);
  panel_.clear();
  logger_->info("{}", printable(text, true));
  draw();
}

void ProgressDisplay::warning(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  if (kind_ == ProgressKind::json) return tell("warning", text);
  panel_.clear();
  print_warning(text);
  draw();
}

ProgressDisplay::Clock::duration ProgressDisplay::pause() const {
  using std::chrono::milliseconds;
  switch (kind_) {
    case ProgressKind::panel:
      return milliseconds(100);
    case ProgressKind::json:
      return milliseconds(1000);
    default:
      return milliseconds(5000);
  }
}

void ProgressDisplay::update(const actors::Progress& progress) {
  if (kind_ == ProgressKind::none) return;
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  const bool last = progress.done >= 1.0;
  if (last && kind_ != ProgressKind::panel) {
    end_ = progress;
    return;
  }
  if (last_ && !last && now - *last_ < pause()) return;
  last_ = now;
  if (kind_ == ProgressKind::panel) {
    latest_ = progress;
    told_ = now;
    draw();
  } else {
    tell(progress);
  }
}

void ProgressDisplay::finish() {
  const std::scoped_lock lock(mutex_);
  panel_.clear();
  latest_.reset();
  if (end_) tell(*end_);
  end_.reset();
}

actors::RunOptions observed_by(ProgressDisplay& display) {
  actors::RunOptions options;
  options.progress = [&display](const actors::Progress& progress) { display.update(progress); };
  options.log = [&display](const std::string& text) { display.info(text); };
  options.warning = [&display](const std::string& text) { display.warning(text); };
  return options;
}

}  // namespace lorafleet::tools

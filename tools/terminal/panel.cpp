#include "tools/terminal/panel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"
#include "tools/terminal/columns.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kGreen = "\033[32m";
constexpr std::string_view kCyan = "\033[36m";
constexpr std::string_view kReset = "\033[0m";

constexpr std::size_t kLabel = 13;  // columns of the words on the left
constexpr std::size_t kSparkline = 24;

/// A line that takes no more columns than there are.
class Line {
 public:
  explicit Line(const PanelStyle& style) : style_(style), left_(style.width) {}

  Line& add(std::string_view text, std::string_view color = {}) {
    const std::string safe = printable(text);
    const std::string_view shown = fitting(safe, left_);
    left_ -= columns_of(shown);
    const bool colored = style_.color && !color.empty() && !shown.empty();
    if (colored) text_ += color;
    text_ += shown;
    if (colored) text_ += kReset;
    return *this;
  }
  Line& label(std::string_view name) {
    add(name);
    return add(std::string(kLabel - std::min(kLabel, columns_of(name)), ' '));
  }
  [[nodiscard]] std::size_t left() const { return left_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  const PanelStyle& style_;
  std::size_t left_;
  std::string text_;
};

std::string bar(double done, std::size_t width, bool blocks) {
  const auto full = static_cast<std::size_t>(done * static_cast<double>(width));
  std::string text;
  for (std::size_t i = 0; i < width; ++i)
    text += i < full ? (blocks ? "█" : "#") : (blocks ? "░" : ".");
  return text;
}

std::string version_text(const actors::Progress& progress) {
  std::string text = "version " + std::to_string(progress.totals.versions);
  if (progress.stop_versions > 0) text += "/" + std::to_string(progress.stop_versions);
  return text;
}

std::string tokens_text(double tokens_per_second) {
  return grouped(std::llround(std::clamp(tokens_per_second, 0.0, 1e15)));
}

std::string first_line(const actors::Progress& progress, const PanelStyle& style) {
  Line line(style);
  line.add(short_name(progress.run, 30), kBold).add("  " + version_text(progress) + "  ");
  std::string end = "  " + fixed(100.0 * progress.done, 0) + " %";
  if (progress.seconds_left) end += "  left " + clock_text(*progress.seconds_left);
  constexpr std::size_t kMostBar = 40;
  const std::size_t reserved = columns_of(end);
  if (line.left() > reserved) {
    const std::size_t width = std::min(kMostBar, line.left() - reserved);
    line.add(bar(progress.done, width, style.blocks), kGreen);
  }
  return line.add(end).take();
}

std::string time_line(const actors::Progress& progress, const PanelStyle& style) {
  Line line(style);
  line.label("virtual").add(clock_text(progress.totals.time.seconds()));
  return line.add("   real " + clock_text(progress.wall_seconds)).take();
}

std::string jobs_line(const actors::Progress& progress, const PanelStyle& style) {
  const auto& totals = progress.totals;
  Line line(style);
  line.label("jobs").add(grouped(progress.jobs_in_flight()) + " in flight   ");
  line.add(grouped(totals.updates_applied) + " updates   ");
  line.add(grouped(totals.updates_dropped) + " dropped");
  return line.take();
}

std::string staleness_line(const actors::Progress& progress, const PanelStyle& style) {
  Line line(style);
  line.label("staleness").add(fixed(progress.staleness, 1) + " mean of the latest version   ");
  return line.add(std::to_string(progress.largest_staleness) + " largest").take();
}

std::string curve_line(std::string_view name, const std::string& latest,
                       const std::vector<double>& values, const PanelStyle& style) {
  constexpr std::size_t kLatest = 10;
  Line line(style);
  line.label(name).add(latest);
  line.add(std::string(kLatest - std::min(kLatest, columns_of(latest)), ' '));
  if (line.left() > 0)
    line.add(sparkline(values, std::min(kSparkline, line.left()), style.blocks), kCyan);
  return line.take();
}

std::string speed_line(const actors::Progress& progress, const PanelStyle& style) {
  Line line(style);
  line.label("tokens/s").add(tokens_text(progress.tokens_per_second));
  if (progress.slots.empty()) return line.take();
  line.add(progress.slots.size() == 1 ? "   slot" : "   by slot");
  for (const auto& slot : progress.slots) {
    const double seconds = std::max(progress.wall_seconds, 1e-9);
    line.add("  " + tokens_text(static_cast<double>(slot.tokens) / seconds));
  }
  return line.take();
}

}  // namespace

std::string sparkline(const std::vector<double>& values, std::size_t width, bool blocks) {
  constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<const char*, 8> kPlain = {"_", ".", ",", "-", "=", "+", "*", "#"};
  std::vector<double> shown;
  const std::size_t points = std::min(width, values.size());
  for (std::size_t i = 0; i < points; ++i) {
    const std::size_t begin = i * values.size() / points;
    const std::size_t end = (i + 1) * values.size() / points;
    double sum = 0.0;
    for (std::size_t j = begin; j < end; ++j)
      sum += values[j];
    shown.push_back(sum / static_cast<double>(end - begin));
  }
  if (shown.empty()) return "";
  const auto [least, largest] = std::minmax_element(shown.begin(), shown.end());
  const double range = *largest - *least;
  std::string text;
  for (const double value : shown) {
    constexpr double kTop = kBlocks.size() - 1;
    const double height = range > 0.0 ? (value - *least) / range * kTop : 0.0;
    const auto level = std::isfinite(height) ? static_cast<std::size_t>(std::lround(height)) : 0;
    text += (blocks ? kBlocks : kPlain)[level];
  }
  return text;
}

std::vector<std::string> panel_of(const actors::Progress& progress, const PanelStyle& style) {
  std::vector<std::string> lines = {first_line(progress, style), time_line(progress, style),
                                    jobs_line(progress, style), staleness_line(progress, style)};
  if (progress.totals.versions > 0) {
    lines.push_back(
        curve_line("train loss", fixed(progress.train_loss, 3), progress.losses, style));
  }
  if (progress.evaluated_version) {
    lines.push_back(
        progress.accuracy
            ? curve_line("accuracy", fixed(*progress.accuracy, 3), progress.accuracies, style)
            : curve_line("perplexity", figure(progress.perplexity), progress.perplexities, style));
  }
  lines.push_back(speed_line(progress, style));
  return lines;
}

actors::Progress aged(actors::Progress progress, double seconds) {
  seconds = std::max(seconds, 0.0);
  const double passed = progress.wall_seconds + seconds;
  // The panel divides by the real time.
  for (auto& slot : progress.slots) {
    if (progress.wall_seconds > 0.0)
      slot.tokens = std::llround(static_cast<double>(slot.tokens) * passed / progress.wall_seconds);
  }
  progress.wall_seconds = passed;
  if (progress.seconds_left)
    *progress.seconds_left = std::max(*progress.seconds_left - seconds, 0.0);
  return progress;
}

std::string line_of(const actors::Progress& progress) {
  const auto& totals = progress.totals;
  std::string text = version_text(progress);
  text += "  virtual " + clock_text(totals.time.seconds());
  text += "  updates " + grouped(totals.updates_applied);
  text += "  in flight " + grouped(progress.jobs_in_flight());
  if (totals.versions > 0) {
    text += "  staleness " + fixed(progress.staleness, 1);
    text += "  loss " + fixed(progress.train_loss, 3);
  }
  if (progress.evaluated_version) {
    text += progress.accuracy ? "  accuracy " + fixed(*progress.accuracy, 3)
                              : "  perplexity " + figure(progress.perplexity);
    text += " (version " + std::to_string(*progress.evaluated_version) + ")";
  }
  text += "  " + tokens_text(progress.tokens_per_second) + " tokens/s";
  if (progress.done < 1.0 && progress.seconds_left)
    text += "  left " + clock_text(*progress.seconds_left);
  return text;
}

}  // namespace lorafleet::tools

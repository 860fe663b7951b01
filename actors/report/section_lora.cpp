#include <set>

#include "actors/report/curves.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"

namespace lorafleet::report {

namespace {

/// One line a rank: the share of the global update's energy that clients of that rank do not see.
void add_dropped_by_rank(const Story& story, Section& section) {
  const std::string prefix = "dropped_energy_r";
  Figure figure{"dropped-by-rank", "Energy that clients of a rank do not see", "", {}, {}};
  figure.plot.x = run_axes();
  figure.plot.y = {"share of energy", ""};
  std::size_t style = 0;
  for (const auto& [name, curve] : story.data(0).curves) {
    if (!name.starts_with(prefix)) continue;
    Series line{"rank " + name.substr(prefix.size()), style++};
    for (const CurvePoint& point : curve.points)
      line.points.push_back({point.seconds, point.version, point.bytes, point.tokens, point.value});
    figure.sentence += (figure.sentence.empty() ? "At the end, rank " : ", rank ") +
                       name.substr(prefix.size()) + " misses " + percent(curve.points.back().value);
    figure.plot.series.push_back(std::move(line));
  }
  if (figure.plot.series.empty()) return;
  figure.sentence += ".";
  figure.table = series_table(figure.plot, "rounds.csv");
  section.figures.push_back(std::move(figure));
}

}  // namespace

Section lora_section(const Story& story) {
  Section section{"lora", "LoRA", "", {}};
  const auto add = [&](const CurveKind& kind) {
    if (has_curve(story, kind.column)) section.figures.push_back(curve_figure(story, kind));
  };
  add({"effective_rank", "effective-rank", "Effective rank", "rank", false, false, false});
  add({"dropped_energy", "dropped-energy", "Energy dropped by the truncation", "share of energy"});
  if (story.single()) add_dropped_by_rank(story, section);
  add({"reconstruction_error", "reconstruction", "Error of the fold", "relative error"});
  add({"mean_cosine", "cosine", "Mean cosine of updates and step", "cosine", false, false, false});
  add({"adapter_norm", "adapter-norm", "Norm of the adapter", "norm", true, false, false});
  add({"step_norm", "step-norm", "Norm of the steps", "norm", true, false, false});
  return section;
}

}  // namespace lorafleet::report

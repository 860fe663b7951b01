#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/report/page/plot.hpp"
#include "actors/report/report.hpp"

namespace lorafleet::report {

/// Runs that differ in nothing but their seed.
struct Group {
  std::string label;
  std::vector<std::size_t> runs;
};

/// What all sections know of the page at hand.
struct Story {
  std::vector<Run> runs;
  std::vector<std::string> labels;  ///< of the runs, all different
  std::vector<Group> groups;
  std::vector<std::size_t> group_of;
  PageOptions options;
  const ScoreKind* score = &score_kinds().front();  ///< of all runs; perplexity where they differ
  std::optional<double> target;                     ///< perplexity
  std::string target_reason;                        ///< why this one: part of a sentence

  [[nodiscard]] bool single() const { return runs.size() == 1; }
  [[nodiscard]] const RunData& data(std::size_t run) const { return runs[run].data; }
};

Story make_story(std::vector<Run> runs, const PageOptions& options);

/// A part of the page. Empty ones are not shown.
struct Section {
  std::string id;
  std::string title;
  std::string html = {};  ///< before the figures
  std::vector<Figure> figures = {};

  [[nodiscard]] bool empty() const { return html.empty() && figures.empty(); }
};

// The sections, in their order.
std::string head_html(const Story& story);
Section verdict_section(const Story& story);
Section answers_section(const Story& story);
Section differences_section(const Story& story);
Section learning_section(const Story& story);
Section schedule_section(const Story& story);
Section asynchrony_section(const Story& story);
Section clients_section(const Story& story);
Section quality_section(const Story& story);
Section lora_section(const Story& story);
Section data_section(const Story& story);
Section repeat_section(const Story& story);

/// The run's perplexity over its versions; nullptr where it was not measured.
const Curve* perplexity_of(const Run& run);

/// The story's score of a run over its versions; nullptr where it was not measured.
const Curve* score_of(const Story& story, std::size_t run);
/// The best point of such a curve.
const CurvePoint& best_of(const Story& story, const Curve& curve);

/// Value of a setting of a run; "" where it is not set.
std::string setting(const Run& run, const std::string& key);

}  // namespace lorafleet::report

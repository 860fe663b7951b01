#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actors/report/story.hpp"

namespace lorafleet::report {

/// What a figure over the versions of all runs shows.
struct CurveKind {
  std::string column;  ///< of rounds.csv
  std::string id;
  std::string title;
  std::string axis;     ///< what the vertical axis is called
  bool falls = true;    ///< less is better
  bool target = false;  ///< the target's line is drawn
  bool judged = true;   ///< whether there is a better and a worse
};

/// The alternatives of a horizontal axis over a run.
std::vector<Axis> run_axes();

/// One line for each run, or for several seeds a thin line each, their mean and a band of one
/// standard deviation. No points: nothing to show.
Figure curve_figure(const Story& story, const CurveKind& kind);

/// "4.2", or of several seeds "4.2 ± 0.3 over 3 seeds": mean and sample deviation. "–" of none.
std::string over_seeds(const std::vector<double>& values);

/// Puts the lines (x, y) of a group's runs into `plot`: one as it is; of several a band of one
/// deviation, their mean, and a thin line for each. They have the same x, but some may end early:
/// the mean ends with the first.
void add_lines(const std::vector<std::vector<std::vector<double>>>& lines, const Series& like,
               Plot& plot);

/// Whether the figure is worth its place: some run has two values or more that differ.
bool has_curve(const Story& story, const std::string& column);

/// Rows of some series: first, last, least, largest, and some spread between them.
Table series_table(const Plot& plot, const std::string& file);

}  // namespace lorafleet::report

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "actors/run/progress.hpp"

namespace lorafleet::tools {

/// What a terminal can show.
struct PanelStyle {
  std::size_t width = 80;  ///< columns
  bool color = false;
  bool blocks = true;  ///< letters for bars and sparklines; else ASCII
};

/// How far a run is, in a few lines of at most `width` columns, without line ends. Colours aside
/// there are no control characters in it.
std::vector<std::string> panel_of(const actors::Progress& progress, const PanelStyle& style);

/// What holds so many seconds after it was told, as far as that is known: real time has passed and
/// less is left; speeds are as they were.
actors::Progress aged(actors::Progress progress, double seconds);

/// The same in one plain line: "version 3/12  virtual 0:04:10  updates 18 …".
std::string line_of(const actors::Progress& progress);

/// A picture of `values` in at most `width` columns, the least at the bottom and the largest at the
/// top; more values than that are averaged by neighbours.
std::string sparkline(const std::vector<double>& values, std::size_t width, bool blocks);

}  // namespace lorafleet::tools

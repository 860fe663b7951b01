#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "actors/report/page/html.hpp"

namespace lorafleet::report {

enum class PlotKind { lines, bars, scatter, gantt, heat, ranges };

struct Axis {
  std::string name;
  std::string unit;  ///< "s", "B": how numbers are written; "" for plain ones
  bool log = false;  ///< whether it is logarithmic at first
};

/// A line, a kind of bar, a cloud of points. `style` names colour and dash, the same for the same
/// thing throughout a page.
struct Series {
  std::string name;
  std::size_t style = 0;
  int group = -1;  ///< of the page's groups of runs, which can be hidden together
  bool step = false;
  bool thin = false;
  bool band = false;                             ///< points are (x..., low, high)
  std::vector<std::vector<double>> points = {};  ///< (x..., y); bars: one value a category
};

/// A rectangle of a Gantt chart.
struct Span {
  std::size_t row = 0;
  double start = 0.0;
  double first = 0.0;   ///< end of the download
  double second = 0.0;  ///< end of computing
  double end = 0.0;
  std::size_t series = 0;  ///< whose colour
  double version = 0.0;
};

/// A stretch of a row of a Gantt chart in which nothing can happen.
struct Absence {
  std::size_t row = 0;
  double start = 0.0;
  double end = 0.0;
};

/// What the page's script draws. Which members count depends on the kind.
struct Plot {
  PlotKind kind = PlotKind::lines;
  std::vector<Axis> x;  ///< alternatives; one for all kinds but lines
  Axis y;
  std::vector<std::string> categories;  ///< bars: along the axis; gantt, heat, ranges: rows
  std::vector<std::string> columns;     ///< heat
  std::vector<Series> series;
  std::vector<Span> spans;
  std::vector<Absence> absences;  ///< gantt: shown while the last series is
  std::vector<double> marks;      ///< gantt: versions; lines: none
  bool stacked = false;
  bool horizontal = false;  ///< bars
  bool target = false;      ///< lines: shows the target's line
  bool diagonal = false;    ///< lines: what equal shares would be
};

/// A chart with its title, the sentence that says what is seen, and the table behind it.
struct Figure {
  std::string id;
  std::string title;
  std::string sentence;
  Plot plot = {};
  Table table = {};
  bool wide = false;
};

/// What the script reads: one JSON object.
std::string plot_json(const Figure& figure);

/// The figure as it stands in the page.
std::string figure_html(const Figure& figure);

}  // namespace lorafleet::report

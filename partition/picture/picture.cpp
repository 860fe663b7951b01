#include "partition/picture/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "partition/picture/legend.hpp"
#include "partition/skews/skew.hpp"
#include "partition/support/formatted.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::partition {

namespace {

constexpr std::size_t kMostColours = 12;
constexpr std::size_t kLongestLegend = 32;  // letters in the legend
constexpr double kPlotWidth = 860.0;
constexpr std::size_t kMostBars = 1720;  // half a point each
constexpr double kPlotHeight = 260.0;
constexpr double kLeft = 70.0;
constexpr double kLegendWidth = 230.0;
constexpr double kTitleHeight = 70.0;
constexpr double kPanelHeight = kPlotHeight + 90.0;

/// Ordered bins run from pale to dark (ColorBrewer's YlGnBu, interpolated); values get distinct
/// hues.
constexpr std::array<std::array<int, 3>, 5> kRamp = {
    {{222, 236, 180}, {127, 205, 187}, {65, 182, 196}, {34, 94, 168}, {8, 29, 88}}};
constexpr std::array<std::string_view, kMostColours> kHues = {
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377",
    "#ee8866", "#44bb99", "#99ddff", "#777711", "#ffaabb", "#bbbbbb"};

/// XML has no control characters, not even escaped ones, and neither U+FFFE nor U+FFFF.
std::string escape(std::string_view text) {
  std::string safe;
  const std::string clean = printable(text);
  for (std::size_t at = 0; at < clean.size(); ++at) {
    const char c = clean[at];
    const auto rest = std::string_view(clean).substr(at);
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      safe += ' ';
      at += 2;
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string ramp_colour(std::size_t bin, std::size_t bins) {
  const double place =
      bins < 2 ? 3.0 : 4.0 * static_cast<double>(bin) / static_cast<double>(bins - 1);
  const auto low = std::min(static_cast<std::size_t>(place), kRamp.size() - 2);
  const double part = place - static_cast<double>(low);
  std::array<int, 3> rgb{};
  for (std::size_t i = 0; i < 3; ++i) {
    rgb[i] =
        static_cast<int>(std::lround(kRamp[low][i] + part * (kRamp[low + 1][i] - kRamp[low][i])));
  }
  return formatted("#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

/// 1, 2 or 5 times a power of ten, so that about five ticks fit under `largest`.
double tick_step(double largest) {
  const double rough = std::max(largest / 5.0, 1.0);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10.0 * power;
}

std::string text(double x, double y, std::string_view attributes, std::string_view content) {
  return formatted("<text x=\"%.1f\" y=\"%.1f\" ", x, y) + std::string(attributes) + ">" +
         escape(content) + "</text>\n";
}

struct Panel {
  std::string heading;
  LegendTable table;
  bool distinct_hues = false;

  [[nodiscard]] std::string colour(std::size_t bin) const {
    if (table.has_other && bin + 1 == table.bins.size()) return std::string(kHues.back());
    return distinct_hues ? std::string(kHues[bin]) : ramp_colour(bin, table.bins.size());
  }
};

/// How many neighbours share a bar, so that a bar can be seen.
std::size_t clients_in_bar(std::size_t clients) {
  return (clients + kMostBars - 1) / kMostBars;
}

std::string axes(double top, double largest, std::size_t clients) {
  std::string svg;
  const double step = tick_step(largest);
  for (double value = 0.0; value <= largest; value += step) {
    const double y = top + kPlotHeight * (1.0 - value / largest);
    svg += formatted("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n",
                     kLeft, y, kLeft + kPlotWidth, y);
    svg += text(kLeft - 8, y + 4, "text-anchor=\"end\"", formatted("%.0f", value));
  }
  const double slot = kPlotWidth / static_cast<double>(clients);
  const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(26.0 / slot)));
  const std::size_t rounded =
      every == 1 ? 1 : static_cast<std::size_t>(tick_step(5.0 * static_cast<double>(every)));
  for (std::size_t c = 0; c < clients; c += rounded) {
    svg += text(kLeft + slot * (static_cast<double>(c) + 0.5), top + kPlotHeight + 16,
                "text-anchor=\"middle\"", std::to_string(c));
  }
  const std::size_t together = clients_in_bar(clients);
  svg += text(kLeft + kPlotWidth / 2, top + kPlotHeight + 36, "text-anchor=\"middle\"",
              together == 1 ? "client"
                            : "client (each bar is the mean of " + std::to_string(together) + ")");
  svg += formatted("<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">",
                   top + kPlotHeight / 2) +
         "examples</text>\n";
  return svg;
}

std::string bars(const Panel& panel, double top, double largest) {
  std::string svg;
  const auto& rows = panel.table.rows;
  const std::size_t together = clients_in_bar(rows.size());
  const double slot = kPlotWidth / static_cast<double>(rows.size()) * static_cast<double>(together);
  const double width = slot > 4.0 ? slot * 0.85 : slot;
  for (std::size_t c = 0; c < rows.size(); c += together) {
    const std::size_t end = std::min(c + together, rows.size());
    const double x = kLeft + slot * static_cast<double>(c / together) + (slot - width) / 2;
    double y = top + kPlotHeight;
    for (std::size_t bin = 0; bin < panel.table.bins.size(); ++bin) {
      std::size_t count = 0;
      for (std::size_t client = c; client < end; ++client)
        count += rows[client][bin];
      if (count == 0) continue;
      const double mean = static_cast<double>(count) / static_cast<double>(end - c);
      const double height = kPlotHeight * mean / largest;
      y -= height;
      svg += formatted("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\">", x,
                       y, width, height, panel.colour(bin).c_str());
      svg += "<title>" +
             (together == 1
                  ? "client " + std::to_string(c)
                  : "mean of clients " + std::to_string(c) + " to " + std::to_string(end - 1)) +
             ", " + escape(panel.table.bins[bin]) + ": " +
             (together == 1 ? std::to_string(count) : formatted("%.4g", mean)) +
             "</title></rect>\n";
    }
  }
  return svg;
}

std::string legend(const Panel& panel, double top) {
  std::string svg;
  const double x = kLeft + kPlotWidth + 24;
  for (std::size_t i = 0; i < panel.table.bins.size(); ++i) {
    // The legend runs as the bars do: the first bin at the bottom.
    const std::size_t bin = panel.table.bins.size() - 1 - i;
    const double y = top + 20.0 * static_cast<double>(i);
    svg += formatted("<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\" fill=\"%s\"/>\n", x, y,
                     panel.colour(bin).c_str());
    svg += text(x + 22, y + 11.5, "", short_name(panel.table.bins[bin], kLongestLegend));
  }
  return svg;
}

std::vector<Panel> panels_of(const Partition& partition, const PartitionStatistics& statistics) {
  std::vector<Panel> panels;
  for (const auto& skew : statistics.skews) {
    panels.push_back(
        {skew_title(skew) + formatted(": Jensen-Shannon distance to the pooled data, mean "
                                      "%.3f, max %.3f",
                                      skew.js_mean, skew.js_max),
         fold_bins(skew, kMostColours), !find_skew(skew.by).quantiles});
  }
  if (panels.empty()) {
    Panel plain;
    plain.table.bins = {"examples"};
    for (const auto& client : partition.clients) {
      plain.table.rows.push_back({client.size()});
    }
    panels.push_back(plain);
  }
  return panels;
}

}  // namespace

std::string to_svg(const Partition& partition, const PartitionStatistics& statistics,
                   std::string_view title) {
  const auto panels = panels_of(partition, statistics);
  const double width = kLeft + kPlotWidth + kLegendWidth;
  const double height = kTitleHeight + kPanelHeight * static_cast<double>(panels.size());
  std::string svg = formatted(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
      "height=\"%.0f\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n",
      width, height, width, height);
  svg += "<style>.grid{stroke:#ddd;stroke-width:1}</style>\n";
  svg += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  svg += text(kLeft, 28, "font-size=\"18\" font-weight=\"bold\"", title);
  const auto& sizes = statistics.sizes;
  svg +=
      text(kLeft, 50, "fill=\"#555\"",
           formatted("%zu examples, %zu clients; sizes min %.0f, median %.0f, max %.0f; Gini %.3f",
                     partition.training.size(), partition.clients.size(), sizes.min, sizes.p50,
                     sizes.max, statistics.gini));
  const double largest = sizes.max * 1.03;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const double top = kTitleHeight + kPanelHeight * static_cast<double>(i) + 24;
    svg += text(kLeft, top - 8, "font-size=\"13\"", panels[i].heading);
    svg += axes(top, largest, partition.clients.size());
    svg += bars(panels[i], top, largest);
    svg += legend(panels[i], top);
  }
  return svg + "</svg>\n";
}

}  // namespace lorafleet::partition

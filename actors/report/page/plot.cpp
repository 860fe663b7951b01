#include "actors/report/page/plot.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace lorafleet::report {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDigits = 6;
// Styles that are no colours.
constexpr std::size_t kGrey = 20;
constexpr std::size_t kPale = 21;

/// Six significant figures: more than a chart can show. What JSON does not know is null.
Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  std::array<char, 32> text{};
  const auto* end = std::to_chars(text.data(), text.data() + text.size(), value,
                                  std::chars_format::general, kDigits)
                        .ptr;
  double shorter = value;
  std::from_chars(text.data(), end, shorter);
  if (shorter == std::floor(shorter) && std::abs(shorter) < 1e15)
    return static_cast<std::int64_t>(shorter);
  return shorter;
}

Json axis_json(const Axis& axis) {
  Json json = {{"name", axis.name}};
  if (!axis.unit.empty()) json["unit"] = axis.unit;
  if (axis.log) json["log"] = true;
  return json;
}

Json series_json(const Series& series) {
  Json json = {{"name", series.name}, {"style", series.style}};
  if (series.group >= 0) json["group"] = series.group;
  if (series.step) json["step"] = true;
  if (series.thin) json["thin"] = true;
  if (series.band) json["band"] = true;
  Json points = Json::array();
  for (const auto& point : series.points) {
    Json one = Json::array();
    for (const double value : point)
      one.push_back(rounded(value));
    points.push_back(std::move(one));
  }
  json["points"] = std::move(points);
  return json;
}

const char* kind_name(PlotKind kind) {
  switch (kind) {
    case PlotKind::lines:
      return "lines";
    case PlotKind::bars:
      return "bars";
    case PlotKind::scatter:
      return "scatter";
    case PlotKind::gantt:
      return "gantt";
    case PlotKind::heat:
      return "heat";
    case PlotKind::ranges:
      break;
  }
  return "ranges";
}

/// What a series looks like: a stroke, a mark or an area.
std::string swatch(PlotKind kind, std::size_t style) {
  constexpr std::array kMarks = {"<circle cx=\"14\" cy=\"5\" r=\"4\" class=\"f",
                                 "<rect x=\"10\" y=\"1\" width=\"8\" height=\"8\" class=\"f",
                                 "<path d=\"M14 0 19 9 9 9z\" class=\"f",
                                 "<path d=\"M14 0 19 5 14 10 9 5z\" class=\"f"};
  std::string shape = "<rect x=\"8\" width=\"14\" height=\"10\" class=\"f";
  if (kind == PlotKind::lines) shape = "<line x1=\"1\" y1=\"5\" x2=\"27\" y2=\"5\" class=\"s";
  if (kind == PlotKind::scatter || kind == PlotKind::ranges) shape = kMarks[style % kMarks.size()];
  return "<svg width=\"28\" height=\"10\" aria-hidden=\"true\">" + shape +
         std::to_string(style == kGrey || style == kPale ? style : style % kGrey) + "\"/></svg>";
}

/// The look of a series and its name. With scripts it shows and hides.
std::string key_html(const Figure& figure, std::size_t place) {
  const Series& series = figure.plot.series[place];
  return "<li><button type=\"button\" class=\"key\" aria-pressed=\"true\" data-series=\"" +
         std::to_string(place) + "\">" + swatch(figure.plot.kind, series.style) +
         escape(series.name) + "</button></li>";
}

std::string keys_html(const Figure& figure) {
  std::string keys;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < figure.plot.series.size(); ++i) {
    const Series& series = figure.plot.series[i];
    if (series.thin || series.band || series.name.empty()) continue;
    keys += key_html(figure, i);
    ++shown;
  }
  return shown > 1 ? "<ul class=\"keys\">" + keys + "</ul>\n" : "";
}

}  // namespace

std::string plot_json(const Figure& figure) {
  const Plot& plot = figure.plot;
  Json json = {{"id", figure.id}, {"kind", kind_name(plot.kind)}};
  for (const Axis& axis : plot.x)
    json["x"].push_back(axis_json(axis));
  json["y"] = axis_json(plot.y);
  if (!plot.categories.empty()) json["categories"] = plot.categories;
  if (!plot.columns.empty()) json["columns"] = plot.columns;
  json["series"] = Json::array();
  for (const Series& series : plot.series)
    json["series"].push_back(series_json(series));
  for (const Span& span : plot.spans) {
    json["spans"].push_back({span.row, rounded(span.start), rounded(span.first),
                             rounded(span.second), rounded(span.end), span.series,
                             rounded(span.version)});
  }
  for (const Absence& absence : plot.absences)
    json["absences"].push_back({absence.row, rounded(absence.start), rounded(absence.end)});
  for (const double mark : plot.marks)
    json["marks"].push_back(rounded(mark));
  if (plot.stacked) json["stacked"] = true;
  if (plot.horizontal) json["horizontal"] = true;
  if (plot.target) json["target"] = true;
  if (plot.diagonal) json["diagonal"] = true;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string figure_html(const Figure& figure) {
  const std::string id = escape(figure.id);
  return "<figure id=\"" + id + "\"" + (figure.wide ? " class=\"wide\"" : "") + ">\n<h3>" +
         escape(figure.title) + "</h3>\n" + keys_html(figure) + "<div class=\"chart " +
         kind_name(figure.plot.kind) + "\" data-figure=\"" + id + "\" role=\"img\" aria-label=\"" +
         escape(figure.title + ". " + figure.sentence) + "\"></div>\n<figcaption>" +
         escape(figure.sentence) + "</figcaption>\n" +
         hidden_table_html(figure.table, figure.title + ", data") + "</figure>\n";
}

}  // namespace lorafleet::report

#include "actors/report/report.hpp"

#include <algorithm>

#include "actors/report/assets.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"

namespace lorafleet::report {

namespace {

/// The browser itself then sees to it that nothing is asked for.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'";

std::string title_of(const Story& story) {
  if (!story.options.title.empty()) return story.options.title;
  if (story.single()) return story.labels.front();
  std::string title;
  constexpr std::size_t kMost = 4;
  for (std::size_t i = 0; i < std::min(story.groups.size(), kMost); ++i)
    title += (i == 0 ? "" : ", ") + story.groups[i].label;
  if (story.groups.size() > kMost)
    title += " and " + std::to_string(story.groups.size() - kMost) + " more";
  return title;
}

/// As a number field takes it: without groups of digits.
std::string plain_number(double value) {
  std::string text = number(value);
  std::erase(text, ',');
  return text;
}

std::string controls_html(const Story& story) {
  std::string html =
      "<form class=\"controls\" aria-label=\"All figures over the run\" hidden>\n"
      "<label>Horizontal axis <select name=\"x\"><option value=\"0\">virtual time</option>"
      "<option value=\"1\">version</option><option value=\"2\">bytes</option>"
      "<option value=\"3\">tokens</option></select></label>\n"
      "<label><input type=\"checkbox\" name=\"logx\"> log x</label>\n"
      "<label><input type=\"checkbox\" name=\"logy\"> log y</label>\n";
  if (story.target) {
    html +=
        "<label title=\"Moves the line alone: sentence and table are for the target that the page "
        "was "
        "made with\">target line, perplexity <input type=\"number\" name=\"target\" step=\"any\" "
        "min=\"0\""
        " value=\"" +
        escape(plain_number(*story.target)) + "\"></label>\n";
  }
  if (story.groups.size() > 1) {
    html += "<fieldset><legend>Runs</legend>\n";
    for (std::size_t i = 0; i < story.groups.size(); ++i) {
      html += "<label><input type=\"checkbox\" name=\"group\" value=\"" + std::to_string(i) +
              "\" checked><svg width=\"28\" height=\"10\" aria-hidden=\"true\"><line x1=\"1\" "
              "y1=\"5\" x2=\"27\" y2=\"5\" class=\"s" +
              std::to_string(i % 20) + "\"/></svg>" + escape(story.groups[i].label) + "</label>\n";
    }
    html += "</fieldset>\n";
  }
  return html + "</form>\n";
}

/// Two in a row; one that would stand alone is as wide as both.
std::vector<Figure> placed(std::vector<Figure> figures) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const bool last = i + 1 == figures.size() || figures[i + 1].wide;
    if (column == 0 && last) figures[i].wide = true;
    column = figures[i].wide ? 0 : 1 - column;
  }
  return figures;
}

std::string section_html(const Section& section) {
  std::string html = "<section id=\"" + section.id + "\" aria-labelledby=\"" + section.id +
                     "-title\">\n<h2 id=\"" + section.id + "-title\">" + escape(section.title) +
                     "</h2>\n";
  if (section.figures.empty()) return html + section.html + "</section>\n";
  html += "<div class=\"figures\">\n";
  for (const Figure& figure : placed(section.figures))
    html += figure_html(figure);
  return html + "</div>\n" + section.html + "</section>\n";
}

std::string data_json(const std::vector<Section>& sections) {
  std::string json = "{\"figures\":[";
  bool first = true;
  for (const Section& section : sections) {
    for (const Figure& figure : section.figures) {
      json += (first ? "\n" : ",\n") + plot_json(figure);
      first = false;
    }
  }
  return json + "\n]}";
}

std::string navigation_html(const std::vector<Section>& sections) {
  std::string html = "<nav aria-label=\"Sections\"><ul>\n";
  for (const Section& section : sections)
    html += "<li><a href=\"#" + section.id + "\">" + escape(section.title) + "</a></li>\n";
  return html + "</ul></nav>\n";
}

}  // namespace

std::string report_page(std::vector<Run> runs, const PageOptions& options) {
  const Story story = make_story(std::move(runs), options);
  std::vector<Section> sections = {
      verdict_section(story),  answers_section(story),  differences_section(story),
      learning_section(story), schedule_section(story), asynchrony_section(story),
      clients_section(story),  quality_section(story),  lora_section(story),
      data_section(story),     repeat_section(story)};
  std::erase_if(sections, [](const Section& section) { return section.empty(); });
  const std::string title = escape(title_of(story));
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
      std::string(kPolicy) +
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
      title + "</title>\n<style>\n";
  html += page_style();
  html +=
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the figures</a>\n"
      "<header>\n<h1>" +
      title + "</h1>\n" + head_html(story) + navigation_html(sections) +
      "</header>\n<main id=\"main\">\n";
  bool charts = false;
  bool over_runs = false;  // with a choice of horizontal axes
  std::string body;
  for (const Section& section : sections) {
    body += section_html(section);
    charts = charts || !section.figures.empty();
    for (const Figure& figure : section.figures)
      over_runs = over_runs || figure.plot.x.size() > 1;
  }
  if (over_runs) html += controls_html(story);
  html += body +
          "</main>\n<footer><p>Made by <code>lorafleet report</code>. Charts: Apache ECharts "
          "(Apache-2.0).</p></footer>\n";
  if (charts) {
    html += "<script type=\"application/json\" id=\"figures-data\">\n" +
            script_safe(data_json(sections)) + "\n</script>\n<script>\n/*!\n";
    html += chart_licence();
    html += "*/\n";
    html += chart_library();
    html += "\n</script>\n<script>\n";
    html += picture_script();
    html += page_script();
    html += "</script>\n";
  }
  return html + "</body>\n</html>\n";
}

}  // namespace lorafleet::report

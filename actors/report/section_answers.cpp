#include <algorithm>
#include <cmath>

#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "partition/support/formatted.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

std::string coordinate(double value) {
  return formatted("%.1f", value);
}

bool drawn(const Answer& answer) {
  return answer.ratio && std::isfinite(answer.low) && std::isfinite(answer.high) &&
         answer.low > 0.0;
}

/// The intervals of all ratios on one logarithmic axis, numbered as in the table, with a line at 1.
std::string intervals_svg(const std::vector<Answer>& answers) {
  double reach = 0.0;
  std::size_t rows = 0;
  for (const Answer& answer : answers) {
    if (!drawn(answer)) continue;
    reach = std::max({reach, std::abs(std::log(answer.low)), std::abs(std::log(answer.high))});
    ++rows;
  }
  if (rows == 0 || reach == 0.0) return "";
  constexpr double kMiddle = 360.0;
  constexpr double kHalf = 300.0;
  constexpr double kRow = 22.0;
  const auto x = [&](double ratio) { return kMiddle + kHalf * std::log(ratio) / reach; };
  const double height = kRow * static_cast<double>(rows) + 28.0;
  std::string svg =
      "<svg class=\"answers\" role=\"img\" aria-label=\"Intervals of the ratios, which the table "
      "has in numbers\" viewBox=\"0 0 720 " +
      coordinate(height) +
      "\" width=\"720\" style=\"max-width:100%\" stroke=\"currentColor\" fill=\"currentColor\" "
      "font-size=\"13\">\n<line x1=\"" +
      coordinate(kMiddle) + "\" x2=\"" + coordinate(kMiddle) + "\" y1=\"0\" y2=\"" +
      coordinate(height - 20.0) + "\" stroke-dasharray=\"3 3\"/>\n";
  double y = kRow / 2.0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = answers[i];
    if (!drawn(answer)) continue;
    svg += "<text stroke=\"none\" x=\"0\" y=\"" + coordinate(y + 4.0) + "\">" +
           std::to_string(i + 1) + "</text><line x1=\"" + coordinate(x(answer.low)) + "\" x2=\"" +
           coordinate(x(answer.high)) + "\" y1=\"" + coordinate(y) + "\" y2=\"" + coordinate(y) +
           "\" stroke-width=\"2\"/><circle cx=\"" + coordinate(x(answer.estimate)) + "\" cy=\"" +
           coordinate(y) + "\" r=\"4\"" +
           (answer.answer == "undecided" ? " style=\"fill:var(--paper)\"" : "") + "/>\n";
    y += kRow;
  }
  for (const double ratio : {std::exp(-reach), 1.0, std::exp(reach)}) {
    svg += "<text stroke=\"none\" text-anchor=\"middle\" x=\"" + coordinate(x(ratio)) + "\" y=\"" +
           coordinate(height - 4.0) + "\">" + escape(number(ratio)) + "</text>\n";
  }
  return svg + "</svg>\n" +
         paragraph(
             "95 % intervals of the ratios; a full dot is a claim that is decided after "
             "correction.",
             "note");
}

std::string sentence_of(const std::vector<Answer>& answers) {
  const auto with = [&](const char* answer) {
    return grouped(std::count_if(answers.begin(), answers.end(),
                                 [&](const Answer& one) { return one.answer == answer; }));
  };
  return "Of " + counted(static_cast<std::int64_t>(answers.size()), "claim") + " " +
         with("supported") + " are supported, " + with("contradicted") + " contradicted, " +
         with("undecided") + " undecided.";
}

Table table_of(const std::vector<Answer>& answers) {
  Table table;
  table.sortable = true;
  table.head = {"number", "claim",        "answer", "compared", "estimate",  "95 % from",
                "to",     "p, corrected", "d_z",    "seeds",    "could show"};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& one = answers[i];
    const bool told = one.reason.empty();
    const auto cell = [&](double value) { return told ? number(value) : "–"; };
    table.rows.push_back({std::to_string(i + 1), one.claim, one.answer,
                          one.compared + (told ? "" : " (" + one.reason + ")"), cell(one.estimate),
                          cell(one.low), cell(one.high), cell(one.p_holm), cell(one.effect),
                          std::to_string(one.seeds), cell(one.could_show)});
  }
  table.note =
      "Student's t over differences within a seed; p corrected by Holm for the number of claims; "
      "d_z is the mean difference by its deviation; \"could show\" is the effect that so many "
      "seeds show 4 times in 5, before correction.";
  return table;
}

}  // namespace

Section answers_section(const Story& story) {
  const auto& answers = story.options.answers;
  if (answers.empty()) return {};
  return {"answers",
          "Answers",
          paragraph(sentence_of(answers)) + intervals_svg(answers) +
              table_html(table_of(answers), "Answers"),
          {}};
}

}  // namespace lorafleet::report

#include "scenarios/grid/answers.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "partition/support/error.hpp"
#include "partition/support/formatted.hpp"

namespace lorafleet::scenarios {

namespace {

/// What stands in the way of an answer.
struct Gaps {
  std::set<std::string> unknown;  ///< figures that no run of the sweep has
  std::set<std::string> lacking;  ///< figures that some complete runs lack
  std::size_t runs = 0;           ///< such runs
  bool not_positive = false;      ///< of a ratio
};

bool known(const SweepRuns& runs, const std::string& figure) {
  return std::any_of(runs.begin(), runs.end(), [&](const auto& of_case) {
    return std::any_of(of_case.begin(), of_case.end(),
                       [&](const SweepRun& run) { return run.figures.contains(figure); });
  });
}

/// The mean over the points; of a ratio, the mean logarithm.
std::optional<double> side(const Selection& selection, bool ratio, std::size_t seed,
                           const SweepRuns& runs, Gaps& gaps) {
  double sum = 0.0;
  bool whole = true;
  for (const std::size_t point : selection.points) {
    const SweepRun& run = runs[point][seed];
    const auto found = run.figures.find(selection.figure);
    if (found == run.figures.end() || !std::isfinite(found->second)) {
      whole = false;
      if (run.figures.empty()) continue;  // not run yet, or failed
      gaps.lacking.insert(selection.figure);
      ++gaps.runs;
    } else if (ratio && !(found->second > 0.0)) {
      gaps.not_positive = true;
      whole = false;
    } else {
      sum += ratio ? std::log(found->second) : found->second;
    }
  }
  if (!whole) return std::nullopt;
  return sum / static_cast<double>(selection.points.size());
}

struct Sides {
  double of;
  double against;
};

std::optional<Sides> sides(const Contrast& contrast, bool ratio, std::size_t seed,
                           const SweepRuns& runs, Gaps& gaps) {
  const auto of = side(contrast.of, ratio, seed, runs, gaps);
  const auto against = side(contrast.against, ratio, seed, runs, gaps);
  if (!of || !against) return std::nullopt;
  return Sides{*of, *against};
}

std::string reason_of(const Answer& answer, const Gaps& gaps) {
  const auto names = [](const std::set<std::string>& set) {
    return join({set.begin(), set.end()});
  };
  if (!gaps.unknown.empty()) return "no run has " + names(gaps.unknown);
  if (gaps.not_positive) return "a ratio of numbers that are not above 0";
  if (!gaps.lacking.empty()) {
    return std::to_string(gaps.runs) + " complete runs have no " + names(gaps.lacking) +
           ": those that have it are no fair sample";
  }
  if (answer.result.pairs == 0) return "no seed has all of its runs yet";
  if (answer.result.pairs == 1) return "one seed says nothing of chance";
  return "";
}

void judge(const Question& question, const Answer& answer, double& p, Finding& tendency) {
  const auto& result = answer.result;
  if (question.expected == Claim::same) {
    const double margin = question.ratio ? std::log1p(question.within) : question.within;
    const MarginP margins = p_of_margin(result, margin);
    p = std::min(margins.within, margins.beyond);
    tendency = margins.within < margins.beyond ? Finding::supported : Finding::contradicted;
    return;
  }
  p = p_of_zero(result);
  const bool above = result.mean > 0.0;
  const bool as_said = question.expected == Claim::different || result.mean == 0.0 ||
                       above == (question.expected == Claim::higher);
  tendency = as_said ? Finding::supported : Finding::contradicted;
}

Answer gather(const Question& question, const Sweep& sweep, const SweepRuns& runs) {
  Answer answer;
  Gaps gaps;
  std::vector<const Selection*> selections = {&question.effect.of, &question.effect.against};
  if (question.than)
    selections.insert(selections.end(), {&question.than->of, &question.than->against});
  for (const Selection* selection : selections) {
    if (!known(runs, selection->figure)) gaps.unknown.insert(selection->figure);
  }
  for (std::size_t s = 0; s < sweep.seeds.size(); ++s) {
    const auto effect = sides(question.effect, question.ratio, s, runs, gaps);
    std::optional<Sides> than = Sides{0.0, 0.0};
    if (question.than) than = sides(*question.than, question.ratio, s, runs, gaps);
    if (!effect || !than) continue;
    answer.seeds.push_back(sweep.seeds[s]);
    answer.differences.push_back(effect->of - effect->against - (than->of - than->against));
    answer.of += effect->of;
    answer.against += effect->against;
  }
  if (!answer.differences.empty()) {
    answer.result = paired_result(answer.differences);
    answer.of /= static_cast<double>(answer.differences.size());
    answer.against /= static_cast<double>(answer.differences.size());
  }
  answer.reason = reason_of(answer, gaps);
  return answer;
}

std::string p_text(double p) {
  return p < 0.001 ? "< 0.001" : formatted("= %.3f", p);
}

std::string side_text(const Contrast& contrast, bool ratio) {
  const std::string sign = ratio ? " / " : " - ";
  if (contrast.of.figure == contrast.against.figure) {
    return contrast.of.figure + ": " + contrast.of.text + sign + contrast.against.text;
  }
  return contrast.of.figure + " of " + contrast.of.text + sign + contrast.against.figure + " of " +
         contrast.against.text;
}

std::string answer_text(const Question& question, const Answer& answer) {
  std::string text = finding_text(answer.finding) + ": " + question.claim + "\n  " +
                     contrast_text(question) + "\n";
  if (!answer.reason.empty()) return text + "  " + answer.reason + "\n";
  const auto& result = answer.result;
  const auto number = [&](double value) { return formatted("%.4g", shown(question, value)); };
  text += std::string("  ") + (question.ratio ? "ratio " : "difference ") + number(result.mean) +
          ", 95 % interval " + number(result.low) + " to " + number(result.high);
  if (question.expected == Claim::same) {
    const double margin = question.ratio ? std::log1p(question.within) : question.within;
    text += " (the same: " + number(-margin) + " to " + number(margin) + ")";
  }
  text += "; p " + p_text(answer.p) + ", corrected " + p_text(answer.p_holm) + "; d_z " +
          formatted("%.4g", result.effect) + "; " + std::to_string(result.pairs) +
          " seeds could show " + number(result.detectable) + "\n";
  return text;
}

}  // namespace

std::vector<Answer> answer_all(const Sweep& sweep, const SweepRuns& runs) {
  std::vector<Answer> answers;
  std::vector<Finding> tendencies;
  std::vector<double> p;
  for (const Question& question : sweep.questions) {
    answers.push_back(gather(question, sweep, runs));
    tendencies.push_back(Finding::undecided);
    if (answers.back().reason.empty()) {
      judge(question, answers.back(), answers.back().p, tendencies.back());
    }
    p.push_back(answers.back().p);
  }
  const auto corrected = holm(p);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i].p_holm = corrected[i];
    if (corrected[i] < kSignificance) answers[i].finding = tendencies[i];
  }
  return answers;
}

double shown(const Question& question, double value) {
  return question.ratio ? std::exp(value) : value;
}

std::string contrast_text(const Question& question) {
  std::string text = side_text(question.effect, question.ratio);
  if (question.than) {
    text +=
        (question.ratio ? "; divided by " : "; minus ") + side_text(*question.than, question.ratio);
  }
  return text;
}

std::string finding_text(Finding finding) {
  switch (finding) {
    case Finding::supported:
      return "supported";
    case Finding::contradicted:
      return "contradicted";
    case Finding::undecided:
      break;
  }
  return "undecided";
}

std::string answers_text(const Sweep& sweep, const std::vector<Answer>& answers) {
  if (answers.empty()) return "";
  std::string text;
  for (std::size_t i = 0; i < answers.size(); ++i)
    text += answer_text(sweep.questions[i], answers[i]);
  const std::string count = std::to_string(answers.size());
  text += "Intervals: Student's t over differences within a seed. Decided where p, corrected for " +
          count + (answers.size() == 1 ? " question" : " questions") +
          " (Holm), is below 0.05. \"Could show\": the effect that so many seeds of this "
          "deviation show 4 times in 5, alone.\n";
  return text;
}

}  // namespace lorafleet::scenarios

#include "actors/report/story.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "actors/report/page/words.hpp"

namespace lorafleet::report {

namespace {

/// Keys that do not decide on the bytes of a run, and the seed.
bool is_incidental(const std::string& key) {
  for (const char* section : {"checkpoint.", "output.", "tls.", "expect.", "slots."}) {
    if (key.starts_with(section)) return true;
  }
  return key == "seed" || key == "name";
}

std::string identity_of(const Run& run) {
  std::string text;
  for (const Setting& one : run.settings) {
    if (!is_incidental(one.key)) text += one.key + "=" + one.value + "\n";
  }
  return text.empty() ? run.data.folder : text;
}

std::string name_of(const Run& run) {
  const std::string name = run.data.summary.text("name");
  if (!name.empty()) return name;
  return run.name.empty() ? run.data.folder : run.name;
}

/// The last `parts` names of a folder.
std::string tail_of(const std::string& folder, std::size_t parts) {
  std::size_t at = folder.size();
  for (std::size_t i = 0; i < parts; ++i) {
    const auto slash = folder.rfind('/', at == 0 ? 0 : at - 1);
    if (slash == folder.npos) return folder;
    at = slash;
  }
  return folder.substr(at + 1);
}

bool all_different(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return std::adjacent_find(texts.begin(), texts.end()) == texts.end();
}

std::vector<std::string> labels_of(const std::vector<Run>& runs) {
  std::vector<std::string> labels;
  const auto label_all = [&](const auto& label) {
    labels.clear();
    for (const Run& run : runs)
      labels.push_back(label(run));
    return all_different(labels);
  };
  if (label_all(name_of)) return labels;
  for (const std::size_t parts : {1U, 2U, 3U}) {
    if (label_all([&](const Run& run) { return tail_of(run.data.folder, parts); })) return labels;
  }
  for (std::size_t i = 0; i < labels.size(); ++i)
    labels[i] += " (" + std::to_string(i + 1) + ")";
  return labels;
}

/// A group of several seeds is called by the folder that holds them, where there is one.
std::string group_label(const Story& story, const std::vector<std::size_t>& runs) {
  if (runs.size() == 1) return story.labels[runs.front()];
  std::vector<std::string> folders;
  for (const std::size_t run : runs) {
    const std::string& folder = story.data(run).folder;
    const auto slash = folder.rfind('/');
    folders.push_back(slash == folder.npos ? "" : tail_of(folder.substr(0, slash), 1));
  }
  const bool same = std::all_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return folder == folders.front();
  });
  return same && !folders.front().empty() ? folders.front() : name_of(story.runs[runs.front()]);
}

void make_groups(Story& story) {
  std::map<std::string, std::size_t> group_of;
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const auto [found, is_new] =
        group_of.emplace(identity_of(story.runs[run]), story.groups.size());
    if (is_new) story.groups.emplace_back();
    story.groups[found->second].runs.push_back(run);
    story.group_of.push_back(found->second);
  }
  std::vector<std::string> labels;
  for (Group& group : story.groups) {
    group.label = group_label(story, group.runs);
    labels.push_back(group.label);
  }
  if (all_different(labels)) return;
  for (Group& group : story.groups)
    group.label += " (" + story.labels[group.runs.front()] + ")";
}

/// Where a run's perplexity began, and how low it came.
struct Descent {
  double first;
  double best;
  [[nodiscard]] bool any() const { return best < first; }
  [[nodiscard]] double nearly() const { return best + 0.1 * (first - best); }
};

std::vector<Descent> descents_of(const Story& story) {
  std::vector<Descent> descents;
  for (const Run& run : story.runs) {
    const Curve* curve = perplexity_of(run);
    if (curve != nullptr && curve->points.size() > 1)
      descents.push_back({curve->points.front().value, curve->least.value});
  }
  return descents;
}

void choose_for_one(Story& story) {
  const auto descents = descents_of(story);
  if (descents.empty() || !descents.front().any()) return;
  story.target = descents.front().nearly();
  story.target_reason = "nine tenths of the way from the first to the lowest perplexity";
}

/// A target that a run meets as it begins would say nothing.
void choose_for_several(Story& story) {
  const auto descents = descents_of(story);
  if (descents.empty()) return;
  const auto lower = [](const Descent& a, const Descent& b) {
    return a.first != b.first ? a.first < b.first : a.best < b.best;
  };
  const Descent& lowest = *std::min_element(descents.begin(), descents.end(), lower);
  double worst = 0.0;
  bool all = true;
  for (const Descent& descent : descents) {
    all = all && descent.any();
    if (descent.any()) worst = std::max(worst, descent.best);
  }
  if (worst > 0.0 && worst < lowest.first) {
    story.target = worst;
    story.target_reason = std::string("the lowest perplexity of the run that got least far") +
                          (all ? "" : " of those that fell");
  } else if (lowest.any()) {
    story.target = lowest.nearly();
    story.target_reason =
        "nine tenths of the way of the run that began lowest, since others never came below its "
        "start";
  }
}

void choose_target(Story& story) {
  if (story.options.target) {
    story.target = story.options.target;
    story.target_reason = "as asked for";
    return;
  }
  const std::string wanted = setting(story.runs.front(), "stop.target_perplexity");
  if (story.single() && !wanted.empty() && std::atof(wanted.c_str()) > 0.0) {
    story.target = std::atof(wanted.c_str());
    story.target_reason = "stop.target_perplexity";
    return;
  }
  story.single() ? choose_for_one(story) : choose_for_several(story);
}

}  // namespace

const Curve* perplexity_of(const Run& run) {
  const auto found = run.data.curves.find("eval_perplexity");
  return found == run.data.curves.end() ? nullptr : &found->second;
}

const Curve* score_of(const Story& story, std::size_t run) {
  const Curves& curves = story.data(run).curves;
  const auto found = curves.find(story.score->column());
  return found == curves.end() ? nullptr : &found->second;
}

const CurvePoint& best_of(const Story& story, const Curve& curve) {
  return story.score->falls ? curve.least : curve.largest;
}

std::string setting(const Run& run, const std::string& key) {
  for (const Setting& one : run.settings) {
    if (one.key == key) return one.value;
  }
  return "";
}

Story make_story(std::vector<Run> runs, const PageOptions& options) {
  Story story;
  story.runs = std::move(runs);
  story.options = options;
  story.labels = labels_of(story.runs);
  make_groups(story);
  const ScoreKind* first = story.data(0).score;
  if (std::all_of(story.runs.begin(), story.runs.end(),
                  [&](const Run& run) { return run.data.score == first; })) {
    story.score = first;
  }
  choose_target(story);
  return story;
}

}  // namespace lorafleet::report

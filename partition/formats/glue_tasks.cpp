#include "partition/formats/glue_tasks.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "partition/formats/choices.hpp"
#include "partition/formats/column_use.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

std::optional<double> score_of_label(std::string_view text) {
  double value = 0.0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

namespace {

using Forms = std::vector<GlueForm>;

bool has(const GlueSample& sample, const char* column) {
  return std::find(sample.columns.begin(), sample.columns.end(), column) != sample.columns.end();
}

bool has_texts(const GlueSample& sample, const GlueForm& form) {
  return std::all_of(form.task->texts.begin(), form.task->texts.end(),
                     [&](const GlueText& text) { return has(sample, form.column(text)); });
}

/// The forms all of whose texts the file has; of those the ones with most texts.
Forms with_texts(const GlueSample& sample, const std::string& wanted) {
  Forms forms;
  std::size_t most = 0;
  for (const auto& task : glue_tasks()) {
    if (wanted != kToldTask && wanted != task.name) continue;
    for (const bool published : {true, false}) {
      const GlueForm form{&task, published};
      if (!has_texts(sample, form)) continue;
      if (task.texts.size() > most) forms.clear();
      most = std::max(most, task.texts.size());
      if (task.texts.size() == most) forms.push_back(form);
    }
  }
  return forms;
}

/// Forms that differ in nothing count once.
std::vector<std::string> titles_of(const Forms& forms) {
  std::vector<std::string> titles;
  for (const auto& form : forms) {
    if (std::find(titles.begin(), titles.end(), form.task->title) == titles.end())
      titles.emplace_back(form.task->title);
  }
  return titles;
}

template <typename Keep>
void keep_if_any(Forms& forms, Keep&& keep) {
  Forms kept;
  std::copy_if(forms.begin(), forms.end(), std::back_inserter(kept), keep);
  if (!kept.empty()) forms = std::move(kept);
}

/// What only one of several tasks with the same columns can mean.
void narrow_by_label(Forms& forms, const std::string& label) {
  const auto number = score_of_label(label);
  if (!number) {
    keep_if_any(forms,
                [&](const GlueForm& form) { return form.task->answer_of(label) != nullptr; });
  } else if (*number != std::floor(*number)) {
    keep_if_any(forms, [](const GlueForm& form) { return form.task->is_score; });
  }
}

/// gluebenchmark.com's files: RTE has words for labels and WNLI numbers; CoLA has no header.
/// `index`: of a file with this column, which theirs have and exports lack.
void narrow_published(Forms& forms, const std::string& label, bool index) {
  keep_if_any(forms, [&](const GlueForm& form) {
    const std::string name = form.task->name;
    return name != kCola && !(name == "rte" && score_of_label(label) && index) &&
           !(name == "wnli" && !score_of_label(label));
  });
}

[[noreturn]] void refuse_columns(const GlueSample& sample, const std::string& wanted,
                                 const std::string& place) {
  std::string known = wanted == kToldTask
                          ? "the columns are of no task of GLUE"
                          : "the columns are not those of data.task = \"" + wanted + "\"";
  known += ": " + join_some(sample.columns) + "; expected:";
  for (const auto& task : glue_tasks()) {
    if (wanted != kToldTask && wanted != task.name) continue;
    std::vector<std::string> published;
    std::vector<std::string> exported;
    for (const auto& text : task.texts) {
      published.emplace_back(text.published);
      exported.emplace_back(text.exported);
    }
    known += std::string(known.ends_with(':') ? " " : "; ") + task.title + ": " + join(published);
    if (published != exported) known += " (or " + join(exported) + ")";
  }
  throw InputError(place, known);
}

}  // namespace

std::vector<std::string> GlueTask::classes() const {
  std::vector<std::string> classes(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto number = answers[i].labels.empty() ? static_cast<double>(i)
                                                  : *score_of_label(answers[i].labels.front());
    classes[static_cast<std::size_t>(number)] = answers[i].text;
  }
  return classes;
}

const char* GlueTask::answer_of(const std::string& label) const {
  if (is_score) {
    const auto score = score_of_label(label);
    if (!score || *score < 0.0 || *score > 5.0) return nullptr;
    return answers[static_cast<std::size_t>(std::floor(*score + 0.5))].text;
  }
  const std::string plain = label.ends_with(".0") ? label.substr(0, label.size() - 2) : label;
  for (const auto& answer : answers) {
    if (answer.text == plain) return answer.text;
    for (const char* known : answer.labels) {
      if (known == plain) return answer.text;
    }
  }
  return answer_of_boolean(label);
}

const char* GlueTask::answer_of_boolean(const std::string& label) const {
  const auto value = truth_of(label);
  if (!value || answers.size() != 2) return nullptr;
  const auto& answer = answers[*value ? 1 : 0];
  // The second of two answers is the one that affirms; of RTE and QNLI GLUE's 0 is, so that true
  // could mean either.
  return std::string_view(answer.labels.front()) == (*value ? "1" : "0") ? answer.text : nullptr;
}

const std::vector<GlueTask>& glue_tasks() {
  static const std::vector<GlueText> kPair = {{"sentence1", "sentence1", "Sentence 1"},
                                              {"sentence2", "sentence2", "Sentence 2"}};
  static const std::vector<GlueText> kSingle = {{"sentence", "sentence", "Sentence"}};
  static const std::vector<GlueTask> kTasks = {
      {.name = "cola",
       .title = "CoLA",
       .instruction = "Is the sentence good English? Answer unacceptable or acceptable.",
       .texts = kSingle,
       .published_label = "label",
       .answers = {{"unacceptable", {"0"}}, {"acceptable", {"1"}}}},
      {.name = "sst2",
       .title = "SST-2",
       .instruction = "Is the sentence negative or positive? Answer negative or positive.",
       .texts = kSingle,
       .published_label = "label",
       .answers = {{"negative", {"0"}}, {"positive", {"1"}}}},
      {.name = "mrpc",
       .title = "MRPC",
       .instruction = "Do the two sentences mean the same? Answer yes or no.",
       .texts = {{"#1 String", "sentence1", "Sentence 1"},
                 {"#2 String", "sentence2", "Sentence 2"}},
       .published_label = "Quality",
       .answers = {{"no", {"0", "not_equivalent"}}, {"yes", {"1", "equivalent"}}}},
      {.name = "qqp",
       .title = "QQP",
       .instruction = "Do the two questions ask the same? Answer yes or no.",
       .texts = {{"question1", "question1", "Sentence 1"},
                 {"question2", "question2", "Sentence 2"}},
       .published_label = "is_duplicate",
       .answers = {{"no", {"0", "not_duplicate"}}, {"yes", {"1", "duplicate"}}},
       .group = "qid1"},
      {.name = "stsb",
       .title = "STS-B",
       .instruction = "How much do the two sentences mean the same, from 0 (nothing) to 5 (all)? "
                      "Answer 0, 1, 2, 3, 4 or 5.",
       .texts = kPair,
       .published_label = "score",
       .answers = {{"0", {}}, {"1", {}}, {"2", {}}, {"3", {}}, {"4", {}}, {"5", {}}},
       .attribute = "genre",
       .is_score = true},
      {.name = "mnli",
       .title = "MNLI",
       .instruction = "Does the premise entail the hypothesis? Answer entailment, neutral or "
                      "contradiction.",
       .texts = {{"sentence1", "premise", "Premise"}, {"sentence2", "hypothesis", "Hypothesis"}},
       .published_label = "gold_label",
       .answers = {{"entailment", {"0"}}, {"neutral", {"1"}}, {"contradiction", {"2"}}},
       .group = "promptID",
       .attribute = "genre"},
      {.name = "qnli",
       .title = "QNLI",
       .instruction = "Does the sentence answer the question? Answer entailment or "
                      "not_entailment.",
       .texts = {{"question", "question", "Question"}, {"sentence", "sentence", "Sentence"}},
       .published_label = "label",
       .answers = {{"not_entailment", {"1"}}, {"entailment", {"0"}}}},
      {.name = "rte",
       .title = "RTE",
       .instruction = "Does the first sentence entail the second? Answer entailment or "
                      "not_entailment.",
       .texts = kPair,
       .published_label = "label",
       .answers = {{"not_entailment", {"1"}}, {"entailment", {"0"}}}},
      {.name = "wnli",
       .title = "WNLI",
       .instruction = "Does the first sentence entail the second? Answer entailment or "
                      "not_entailment.",
       .texts = kPair,
       .published_label = "label",
       .answers = {{"not_entailment", {"0"}}, {"entailment", {"1"}}}},
  };
  return kTasks;
}

std::vector<std::string> glue_task_names() {
  std::vector<std::string> names = {std::string(kToldTask)};
  for (const auto& task : glue_tasks())
    names.emplace_back(task.name);
  return names;
}

GlueForm tell_glue_form(const GlueSample& sample, const std::string& wanted,
                        const std::string& place) {
  Forms forms = with_texts(sample, wanted);
  if (forms.empty()) refuse_columns(sample, wanted, place);
  const bool index = has(sample, "index");
  if (sample.is_published && index)
    keep_if_any(forms, [](const GlueForm& form) { return form.published; });
  const Forms all = forms;
  std::erase_if(forms, [&](const GlueForm& form) { return !has(sample, form.label()); });
  if (forms.empty()) {
    throw InputError(place, "looks like " + join(titles_of(all), " or ") +
                                " without labels; GLUE's test files have none, use train or dev");
  }
  const std::string label = sample.cell(forms.front().label());
  if (titles_of(forms).size() > 1 && sample.is_published) narrow_published(forms, label, index);
  if (titles_of(forms).size() > 1) narrow_by_label(forms, label);
  const auto titles = titles_of(forms);
  if (titles.size() > 1) {
    std::vector<std::string> names;
    for (const auto& form : forms) {
      const std::string name = '"' + std::string(form.task->name) + '"';
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    throw InputError("data.task", "must say which task " + place + " is of: its columns (" +
                                      join_some(sample.columns) + ") are those of " + join(titles) +
                                      "; allowed: " + join(names));
  }
  return forms.front();
}

}  // namespace lorafleet::partition

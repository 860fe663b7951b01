#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::partition {

/// A text of a row: its column in the files of gluebenchmark.com, in those of the `datasets`
/// library, and what stands before it in the context.
struct GlueText {
  const char* published;
  const char* exported;
  const char* title;
};

/// An answer, and the labels in files that mean it.
struct GlueAnswer {
  const char* text;
  std::vector<const char*> labels;
};

/// One of GLUE's tasks.
struct GlueTask {
  const char* name;   ///< of data.task
  const char* title;  ///< for messages
  const char* instruction;
  std::vector<GlueText> texts;
  const char* published_label;
  std::vector<GlueAnswer> answers;
  const char* group = nullptr;      ///< a published column whose rows belong together
  const char* attribute = nullptr;  ///< a column beside the label that a skew can spread
  bool is_score = false;  ///< labels are numbers from 0 to 5; the nearest whole one is the answer

  /// The answers in the order of GLUE's own numbers for them.
  [[nodiscard]] std::vector<std::string> classes() const;
  /// The answer that a label of a file means; nullptr where there is none.
  [[nodiscard]] const char* answer_of(const std::string& label) const;

 private:
  /// Of two answers, where GLUE's 1 is the one that affirms.
  [[nodiscard]] const char* answer_of_boolean(const std::string& label) const;
};

/// The number that a label of a score is; none where it is no finite number.
std::optional<double> score_of_label(std::string_view label);

const std::vector<GlueTask>& glue_tasks();
inline constexpr std::string_view kToldTask = "auto";  ///< data.task: told by the columns
inline constexpr std::string_view kCola = "cola";      ///< whose published files have no header
/// kToldTask and the names of the tasks: what data.task may be.
std::vector<std::string> glue_task_names();

/// Which task a file is of, and in which form.
struct GlueForm {
  const GlueTask* task = nullptr;
  bool published = false;

  [[nodiscard]] const char* column(const GlueText& text) const {
    return published ? text.published : text.exported;
  }
  [[nodiscard]] const char* label() const { return published ? task->published_label : "label"; }
};

/// What a file shows of its form.
struct GlueSample {
  std::vector<std::string> columns;
  std::function<std::string(const std::string& column)> cell;  ///< of the first row
  bool is_published = false;  ///< tabs without quotes, as gluebenchmark.com has them
};

/// Tells the form from the columns and, where several tasks have the same ones, from the label of
/// the first row. `wanted` is data.task. Throws InputError, of `place`, where nothing fits, where
/// the label is missing (test files), and where several tasks fit.
GlueForm tell_glue_form(const GlueSample& sample, const std::string& wanted,
                        const std::string& place);

}  // namespace lorafleet::partition

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "partition/formats/choices.hpp"
#include "partition/formats/csv_rows.hpp"
#include "partition/formats/data_file.hpp"
#include "partition/formats/format.hpp"
#include "partition/formats/glue_tasks.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/json_rows.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/csv.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  while (true) {
    const auto tab = line.find('\t');
    cells.emplace_back(line.substr(0, tab));
    if (tab == line.npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

/// The `datasets` library exports each task with this column; gluebenchmark.com's files lack it.
bool is_export(std::string_view header) {
  bool found = false;
  for_each_csv_record(header, {.separator = '\t', .trim = true}, [&](const CsvRecord& record) {
    found = std::find(record.cells.begin(), record.cells.end(), "idx") != record.cells.end();
  });
  return found;
}

/// CoLA's files have no header: source, label, the author's mark, sentence.
bool is_cola(const std::vector<std::string>& cells) {
  return cells.size() == 4 && (cells[1] == "0" || cells[1] == "1") &&
         (cells[2].empty() || cells[2].find_first_not_of('*') == std::string::npos);
}

/// Makes examples of rows of either form, whose task the first one tells.
class GlueRows {
 public:
  GlueRows(const DataConfig& config, RowCollector& rows)
      : config_(config), rows_(rows), task_(config.task) {}

  void take(const json& row, const RowPlace& place) {
    if (form_.task == nullptr) {
      const std::size_t line = columns_.empty() ? place.line : 1;
      tell_form(row, at_line(config_.path.string(), line));
    }
    const std::string label = scalar_of(row, form_.label());
    if (label == "-") return rows_.leave_out("rows without a label that the annotators agreed on");
    rows_.add(example_of(row, label), place);
    if (form_.task->is_score) highest_ = std::max(highest_.value_or(0.0), *score_of_label(label));
  }

  void finish() {
    if (!highest_ || *highest_ > 1.0) return;
    rows_.warn(
        "no score is above 1, and those of " + std::string(form_.task->title) +
        " go to 5: they look like scores from 0 to 1, of which nothing but the answers 0 and "
        "1 is learned; multiply them by 5");
  }

  /// `columns`: of the header; without one, those of the first row count.
  void has_header(std::vector<std::string> columns) { columns_ = std::move(columns); }
  /// The same of a file of gluebenchmark.com; `task` where its form tells it, else kToldTask.
  void is_published(std::vector<std::string> columns, const std::string& task) {
    columns_ = std::move(columns);
    published_ = true;
    if (config_.task == kToldTask) task_ = task;
  }

 private:
  void tell_form(const json& row, const std::string& place) {
    GlueSample sample;
    sample.is_published = published_;
    sample.columns = columns_;
    if (columns_.empty()) {
      for (const auto& [key, value] : row.items())
        sample.columns.push_back(key);
    }
    sample.cell = [&](const std::string& column) { return scalar_of(row, column); };
    form_ = tell_glue_form(sample, task_, place);
    rows_.note("read as GLUE's " + std::string(form_.task->title));
    for (const auto& text : form_.task->texts)
      rows_.columns().may_have(form_.column(text));
    for (const char* name :
         {form_.label(), form_.task->group, form_.task->attribute, "idx", "index"}) {
      if (name != nullptr) rows_.columns().may_have(name);
    }
  }

  Example example_of(const json& row, const std::string& label) const {
    const auto& task = *form_.task;
    Example example;
    for (const auto& answer : task.answers)
      example.choices.emplace_back(answer.text);
    const char* answer = task.answer_of(label);
    if (answer == nullptr) {
      throw BadRow("label \"" + label + "\" is not known; allowed: " + allowed_labels() +
                   about_label(label, example.choices));
    }
    example.target = answer;
    example.instruction = task.instruction;
    for (const auto& text : task.texts) {
      if (!example.context.empty()) example.context += "\n";
      example.texts.push_back(text_of(row, form_.column(text)));
      example.context += text.title + (": " + example.texts.back());
    }
    example.classes = task.classes();
    if (task.group != nullptr) example.group = group_of(row);
    example.attributes["label"] = answer;
    if (task.attribute != nullptr) {
      if (auto text = scalar_of(row, task.attribute); !text.empty())
        example.attributes[task.attribute] = text;
    }
    return example;
  }

  /// Exports lack the column: rows with the same first text belong together then.
  [[nodiscard]] std::string group_of(const json& row) const {
    if (auto group = scalar_of(row, form_.task->group); !group.empty()) return group;
    const char* first = form_.column(form_.task->texts.front());
    return "text-" + std::to_string(fnv1a64(text_of(row, first)));
  }

  [[nodiscard]] std::string about_label(const std::string& label,
                                        const std::vector<std::string>& answers) const {
    if (label == "-1") return "; -1 stands for rows without label, as in test data";
    if (form_.task->is_score) return "";
    if (truth_of(label) && answers.size() == 2) {
      return "; of " + std::string(form_.task->title) +
             " GLUE's 0 is entailment, so that true and false could mean either";
    }
    return did_you_mean(nearest_choice(label, answers), "\"");
  }

  [[nodiscard]] std::string allowed_labels() const {
    if (form_.task->is_score) return "numbers from 0 to 5";
    std::vector<std::string> labels;
    for (const auto& answer : form_.task->answers) {
      labels.emplace_back(answer.text);
      for (const char* label : answer.labels)
        labels.emplace_back(label);
    }
    return join(labels);
  }

  const DataConfig& config_;
  RowCollector& rows_;
  std::string task_;
  GlueForm form_;
  std::vector<std::string> columns_;
  bool published_ = false;
  std::optional<double> highest_;  ///< of the scores
};

/// Files of gluebenchmark.com: tabs, and quotes without a meaning.
class PublishedReader {
 public:
  PublishedReader(const DataConfig& config, RowCollector& rows, GlueRows& glue)
      : config_(config), rows_(rows), glue_(glue) {}

  void line(std::string_view text, std::size_t number) {
    rows_.count_line();
    if (number == 1) text = without_byte_order_mark(text);
    if (text.empty()) return;
    const auto cells = cells_of(text);
    if (header_.empty()) {
      const bool cola = is_cola(cells);
      if (cola && config_.task != kToldTask && config_.task != kCola) {
        throw InputError(at_line(config_.path.string(), number),
                         "is a row of CoLA, whose files have no header; data.task is \"" +
                             config_.task + "\"; allowed here: \"auto\", \"cola\"");
      }
      header_ = cola ? std::vector<std::string>{"source", "label", "mark", "sentence"} : cells;
      glue_.is_published(header_, std::string(cola ? kCola : kToldTask));
      if (!cola) return;
    }
    rows_.guard({number}, [&] {
      if (const auto byte = invalid_utf8_at(text)) {
        throw BadRow("invalid UTF-8 at byte " + std::to_string(*byte + 1) + " of the line");
      }
      const json row = row_of(cells);
      rows_.columns().saw(row);
      glue_.take(row, {number});
    });
  }

 private:
  [[nodiscard]] json row_of(const std::vector<std::string>& cells) const {
    if (cells.size() != header_.size()) {
      throw BadRow("has " + std::to_string(cells.size()) + " columns; the header has " +
                   std::to_string(header_.size()));
    }
    json row = json::object();
    for (std::size_t i = 0; i < cells.size(); ++i)
      row[header_[i]] = cells[i];
    return row;
  }

  const DataConfig& config_;
  RowCollector& rows_;
  GlueRows& glue_;
  std::vector<std::string> header_;
};

}  // namespace

void read_glue(const DataConfig& config, RowCollector& rows) {
  const std::string start = read_start(config.path, kStartOfFile);
  const char first = first_letter(start);
  GlueRows glue(config, rows);
  const auto take = [&](const json& row, const RowPlace& place) { glue.take(row, place); };
  const auto header_line = first_line(start);
  const bool has_tabs = header_line.find('\t') != header_line.npos;
  const bool exported = has_tabs && is_export(header_line);
  if (first == '{' || first == '[') {
    for_each_json_row(config, rows, take);
  } else if (has_tabs && !exported) {
    PublishedReader reader(config, rows, glue);
    for_each_line(config.path,
                  [&](std::string_view line, std::size_t number) { reader.line(line, number); });
  } else {
    const auto header = [&](const std::vector<std::string>& names, const std::string&) {
      glue.has_header(names);
    };
    for_each_table_row(config, exported ? '\t' : separator_of(config.path), rows, header, take);
  }
  glue.finish();
}

}  // namespace lorafleet::partition

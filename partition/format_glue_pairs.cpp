#include <array>
#include <string_view>
#include <vector>

#include "partition/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

/// One of the tasks, by the columns of its files (gluebenchmark.com). GLUE's TSV has no quoting.
struct PairTask {
  const char* name;
  const char* label;
  const char* first;
  const char* second;
  const char* group;  ///< a column whose rows belong together, or nullptr
  const char* instruction;
  std::array<std::array<const char*, 2>, 2> answers;  ///< label in the file, answer; the positive
                                                      ///< class comes second
};

constexpr std::array<std::array<const char*, 2>, 2> kYesNo = {{{"0", "no"}, {"1", "yes"}}};

constexpr std::array<PairTask, 3> kTasks = {{
    {"MRPC", "Quality", "#1 String", "#2 String", nullptr,
     "Do the two sentences mean the same? Answer yes or no.", kYesNo},
    {"QQP", "is_duplicate", "question1", "question2", "qid1",
     "Do the two questions ask the same? Answer yes or no.", kYesNo},
    {"RTE",
     "label",
     "sentence1",
     "sentence2",
     nullptr,
     "Does the first sentence entail the second? Answer entailment or not_entailment.",
     {{{"not_entailment", "not_entailment"}, {"entailment", "entailment"}}}},
}};

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const auto tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == line.npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

std::size_t find_column(const std::vector<std::string_view>& header, std::string_view name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) return i;
  }
  return header.size();
}

class PairReader {
 public:
  PairReader(const DataConfig& config, RowCollector& rows) : config_(config), rows_(rows) {}

  void line(std::string_view text, std::size_t number) {
    rows_.count_line();
    if (number == 1) {
      if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
      return read_header(text);
    }
    if (text.empty()) return;
    try {
      rows_.add(read_row(text), number);
    } catch (const BadRow& problem) {
      rows_.bad(number, problem.what());
    }
  }

 private:
  void read_header(std::string_view text) {
    const auto header = cells_of(text);
    for (const auto& task : kTasks) {
      first_ = find_column(header, task.first);
      second_ = find_column(header, task.second);
      if (first_ == header.size() || second_ == header.size()) continue;
      label_ = find_column(header, task.label);
      if (label_ == header.size()) {
        throw InputError(at_line(config_.path.string(), 1),
                         std::string("looks like ") + task.name + " without the column \"" +
                             task.label + "\"; GLUE's test files have no labels, use train or dev");
      }
      group_ = task.group == nullptr ? header.size() : find_column(header, task.group);
      columns_ = header.size();
      task_ = &task;
      return;
    }
    throw InputError(at_line(config_.path.string(), 1),
                     "not the header of MRPC, QQP or RTE: columns like \"#1 String\", "
                     "\"question1\" or \"sentence1\", separated by tabs, were expected");
  }

  Example read_row(std::string_view text) const {
    if (const auto byte = invalid_utf8_at(text)) {
      throw BadRow("invalid UTF-8 at byte " + std::to_string(*byte + 1) + " of the line");
    }
    const auto cells = cells_of(text);
    if (cells.size() != columns_) {
      throw BadRow("has " + std::to_string(cells.size()) + " columns; the header has " +
                   std::to_string(columns_));
    }
    Example example;
    example.instruction = task_->instruction;
    example.context = "Sentence 1: " + std::string(cells[first_]) +
                      "\nSentence 2: " + std::string(cells[second_]);
    for (const auto& [label, answer] : task_->answers) {
      if (cells[label_] == label) example.target = answer;
      example.choices.emplace_back(answer);
    }
    if (example.target.empty()) {
      throw BadRow("label \"" + std::string(cells[label_]) + "\" is not known; allowed: " +
                   task_->answers[0][0] + ", " + task_->answers[1][0]);
    }
    if (group_ < cells.size()) example.group = cells[group_];
    return example;
  }

  const DataConfig& config_;
  RowCollector& rows_;
  const PairTask* task_ = nullptr;
  std::size_t first_ = 0;
  std::size_t second_ = 0;
  std::size_t label_ = 0;
  std::size_t group_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace

void read_glue_pairs(const DataConfig& config, RowCollector& rows) {
  PairReader reader(config, rows);
  for_each_line(config.path,
                [&](std::string_view line, std::size_t number) { reader.line(line, number); });
}

}  // namespace lorafleet::partition

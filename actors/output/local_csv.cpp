#include "actors/output/local_csv.hpp"

#include <algorithm>

#include "actors/output/csv_columns.hpp"
#include "partition/support/csv.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

namespace {

template <typename Visitor>
void columns(const LocalScore& score, bool alone, bool classes, Visitor& visit) {
  visit("client", score.client);
  visit("train_examples", score.train_examples);
  visit("test_examples", score.global.examples);
  visit("test_label_tokens", score.global.label_tokens);
  visit("mean_context_tokens", score.context_tokens);
  const auto three = [&](const std::string& kind, const model::Score& of) {
    visit(kind + "_loss", of.loss());
    if (classes) {
      visit(kind + "_accuracy", of.accuracy());
      visit(kind + "_f1", of.f1());
      visit(kind + "_matthews", of.matthews());
    } else {
      visit(kind + "_perplexity", of.perplexity());
      visit(kind + "_token_accuracy", of.token_accuracy());
    }
  };
  three("base", score.base);
  three("global", score.global);
  three("after_training", score.after_training);
  if (alone) three("alone", score.alone.value_or(model::Score{}));
}

}  // namespace

void write_local_csv(const std::vector<LocalScore>& scores, const std::filesystem::path& file) {
  ColumnNames header;
  const bool alone = !scores.empty() && scores.front().alone.has_value();
  const bool classes = std::any_of(scores.begin(), scores.end(), [](const LocalScore& score) {
    return score.global.of_classifier();
  });
  columns({}, alone, classes, header);
  std::string text = csv_line(header.cells);
  for (const auto& score : scores) {
    RowCells row;
    columns(score, alone, classes, row);
    text += csv_line(row.cells);
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors

#include "partition/formats/format.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

/// Gathers lines until a blank one ends the paragraph.
class ParagraphReader {
 public:
  explicit ParagraphReader(RowCollector& rows) : rows_(rows) {}

  void line(std::string_view text, std::size_t number) {
    rows_.count_line();
    if (number == 1) text = without_byte_order_mark(text);
    if (text.find_first_not_of(" \t\f\v") == text.npos) return end();
    if (const auto byte = invalid_utf8_at(text)) {
      rows_.bad({number}, "invalid UTF-8 at byte " + std::to_string(*byte + 1) + " of the line");
      return;
    }
    if (paragraph_.empty()) first_line_ = number;
    paragraph_ += (paragraph_.empty() ? "" : "\n") + std::string(text);
  }

  void end() {
    if (paragraph_.empty()) return;
    Example example;
    example.target = std::move(paragraph_);
    paragraph_.clear();
    rows_.add(std::move(example), {first_line_});
  }

 private:
  RowCollector& rows_;
  std::string paragraph_;
  std::size_t first_line_ = 0;
};

}  // namespace

void read_text(const DataConfig& config, RowCollector& rows) {
  ParagraphReader reader(rows);
  for_each_line(config.path,
                [&](std::string_view line, std::size_t number) { reader.line(line, number); });
  reader.end();
}

}  // namespace lorafleet::partition

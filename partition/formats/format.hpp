#pragma once

#include <string>
#include <vector>

#include "partition/examples/config.hpp"

namespace lorafleet::partition {

class RowCollector;

/// Whose names the fields of a format's rows have.
enum class Fields {
  fixed,          ///< the format's
  rows,           ///< the user's: DataConfig::fields
  conversations,  ///< the user's, but turns in place of prompt and target
};

/// One value of [data] format. A later format adds a file with a function like `read_jsonl` and a
/// line in formats.cpp.
struct Format {
  std::string name;
  void (*read)(const DataConfig& config, RowCollector& rows);
  std::string prompt_template = "plain";
  Fields fields = Fields::fixed;
  bool has_prompt = true;     ///< rows have an instruction or a context
  bool markup = false;        ///< a web page may be data
  bool unanswerable = false;  ///< has questions without answer
  bool tasks = false;         ///< [data] task says which of several tasks
};

const std::vector<Format>& formats();
/// The names that [data] format may have.
std::vector<std::string> known_formats();
/// Throws InputError that lists the known ones.
const Format& find_format(const std::string& name);

/// JSON objects, one a line or in one array, their fields named by DataConfig::fields.
void read_jsonl(const DataConfig& config, RowCollector& rows);
/// A header and rows, separated by commas, or by semicolons where the header has more of them;
/// columns named by DataConfig::fields.
void read_csv(const DataConfig& config, RowCollector& rows);
/// The same, separated by tabs.
void read_tsv(const DataConfig& config, RowCollector& rows);
/// JSON objects with `messages` (role, content) or ShareGPT's `conversations` (from, value).
void read_conversations(const DataConfig& config, RowCollector& rows);
/// Stanford Alpaca: JSON objects of instruction, input and output.
void read_alpaca(const DataConfig& config, RowCollector& rows);
/// Databricks Dolly: JSON objects with instruction, context, response and category, which is the
/// natural client.
void read_dolly(const DataConfig& config, RowCollector& rows);
/// SQuAD 1.1 and 2.0, as published or as rows of the `datasets` library: a question is the
/// instruction, its paragraph the context, its first answer the target, the others references; the
/// article is the group.
void read_squad(const DataConfig& config, RowCollector& rows);
/// The tasks of GLUE, as published (TSV) or as rows of the `datasets` library (JSON, CSV).
void read_glue(const DataConfig& config, RowCollector& rows);
/// Plain text: each paragraph (between blank lines) is a target.
void read_text(const DataConfig& config, RowCollector& rows);

}  // namespace lorafleet::partition

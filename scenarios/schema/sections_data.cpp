#include "scenarios/schema/sections.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "model/text/encoding_choices.hpp"
#include "partition/degrade.hpp"
#include "partition/examples/measures.hpp"
#include "partition/formats/format.hpp"
#include "partition/formats/glue_tasks.hpp"
#include "partition/skews/skew.hpp"
#include "partition/support/error.hpp"
#include "scenarios/schema/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using actors::FederationConfig;

bool draws_split(const FederationConfig& run) {
  return run.partition.manifest.empty();
}

using partition::Format;

/// Null for an unknown name, of which the user hears elsewhere.
template <typename Entry>
const Entry* entry_of(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

/// "by is \"a\", \"b\" or \"c\"": of the entries for which `holds`.
template <typename Entry>
std::string which(const std::string& key, const std::vector<Entry>& entries,
                  bool (*holds)(const Entry&)) {
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    if (holds(entry)) names.push_back('"' + entry.name + '"');
  }
  std::string last = names.back();
  names.pop_back();
  return key + " is " + (names.empty() ? last : join(names) + " or " + last);
}
std::string formats_that(bool (*holds)(const Format&)) {
  return which("data.format", partition::formats(), holds);
}

bool names_rows(const Format& format) {
  return format.fields == partition::Fields::rows;
}
bool names_fields(const Format& format) {
  return format.fields != partition::Fields::fixed;
}
bool is_conversations(const Format& format) {
  return format.fields == partition::Fields::conversations;
}
bool leaves_unanswered(const Format& format) {
  return format.unanswerable;
}
bool has_tasks(const Format& format) {
  return format.tasks;
}
template <bool (*holds)(const Format&)>
bool of_run(const FederationConfig& run) {
  const Format* format = entry_of(partition::formats(), run.data.format);
  return format != nullptr && holds(*format);
}
bool has_prompts(const FederationConfig& run) {
  return !of_run<is_conversations>(run);
}
constexpr const char* kHasPrompts = "data.format is not \"conversations\"";

Table fields_table() {
  using partition::FieldNames;
  TableOf<FieldNames> table;
  table.field("id", &FieldNames::id, "field with the row's name");
  table.field("instruction", &FieldNames::instruction, "field with what to do")
      .only_if_run(formats_that(names_rows), of_run<names_rows>);
  table.field("context", &FieldNames::context, "field with the text to do it with")
      .only_if_run(formats_that(names_rows), of_run<names_rows>);
  table.field("target", &FieldNames::target, "field with the answer that is learned")
      .only_if_run(formats_that(names_rows), of_run<names_rows>);
  table.field("group", &FieldNames::group, "field with the unit of the train/test split");
  table.field("client", &FieldNames::client, "field with the natural owner");
  table.field("quality", &FieldNames::quality, "field with an object of named scores");
  table
      .field("choices", &FieldNames::choices,
             "field with an array of possible answers, the target among them")
      .only_if_run(formats_that(names_rows), of_run<names_rows>);
  table.field("references", &FieldNames::references, "field with an array of further right answers")
      .only_if_run(formats_that(names_rows), of_run<names_rows>);
  table
      .field("messages", &FieldNames::messages,
             "field with the turns of a conversation; as long as it has its default, rows with "
             "\"conversations\" are read too")
      .only_if_run(formats_that(is_conversations), of_run<is_conversations>);
  table.field("attributes", &FieldNames::attributes,
              "fields with what a skew can spread: a category, a language, a source");
  return table;
}

using partition::Degradation;
using partition::DegradeConfig;
bool degrades(const Degradation& kind) {
  return kind.spoil != nullptr;
}
bool removes_words(const Degradation& kind) {
  return kind.removes_words;
}
template <bool (*holds)(const Degradation&)>
bool of_degradation(const DegradeConfig& config) {
  const Degradation* kind = entry_of(partition::degradations(), config.kind);
  return kind != nullptr && holds(*kind);
}

Table degrade_table() {
  TableOf<DegradeConfig> table;
  table.field("kind", &DegradeConfig::kind, "what is done to the contexts")
      .names(partition::known_degradations());
  table.field("share", &DegradeConfig::share, "share of the training examples that are spoilt")
      .between(0, 1)
      .only_if("kind is not \"none\"", of_degradation<degrades>);
  table.field("strength", &DegradeConfig::strength, "share of the words that are removed")
      .between(0, 1)
      .only_if(which("kind", partition::degradations(), removes_words),
               of_degradation<removes_words>);
  return table;
}

auto in_data(auto member) {
  return [member](FederationConfig & run) -> auto& {
    return run.data.*member;
  };
}
auto in_encoding(auto member) {
  return [member](FederationConfig & run) -> auto& {
    return run.encoding.*member;
  };
}

using partition::SkewConfig;
using partition::SkewKind;
bool draws(const SkewKind& kind) {
  return kind.draws();
}
bool cuts_measure(const SkewKind& kind) {
  return kind.quantiles;
}
template <std::string SkewConfig::*member>
bool measures(const SkewKind& kind) {
  return kind.measure == member;
}
template <bool (*holds)(const SkewKind&)>
bool of_skew(const SkewConfig& skew) {
  const SkewKind* kind = entry_of(partition::skew_kinds(), skew.by);
  return kind != nullptr && holds(*kind);
}
std::string skews_that(bool (*holds)(const SkewKind&)) {
  return which("by", partition::skew_kinds(), holds);
}

Table skew_table() {
  TableOf<SkewConfig> table;
  table.field("by", &SkewConfig::by, "what is unevenly spread over the clients")
      .names(partition::known_skews())
      .required();
  table
      .field("alpha", &SkewConfig::alpha,
             "concentration of the Dirichlet draws: large is even, small is skewed")
      .at_least(partition::kSmallestAlpha)
      .only_if("by is neither \"iid\" nor \"natural\"", of_skew<draws>);
  table.field("bins", &SkewConfig::bins, "quantile bins of the measure")
      .between(2, 1000)
      .only_if(skews_that(cuts_measure), of_skew<cuts_measure>)
      .replaced_by("edges");
  table.field("edges", &SkewConfig::edges, "inner edges of the bins, ascending, instead of `bins`")
      .only_if(skews_that(cuts_measure), of_skew<cuts_measure>);
  table.field("quality", &SkewConfig::quality, "which score: \"coverage\", or one of the data's")
      .only_if(skews_that(measures<&SkewConfig::quality>), of_skew<measures<&SkewConfig::quality>>);
  table
      .field("attribute", &SkewConfig::attribute,
             "which one: \"target\", or one that the data have (docs/data.md)")
      .only_if(skews_that(measures<&SkewConfig::attribute>),
               of_skew<measures<&SkewConfig::attribute>>);
  table.field("unit", &SkewConfig::unit, "what context length is counted in")
      .names(partition::length_units().names())
      .only_if(skews_that(measures<&SkewConfig::unit>), of_skew<measures<&SkewConfig::unit>>);
  return table;
}

}  // namespace

Table data_table() {
  using model::EncodingConfig;
  using partition::DataConfig;
  TableOf<FederationConfig> table;
  table.field("format", in_data(&DataConfig::format), "format of the file")
      .names(partition::known_formats());
  table.field("path", in_data(&DataConfig::path), "the data file").file().required();
  table
      .field(
          "test_path", in_data(&DataConfig::test_path),
          "a file of the same format to evaluate on; without it, a tenth of the groups of `path`")
      .file();
  table
      .field("max_bad_lines", in_data(&DataConfig::max_bad_lines),
             "lines that may be unreadable before the run stops")
      .at_least(0);
  table
      .field("max_examples", in_data(&DataConfig::max_examples),
             "size of a seeded sample of the rows; 0: all")
      .at_least(0);
  table
      .field("max_tokens", in_encoding(&EncodingConfig::max_tokens),
             "length to which an example is cut")
      .between(8, 65536)
      .unit("tokens");
  table
      .field(
          "separator", in_encoding(&EncodingConfig::separator),
          "between prompt and target: nothing, or what the tokenizer puts in front of a text (OPT: "
          "</s>), scored, as where Hugging Face's tokenizer is called for prompt and target apart")
      .names(model::separators().names())
      .only_if_run(kHasPrompts, has_prompts);
  table
      .field("truncation", in_encoding(&EncodingConfig::truncation),
             "how longer examples are cut, or whether they are left out; auto: the beginnings of "
             "contexts, and with a classifier the ends of its texts, as Hugging Face cuts them")
      .names(model::truncations().names());
  table
      .field("template", in_encoding(&EncodingConfig::prompt_template),
             "the prompt: \"auto\" (what the format usually has), \"plain\", \"alpaca\", or a text "
             "with {instruction} and {context}")
      .only_if_run(kHasPrompts, has_prompts);
  table
      .field("template_without_context", in_encoding(&EncodingConfig::template_without_context),
             "the prompt of rows without context; empty: as `template`")
      .only_if_run(kHasPrompts, has_prompts);
  table
      .field("chat_template", in_encoding(&EncodingConfig::chat_template),
             "how conversations become text: \"model\" (the chat template in the model's folder), "
             "\"plain\", \"auto\" (the model's where it has one, else plain), or a file with a "
             "Jinja template")
      .file_or({"auto", "plain", "model"})
      .only_if_run(formats_that(is_conversations), of_run<is_conversations>);
  table
      .field("unanswerable", in_data(&DataConfig::unanswerable),
             "target of SQuAD 2's questions without answer; empty: they are left out")
      .only_if_run(formats_that(leaves_unanswered), of_run<leaves_unanswered>);
  table
      .field(
          "labels", in_data(&DataConfig::labels),
          "answers of a classification whose targets are numbers: a target N becomes the N-th of "
          "them, from 0, and all of them its choices")
      .only_if_run(formats_that(names_rows), of_run<names_rows>);
  table
      .field("task", in_data(&DataConfig::task),
             "the task of GLUE; \"auto\": told by the columns, where they tell it")
      .names(partition::glue_task_names())
      .only_if_run(formats_that(has_tasks), of_run<has_tasks>);
  table
      .table("fields", in_data(&DataConfig::fields), "the names of the fields in the file",
             fields_table())
      .only_if_run(formats_that(names_fields), of_run<names_fields>);
  table
      .table("degrade", in_data(&DataConfig::degrade),
             "spoils the contexts of a share of the training examples", degrade_table())
      .only_if_run(kHasPrompts, has_prompts);
  return table;
}

Table partition_table() {
  using partition::PartitionConfig;
  TableOf<PartitionConfig> table;
  table.field("clients", &PartitionConfig::clients, "simulated data owners")
      .within(PartitionConfig::kClients)
      .only_if_run("partition.manifest is not given", draws_split);
  table.field("min_examples", &PartitionConfig::min_examples, "examples that each client has")
      .at_least(1)
      .only_if_run("partition.manifest is not given", draws_split);
  table
      .field("manifest", &PartitionConfig::manifest,
             "a partition.json to load instead of drawing a split")
      .file();
  table
      .list("skew", &PartitionConfig::skews, "skews, combined in this order; none: iid",
            skew_table())
      .only_if_run("partition.manifest is not given", draws_split);
  return table;
}

}  // namespace lorafleet::scenarios

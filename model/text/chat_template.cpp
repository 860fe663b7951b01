#include "model/text/chat_template.hpp"

#include <algorithm>
#include <utility>

#include "model/files/json.hpp"
#include "model/text/tokenizer_config.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

using nlohmann::json;
using partition::Turn;

/// System text, then "User: …" and "Assistant: …" a line; each answer ends with eos.
constexpr const char* kPlain =
    "{% for m in messages %}"
    "{{ '' if loop.first or messages[loop.index0 - 1]['role'] == 'system' else '\\n' }}"
    "{% if m['role'] == 'system' %}{{ m['content'] + '\\n\\n' }}"
    "{% elif m['role'] == 'user' %}{{ 'User: ' + m['content'] }}"
    "{% else %}{{ 'Assistant:' }}"
    "{% generation %}{{ ' ' + m['content'] + eos_token }}{% endgeneration %}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '\\nAssistant:' }}{% endif %}";

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_blank(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_blank(c); });
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < most && a[i] == b[i])
    ++i;
  return i;
}

/// From the first to the last byte of this origin, from byte `from` on.
std::optional<TextSpan> find_origin(const MarkedText& text, std::uint32_t origin,
                                    std::size_t from) {
  std::optional<TextSpan> span;
  std::size_t begin = 0;
  for (const auto& run : text.runs()) {
    if (run.mark.origin == origin && run.end > from) {
      if (!span) span = TextSpan{std::max(begin, from), run.end};
      span->end = run.end;
    }
    begin = run.end;
  }
  return span;
}

std::vector<TextSpan> generated_spans(const MarkedText& text) {
  std::vector<TextSpan> spans;
  std::size_t begin = 0;
  for (const auto& run : text.runs()) {
    if (run.mark.generated) {
      if (!spans.empty() && spans.back().end == begin) {
        spans.back().end = run.end;
      } else {
        spans.push_back({begin, run.end});
      }
    }
    begin = run.end;
  }
  return spans;
}

/// Takes `hole` out of the spans.
void cut_out(std::vector<TextSpan>& spans, TextSpan hole) {
  std::vector<TextSpan> left;
  for (const TextSpan& span : spans) {
    if (span.begin < std::min(span.end, hole.begin))
      left.push_back({span.begin, std::min(span.end, hole.begin)});
    if (std::max(span.begin, hole.end) < span.end)
      left.push_back({std::max(span.begin, hole.end), span.end});
  }
  spans = std::move(left);
}

/// Takes the answers that are not learned out of what {% generation %} marks.
void cut_unlearned(std::span<const Turn> turns, Conversation& conversation) {
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].role != "assistant" || turns[i].learned) continue;
    const auto said = find_origin(conversation.text, static_cast<std::uint32_t>(i + 1), 0);
    if (!said) continue;
    auto& spans = conversation.spans;
    const auto holder = std::find_if(spans.begin(), spans.end(), [&](const TextSpan& span) {
      return span.begin < said->end && said->begin < span.end;
    });
    if (holder == spans.end()) continue;
    // All that is marked with it, up to what the turns beside it say.
    TextSpan hole = *holder;
    const auto before = find_origin(conversation.text, static_cast<std::uint32_t>(i), 0);
    const auto after = find_origin(conversation.text, static_cast<std::uint32_t>(i + 2), 0);
    if (i > 0 && before && before->end <= said->begin)
      hole.begin = std::max(hole.begin, before->end);
    if (after && after->begin >= said->end) hole.end = std::min(hole.end, after->begin);
    cut_out(spans, hole);
  }
}

std::map<std::string, std::string> read_specials(const std::filesystem::path& folder) {
  std::map<std::string, std::string> specials;
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const json file = read_optional_object(folder / name);
    for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                            "cls_token", "mask_token"}) {
      const json value = file.value(key, json());
      const json content = value.is_object() ? value.value("content", json()) : value;
      if (content.is_string()) specials.emplace(key, content.get<std::string>());
    }
  }
  return specials;
}

struct Source {
  std::string text;
  std::string place;
};

/// A string, or a list of {name, template}, of which "default" counts.
Source source_in(const json& value, const std::string& place) {
  if (value.is_string()) return {value.get<std::string>(), place};
  std::vector<std::string> names;
  if (value.is_array()) {
    for (const json& entry : value) {
      const json name = entry.is_object() ? entry.value("name", json()) : json();
      const json text = entry.is_object() ? entry.value("template", json()) : json();
      if (!name.is_string() || !text.is_string()) {
        throw InputError(place, "an entry must have name and template, two strings");
      }
      if (name.get<std::string>() == "default") return {text.get<std::string>(), place};
      names.push_back(name.get<std::string>());
    }
    throw InputError(place, "none of the templates is called \"default\"; there are: " +
                                join(names) + "; name a file in data.chat_template");
  }
  throw InputError(
      place, "a string or a list of templates was expected, not " + std::string(kind_of(value)));
}

std::optional<Source> source_of_model(const std::filesystem::path& folder) {
  const auto file = folder / "chat_template.jinja";
  if (std::filesystem::exists(file)) return Source{read_file(file), file.string()};
  for (const char* name : {"tokenizer_config.json", "chat_template.json"}) {
    const json object = read_optional_object(folder / name);
    const auto found = object.find("chat_template");
    if (found == object.end() || found->is_null()) continue;
    return source_in(*found, (folder / name).string() + ": chat_template");
  }
  return std::nullopt;
}

}  // namespace

ChatTemplate::ChatTemplate(jinja::Template program, std::map<std::string, std::string> specials,
                           bool adds_prefix, TokenizerPtr tokenizer)
    : program_(std::move(program)),
      specials_(std::move(specials)),
      adds_prefix_(adds_prefix),
      tokenizer_(std::move(tokenizer)) {}

MarkedText ChatTemplate::text(std::span<const Turn> turns, bool asks) const {
  jinja::List messages;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::string& role = turns[i].role;
    const std::string& content = turns[i].content;
    // The three roles are our own words, part of headers like "<|user|>"; another one is data.
    const bool is_known = role == "system" || role == "user" || role == "assistant";
    const std::size_t role_origin = is_known ? 0 : turns.size() + i + 1;
    messages.push_back(jinja::Value(
        jinja::Dict{{"role", jinja::Value(MarkedText(replace_invalid_utf8(role),
                                                     static_cast<std::uint32_t>(role_origin)))},
                    {"content", jinja::Value(MarkedText(replace_invalid_utf8(content),
                                                        static_cast<std::uint32_t>(i + 1)))}}));
  }
  jinja::Dict variables = {{"messages", jinja::Value(std::move(messages))},
                           {"add_generation_prompt", jinja::Value(asks)},
                           {"tools", jinja::Value(jinja::None{})},
                           {"documents", jinja::Value(jinja::None{})}};
  for (const auto& [name, token] : specials_)
    variables.emplace_back(name, jinja::Value(token));
  return program_.render(variables);
}

std::optional<MarkedText> ChatTemplate::try_render(std::span<const Turn> turns, bool asks) const {
  try {
    return text(turns, asks);
  } catch (const InputError&) {  // a part of a conversation may be none that the template takes
    return std::nullopt;
  }
}

std::optional<TextSpan> ChatTemplate::find_answer(std::span<const Turn> turns, std::size_t turn,
                                                  const MarkedText& whole) const {
  const auto before = turns.first(turn);
  const auto asked = try_render(before, true);
  const std::size_t common = asked ? common_prefix(asked->view(), whole.view()) : 0;
  bool has_header = asked && common == asked->size();
  if (has_header) {
    const auto unasked = try_render(before, false);
    has_header = unasked && asked->str() != unasked->str();
  }
  const auto origin = static_cast<std::uint32_t>(turn + 1);
  auto content = find_origin(whole, origin, has_header ? common : 0);
  if (!content) content = find_origin(whole, origin, 0);
  if (!content && (!asked || !is_blank(turns[turn].content))) return std::nullopt;
  std::size_t begin = content ? content->begin : common;
  if (has_header) {
    begin = std::min(begin, common);
  } else if (content && begin > 0 && whole.view()[begin - 1] == ' ' &&
             whole.mark_at(begin - 1).origin == 0) {
    --begin;  // tokenizers join it to the word behind it; a prompt must not end with it
  }
  const std::size_t content_end = content ? content->end : begin;
  return TextSpan{begin, end_of_answer(turns, turn, whole, begin, content_end)};
}

std::size_t ChatTemplate::end_of_answer(std::span<const Turn> turns, std::size_t turn,
                                        const MarkedText& whole, std::size_t begin,
                                        std::size_t content_end) const {
  // What the template writes after the answer whether or not something follows.
  std::string_view tail = whole.view().substr(content_end);
  if (turn + 1 < turns.size()) {
    const auto upto = try_render(turns.first(turn + 1), false);
    if (!upto) return content_end;
    const auto content = find_origin(*upto, static_cast<std::uint32_t>(turn + 1), 0);
    const std::size_t end = content ? content->end : begin;
    if (end > upto->size()) return content_end;
    tail = tail.substr(0, common_prefix(tail, upto->view().substr(end)));
  }
  if (const auto token = tokenizer_->find_added(tail, true)) return content_end + token->end;
  if (const auto eos = specials_.find("eos_token"); eos != specials_.end()) {
    const auto at = eos->second.empty() ? tail.npos : tail.find(eos->second);
    if (at != tail.npos) return content_end + at + eos->second.size();
  }
  while (!tail.empty() && is_blank(tail.back()))
    tail.remove_suffix(1);
  return content_end + tail.size();
}

std::size_t ChatTemplate::generated_answer(std::span<const Turn> turns,
                                           const Conversation& conversation) const {
  const auto& text = conversation.text;
  const auto& spans = conversation.spans;
  const auto last = find_origin(text, static_cast<std::uint32_t>(turns.size()), 0);
  std::size_t earlier = 0;  // what the turns before say ends here
  for (std::size_t i = 1; i < turns.size() && !last; ++i) {
    const auto said = find_origin(text, static_cast<std::uint32_t>(i), 0);
    if (said) earlier = std::max(earlier, said->end);
  }
  const bool found =
      !spans.empty() && (last ? spans.back().end >= last->end : spans.back().begin >= earlier);
  if (found) return spans.back().begin;
  if (last || !is_blank(turns.back().content)) {
    throw InputError(place(), "the last answer is not in a {% generation %} block");
  }
  return text.size();  // the template trims a blank answer away
}

Conversation ChatTemplate::render(std::span<const Turn> turns) const {
  Conversation result;
  result.text = text(turns, false);
  result.prompt_end = result.text.size();
  const bool answered = !turns.empty() && turns.back().role == "assistant";
  if (program_.has_generation()) {
    result.spans = generated_spans(result.text);
    if (answered) result.prompt_end = generated_answer(turns, result);
    cut_unlearned(turns, result);
    return result;
  }
  std::size_t end = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].role != "assistant") continue;
    if (const auto span = find_answer(turns, i, result.text)) {
      const std::size_t begin = std::max(span->begin, end);
      if (i + 1 == turns.size()) result.prompt_end = begin;
      if (span->end > begin) {
        if (turns[i].learned) result.spans.push_back({begin, span->end});
        end = span->end;
      }
    } else if (i + 1 == turns.size()) {
      throw InputError(place(),
                       "the last answer cannot be found in what the template makes of the "
                       "conversation; put {% generation %} and {% endgeneration %} around what the "
                       "assistant says, or set data.chat_template = \"plain\"");
    } else if (turns[i].learned) {
      ++result.unlabelled;
    }
  }
  return result;
}

EndOfTurn ChatTemplate::end_of_turn() const {
  const std::vector<Turn> turns = {
      {"user", "a"}, {"assistant", "b"}, {"user", "a"}, {"assistant", "b"}};
  EndOfTurn result;
  try {
    const Conversation probe = render(turns);
    const std::string_view text = probe.text.view();
    const auto content = find_origin(probe.text, 2, 0);
    const auto next = find_origin(probe.text, 3, 0);
    if (!content || !next || next->begin < content->end) return result;
    std::string_view after = text.substr(content->end, next->begin - content->end);
    for (const TextSpan& span : probe.spans) {
      if (span.begin < content->end && span.end > content->end) {
        after = text.substr(content->end, span.end - content->end);
      }
    }
    if (const auto token = tokenizer_->find_added(after, true)) {
      result.token = token->id;
    } else {
      result.text = std::string(after);
    }
  } catch (const InputError&) {  // a template that refuses even this says nothing about its ends
  }
  return result;
}

std::vector<std::string> ChatTemplate::literals() const {
  const std::vector<Turn> turns = {{"system", "a"}, {"user", "b"}, {"assistant", "c"}};
  auto text = try_render(turns, false);
  if (!text) text = try_render(std::span(turns).subspan(1), false);
  std::vector<std::string> literals;
  std::size_t begin = 0;
  for (const auto& run : text ? text->runs() : std::vector<MarkedText::Run>()) {
    if (run.mark.origin == 0) literals.push_back(text->str().substr(begin, run.end - begin));
    begin = run.end;
  }
  return literals;
}

ChatTemplatePtr load_chat_template(const std::string& choice, const std::filesystem::path& folder,
                                   TokenizerPtr tokenizer, std::int32_t eos_token_id) {
  std::optional<Source> source;
  if (choice == "auto" || choice == "model") {
    source = source_of_model(folder);
    if (!source && choice == "model") {
      throw InputError(
          "data.chat_template",
          "\"model\", but " + folder.string() +
              " has neither chat_template.jinja nor a chat_template in "
              "tokenizer_config.json or chat_template.json; allowed: auto, plain, or a "
              "file with a template");
    }
  } else if (choice != "plain") {
    if (!std::filesystem::is_regular_file(choice)) {
      throw InputError("data.chat_template",
                       '"' + choice +
                           "\" is no file; allowed: auto, plain, model, or a file with a "
                           "Jinja template");
    }
    source = Source{read_file(choice), choice};
  }
  auto specials = read_specials(folder);
  const std::string eos = tokenizer->token_bytes(eos_token_id).value_or("");
  if (!eos.empty()) specials.emplace("eos_token", eos);
  if (!tokenizer->prefix().empty()) {
    specials.emplace("bos_token", tokenizer->decode(tokenizer->prefix()));
  }
  if (!source) {
    specials.insert_or_assign("eos_token", eos);
    return std::make_shared<const ChatTemplate>(jinja::Template(kPlain, "the plain template"),
                                                std::move(specials), true, std::move(tokenizer));
  }
  return std::make_shared<const ChatTemplate>(jinja::Template(source->text, source->place),
                                              std::move(specials), false, std::move(tokenizer));
}

}  // namespace lorafleet::model

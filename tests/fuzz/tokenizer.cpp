#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/text/tokenizer.hpp"
#include "partition/support/utf8.hpp"
#include "tests/fuzz/input_folder.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

constexpr std::array<const char*, 5> kFiles = {"vocab.json", "merges.txt", "tokenizer_config.json",
                                               "special_tokens_map.json", "added_tokens.json"};

std::vector<std::string_view> parts_of(std::string_view input) {
  std::vector<std::string_view> parts;
  for (auto end = input.find('\x1e'); end != input.npos && parts.size() < kFiles.size();
       end = input.find('\x1e')) {
    parts.push_back(input.substr(0, end));
    input.remove_prefix(end + 1);
  }
  parts.push_back(input);
  return parts;
}

void write_files(const InputFolder& folder, const std::vector<std::string_view>& parts) {
  folder.remove("tokenizer.json");
  for (const char* name : kFiles)
    folder.remove(name);
  if (parts.size() <= 2) {
    folder.write("tokenizer.json", parts[0]);
    return;
  }
  for (std::size_t i = 0; i + 1 < parts.size(); ++i)
    folder.write(kFiles[i], parts[i]);
}

/// Asking for the tokens' places changes no ids, and they lie in the text.
void check_spans(const model::Tokenizer& tokenizer, std::string_view bytes) {
  const std::string text = replace_invalid_utf8(bytes);
  const model::TextSpan half = {text.size() / 2, text.size()};
  std::vector<model::TextSpan> spans;
  const auto ids = tokenizer.encode_template_text(text, {&half, 1}, &spans);
  if (spans.size() != ids.size() || ids != tokenizer.encode_template_text(text, {&half, 1})) {
    throw std::logic_error("places of tokens change the tokens");
  }
  for (const auto& span : spans) {
    if (span.begin > span.end || span.end > text.size()) {
      throw std::logic_error("a token stands outside of the text");
    }
  }
}

/// What the tokens of the text stand for.
std::string bytes_of(const model::Tokenizer& tokenizer, std::string_view text) {
  std::string bytes;
  for (const std::int32_t id : tokenizer.encode(text))
    bytes += tokenizer.token_bytes(id).value();
  return bytes;
}

}  // namespace

void read_tokenizer(std::string_view input) {
  static const InputFolder folder;
  const auto parts = parts_of(input);
  write_files(folder, parts);
  const auto tokenizer = model::Tokenizer::load(folder.path());
  const std::string_view text = parts.back();
  static_cast<void>(tokenizer->decode(tokenizer->encode_with_specials(text), true));
  static_cast<void>(tokenizer->encode_pair(text, text.substr(text.size() / 2)));
  check_spans(*tokenizer, text);
  if (tokenizer->keeps_bytes() && bytes_of(*tokenizer, text) != replace_invalid_utf8(text)) {
    throw std::logic_error("the tokens of a text do not stand for its bytes");
  }
}

}  // namespace lorafleet::fuzz

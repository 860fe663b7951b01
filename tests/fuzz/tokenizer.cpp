#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/text/tokenizer.hpp"
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

}  // namespace

void read_tokenizer(std::string_view input) {
  static const InputFolder folder;
  const auto parts = parts_of(input);
  write_files(folder, parts);
  const auto tokenizer = model::Tokenizer::load(folder.path());
  const std::string_view text = parts.back();
  static_cast<void>(tokenizer->decode(tokenizer->encode_with_specials(text), true));
  static_cast<void>(tokenizer->encode(text));
  // Every token's bytes are those that it stands for, so this one loses nothing.
  if (tokenizer->decode_bytes(tokenizer->encode_bytes(text)) != text) {
    throw std::logic_error("bytes do not survive encoding and decoding");
  }
}

}  // namespace lorafleet::fuzz
